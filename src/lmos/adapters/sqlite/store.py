"""Conversations in an SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from lmos.adapters.sqlite.commits import Commits
from lmos.adapters.sqlite.durability import Durability
from lmos.adapters.sqlite.idle import IdleConversations
from lmos.adapters.sqlite.lively import Lively
from lmos.adapters.sqlite.refusals import Refusals, is_busy
from lmos.adapters.sqlite.rows import COLUMNS, progress_of, record_in, state_in, state_row
from lmos.ports.store import (
    Begun,
    ConversationSummary,
    Forgotten,
    StoreUnavailable,
    messages_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lmos.ports.store import ConversationState, TurnRecord

# Each script takes the file one version further; `PRAGMA user_version` says where it stands.
_MIGRATIONS = (
    """
    CREATE TABLE conversations (
        tenant TEXT NOT NULL, id TEXT NOT NULL, subset TEXT NOT NULL, agent TEXT NOT NULL,
        PRIMARY KEY (tenant, id)
    ) WITHOUT ROWID;
    CREATE TABLE turns (
        number INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL, conversation TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL,
        channel TEXT NOT NULL, question TEXT NOT NULL, received_at TEXT NOT NULL,
        status TEXT NOT NULL, may_repeat INTEGER NOT NULL, agent TEXT, error TEXT, seconds REAL NOT NULL,
        decision BLOB NOT NULL, answer BLOB, failure BLOB,
        UNIQUE (id, conversation, tenant, digest)
    );
    CREATE INDEX answered_turns ON turns (tenant, conversation) WHERE answer IS NOT NULL;
    """,
    """
    DROP INDEX answered_turns;
    CREATE INDEX turns_of_conversations ON turns (tenant, conversation);
    """,
    """
    ALTER TABLE conversations ADD COLUMN choices TEXT NOT NULL DEFAULT 'null';
    """,
)

_KEY = "tenant = ? AND conversation = ? AND id = ? AND digest = ?"
_BEGIN = f"""
    INSERT INTO turns ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id, conversation, tenant, digest) DO UPDATE SET
        number = (SELECT max(number) + 1 FROM turns), received_at = excluded.received_at,
        status = excluded.status, may_repeat = excluded.may_repeat, agent = excluded.agent,
        error = excluded.error, seconds = excluded.seconds, decision = excluded.decision,
        answer = excluded.answer, failure = excluded.failure
    WHERE may_repeat
"""  # noqa: S608 - our own column names
_FINISH = f"""
    UPDATE turns SET status = ?, may_repeat = ?, agent = ?, error = ?, seconds = ?,
        decision = ?, answer = ?, failure = ?
    WHERE {_KEY}
"""  # noqa: S608 - our own column names
_REMEMBER = """
    INSERT INTO conversations (tenant, id, subset, agent, choices) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (tenant, id) DO UPDATE
    SET subset = excluded.subset, agent = excluded.agent, choices = excluded.choices
    WHERE (subset, agent, choices) IS NOT (excluded.subset, excluded.agent, excluded.choices)
"""
_REUSES_ID = """
    SELECT 1 FROM turns WHERE tenant = ? AND conversation = ? AND id = ? AND digest <> ? LIMIT 1
"""
_CONVERSATION = "SELECT subset, agent, choices FROM conversations WHERE tenant = ? AND id = ?"
# Of an answer the words alone: it may hold files.
_LAST_ANSWERED = """
    SELECT question, json_extract(CAST(answer AS TEXT), '$.content') FROM turns
    WHERE tenant = ? AND conversation = ? AND answer IS NOT NULL ORDER BY number DESC LIMIT ?
"""
_CONVERSATIONS = """
    SELECT listed.id, listed.subset, listed.agent, count(*), max(received_at)
    FROM (SELECT * FROM conversations WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?) AS listed
    JOIN turns ON turns.tenant = listed.tenant AND turns.conversation = listed.id
    GROUP BY listed.id ORDER BY listed.id
"""
_TURNS = f"""
    SELECT number, {COLUMNS} FROM turns
    WHERE tenant = ? AND conversation = ? AND (? IS NULL OR number < ?) ORDER BY number DESC LIMIT ?
"""  # noqa: S608 - our own column names
_FIND = {
    # The index holds all that tells which is the newest, also among many Turns of one id.
    condition: f"SELECT {COLUMNS} FROM turns WHERE number = (SELECT max(number) FROM turns WHERE {condition})"  # noqa: S608
    for condition in (_KEY, "id = ?", "id = ? AND tenant = ? AND conversation = ?")
}

# How long another process may hold the file as it is opened or read.
_BUSY_SECONDS = 1.0

# Between the tries to empty the log, in which other workers read and write.
_PAUSES_SECONDS = (0.001, 0.01, 0.1, 0.5, 1.0)


class SqliteStore:
    """
    A `ConversationStore` in one file, for one runtime and all its workers.

    Statements take well below a millisecond and run on the event loop: handing them to a thread would
    cost more than they do. What is written in one round of the loop is committed together; WAL keeps every
    commit through `kill -9`. Nobody else writes in a Conversation of ours, so those that are being talked
    in are also kept in memory, and their next Turn reads nothing.

    Args:
        path: The file; it is made where there is none.
        durability: What a Turn outlives once it was acknowledged.

    Raises:
        StoreUnavailable: The file is damaged, locked by another process, or written by a newer LMOS.
    """

    def __init__(self, path: Path | Literal[":memory:"], durability: Durability = Durability.PROCESS) -> None:
        self._path = path
        self._lively = Lively()
        self._guarded = Refusals(path)
        with self._guarded:
            self._database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        self._commits = Commits(self._database, self._guarded)
        self._idle = IdleConversations(self._database, self._lively)
        self._log_holds_remains = False
        try:
            with self._guarded:
                self._migrate(durability)
        except StoreUnavailable:
            self._database.close()
            raise

    async def begin(self, record: TurnRecord) -> Begun:
        """Keep a new Turn, or return the one of its key."""
        turn, key = record.turn, record.key
        values = (*key, turn.channel, turn.question, record.received_at.isoformat(), *progress_of(record))

        def begin() -> Begun:
            is_new = self._database.execute(_BEGIN, values).rowcount > 0
            reuses_id = self._database.execute(_REUSES_ID, key).fetchone() is not None
            return Begun(None if is_new else self._first(_KEY, key), reuses_id)

        return await self._commits.write(begin)

    async def finish(self, record: TurnRecord, state: ConversationState | None) -> None:
        """Keep a Turn's end and its Conversation's Subset and Agent, both or neither."""
        values = (*progress_of(record), *record.key)
        moved = None if state is None or self._lively.stands_at(state) else state

        def finish() -> None:
            self._database.execute(_FINISH, values)
            if moved is not None:
                self._database.execute(_REMEMBER, state_row(moved))

        await self._commits.write(finish)
        if state is not None and record.answer is not None:
            self._lively.went_on(state, messages_of([(record.turn.question, record.answer["content"])]))

    async def conversation(self, tenant: str, conversation: str, turns: int) -> ConversationState | None:
        """A Conversation with the messages of its last answered Turns."""
        if lively := self._lively.find(tenant, conversation, turns):
            return lively
        with self._guarded:
            found = self._database.execute(_CONVERSATION, (tenant, conversation)).fetchone()
            if found is None:
                return None
            rows = self._database.execute(_LAST_ANSWERED, (tenant, conversation, turns)).fetchall()
        said = [messages_of([row]) for row in reversed(rows)]
        state = state_in((tenant, conversation, *found))
        return self._lively.learn(state, said, turns)

    async def conversations(self, tenant: str, limit: int, after: str = "") -> list[ConversationSummary]:
        """A Tenant's Conversations by id."""
        with self._guarded:
            rows = self._database.execute(_CONVERSATIONS, (tenant, after, limit)).fetchall()
        return [
            ConversationSummary(id_, subset, agent, turns, datetime.fromisoformat(last))
            for id_, subset, agent, turns, last in rows
        ]

    async def turns(
        self, tenant: str, conversation: str, limit: int, before: int | None = None
    ) -> list[tuple[int, TurnRecord]]:
        """A Conversation's Turns, the newest first."""
        with self._guarded:
            rows = self._database.execute(_TURNS, (tenant, conversation, before, before, limit)).fetchall()
        return [(number, record_in(row)) for number, *row in rows]

    async def forget(self, tenant: str, conversation: str) -> bool:
        """Remove a Conversation; what is deleted is overwritten, also in the log of the file."""
        self._lively.forget(tenant, conversation)

        def forget() -> int:
            turns = self._database.execute(
                "DELETE FROM turns WHERE tenant = ? AND conversation = ?", (tenant, conversation)
            )
            self._database.execute(
                "DELETE FROM conversations WHERE tenant = ? AND id = ?", (tenant, conversation)
            )
            return turns.rowcount

        turns = await self._commits.write(forget)
        if not await self._empty_log():
            raise self._guarded.log_in_use()
        return turns > 0

    async def next_tenant(self, after: str) -> str | None:
        """The next Tenant by name."""
        with self._guarded:
            return self._idle.next_tenant(after)

    async def forget_idle(
        self, tenant: str, before: datetime, after: str, is_spared: Callable[[str], bool]
    ) -> Forgotten:
        """One step in removing idle Conversations; after the last, the log of the file is emptied."""

        def forget() -> tuple[Forgotten, bool]:
            # Nothing is awaited in between, so what is found idle is idle when it is removed.
            changes = self._database.total_changes
            step = self._idle.forget_some(tenant, before, after, is_spared)
            return step, self._database.total_changes > changes

        step, has_removed = await self._commits.write(forget)
        self._log_holds_remains = self._log_holds_remains or has_removed
        if step.after is None and self._log_holds_remains:
            # Where others are in the midst of it, the next look tries again.
            self._log_holds_remains = not await self._empty_log()
        return step

    async def find(self, turn: str, conversation: tuple[str, str] | None = None) -> TurnRecord | None:
        """The newest Turn of that id."""
        with self._guarded:
            if conversation is None:
                return self._first("id = ?", (turn,))
            return self._first("id = ? AND tenant = ? AND conversation = ?", (turn, *conversation))

    def close(self) -> None:
        """Close the file."""
        self._commits.end()
        self._database.close()

    async def _empty_log(self) -> bool:
        """Write the log into the file and cut it off, as soon as no other worker is in the midst of it."""
        for pause in _PAUSES_SECONDS:
            with self._guarded:
                is_busy, *_ = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not is_busy:
                return True
            await asyncio.sleep(pause)
        return False

    def _first(self, condition: str, values: tuple[str, ...]) -> TurnRecord | None:
        row = self._database.execute(_FIND[condition], values).fetchone()
        return None if row is None else record_in(row)

    def _begin_log(self) -> None:
        """Write ahead; where another worker makes the same file, SQLite refuses this without waiting."""
        for pause in (*_PAUSES_SECONDS, None):
            try:
                self._database.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if pause is None or not is_busy(error):
                    raise
                time.sleep(pause)
            else:
                return

    def _migrate(self, durability: Durability) -> None:
        self._begin_log()
        self._database.executescript(
            # A runtime that was killed may have left a log that holds what was removed.
            "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA secure_delete=ON;"
            f"PRAGMA synchronous={durability.synchronous};"
        )
        # Another worker may be doing the same at this moment.
        self._database.execute("BEGIN IMMEDIATE")
        (found,) = self._database.execute("PRAGMA user_version").fetchone()
        if found > len(_MIGRATIONS):
            raise StoreUnavailable(
                f"{self._path} was written by a newer LMOS (version {found}, ours is {len(_MIGRATIONS)}).",
                hint="Upgrade LMOS, or start with another data folder.",
            )
        for script in _MIGRATIONS[found:]:
            for statement in script.split(";"):
                self._database.execute(statement)
        self._database.execute(f"PRAGMA user_version={len(_MIGRATIONS)}")
        self._database.execute("COMMIT")
