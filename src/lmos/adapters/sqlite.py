"""Conversations in an SQLite file."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import OrderedDict, deque
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import orjson

from lmos.core.conversation import Turn, TurnStatus
from lmos.ports.store import ConversationState, StoreUnavailable, TurnRecord, messages_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from lmos.core.conversation import Message

    Said = tuple[Message, ...]

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
)

_KEY = "tenant = ? AND conversation = ? AND id = ? AND digest = ?"
_RECORD = (
    "tenant, conversation, id, digest, channel, question, received_at,"
    " status, may_repeat, agent, error, seconds, decision, answer, failure"
)
_BEGIN = f"""
    INSERT INTO turns ({_RECORD}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
    INSERT INTO conversations (tenant, id, subset, agent) VALUES (?, ?, ?, ?)
    ON CONFLICT (tenant, id) DO UPDATE SET subset = excluded.subset, agent = excluded.agent
    WHERE (subset, agent) IS NOT (excluded.subset, excluded.agent)
"""
_LAST_ANSWERED = """
    SELECT question, answer FROM turns
    WHERE tenant = ? AND conversation = ? AND answer IS NOT NULL ORDER BY number DESC LIMIT ?
"""
_FIND = {
    # The index holds all that tells which is the newest, also among many Turns of one id.
    condition: f"SELECT {_RECORD} FROM turns WHERE number = (SELECT max(number) FROM turns WHERE {condition})"  # noqa: S608
    for condition in (_KEY, "id = ?", "id = ? AND tenant = ? AND conversation = ?")
}

# The Conversations in memory, and the characters that each may hold.
_MOST_LIVELY = 500
_LONGEST_LIVELY = 20_000

# How long another process may hold the file; our event loop stands still for that time.
_BUSY_SECONDS = 1.0

_HINTS = {
    "SQLITE_FULL": "Make room on that disk; the Turns that are kept are safe.",
    "SQLITE_IOERR": "Look at that disk: is it full or broken?",
    "SQLITE_READONLY": "Make the file and its folder writable, or start with another --data folder.",
    "SQLITE_CANTOPEN": "Make the folder exist and writable, or start with another --data folder.",
    "SQLITE_BUSY": "Stop the other process that has the file open.",
    "SQLITE_NOTADB": "It is no database: move it away, and a new one is begun.",
    "SQLITE_CORRUPT": "It is damaged: restore a copy, or move it away, and a new one is begun.",
}


class SqliteStore:
    """
    A `ConversationStore` in one file, for one runtime.

    Statements take well below a millisecond and run on the event loop: handing them to a thread would
    cost more than they do. WAL keeps every commit through `kill -9`. Nobody else writes, so Conversations
    that are being talked in are also kept in memory, and their next Turn reads nothing.

    Raises:
        StoreUnavailable: The file is damaged, locked by another process, or written by a newer LMOS.
    """

    def __init__(self, path: Path | Literal[":memory:"]) -> None:
        self._path = path
        self._lively = _Lively()
        with self._guarded():
            self._database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            with self._guarded():
                self._migrate()
        except StoreUnavailable:
            self._database.close()
            raise

    async def begin(self, record: TurnRecord) -> TurnRecord | None:
        """Keep a new Turn, or return the one of its key."""
        turn = record.turn
        with self._guarded():
            kept = self._database.execute(
                _BEGIN,
                (
                    *record.key,
                    turn.channel,
                    turn.question,
                    record.received_at.isoformat(),
                    *_progress(record),
                ),
            )
            return None if kept.rowcount else self._first(_KEY, record.key)

    async def finish(self, record: TurnRecord, state: ConversationState | None) -> None:
        """Keep a Turn's end and its Conversation's Subset and Agent, in one transaction."""
        finish = (_FINISH, (*_progress(record), *record.key))
        with self._guarded():
            if state is None or self._lively.stands_at(state):
                self._database.execute(*finish)
            else:
                with self._transaction():
                    self._database.execute(*finish)
                    self._database.execute(_REMEMBER, (state.tenant, state.id, state.subset, state.agent))
        if state is not None and record.answer is not None:
            self._lively.went_on(state, messages_of([(record.turn.question, record.answer["content"])]))

    async def conversation(self, tenant: str, conversation: str, turns: int) -> ConversationState | None:
        """A Conversation with the messages of its last answered Turns."""
        if lively := self._lively.find(tenant, conversation, turns):
            return lively
        with self._guarded():
            found = self._database.execute(
                "SELECT subset, agent FROM conversations WHERE tenant = ? AND id = ?", (tenant, conversation)
            ).fetchone()
            if found is None:
                return None
            rows = self._database.execute(_LAST_ANSWERED, (tenant, conversation, turns)).fetchall()
        said = [
            messages_of([(question, orjson.loads(answer)["content"])]) for question, answer in reversed(rows)
        ]
        state = ConversationState(tenant, conversation, *found)
        return self._lively.learn(state, said, turns)

    async def find(self, turn: str, conversation: tuple[str, str] | None = None) -> TurnRecord | None:
        """The newest Turn of that id."""
        with self._guarded():
            if conversation is None:
                return self._first("id = ?", (turn,))
            return self._first("id = ? AND tenant = ? AND conversation = ?", (turn, *conversation))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _first(self, condition: str, values: tuple[str, ...]) -> TurnRecord | None:
        row = self._database.execute(_FIND[condition], values).fetchone()
        return None if row is None else _record(row)

    def _migrate(self) -> None:
        self._database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        (found,) = self._database.execute("PRAGMA user_version").fetchone()
        if found > len(_MIGRATIONS):
            raise StoreUnavailable(
                f"{self._path} was written by a newer LMOS (version {found}, ours is {len(_MIGRATIONS)}).",
                hint="Upgrade LMOS, or start with another data folder.",
            )
        for number, script in enumerate(_MIGRATIONS[found:], start=found + 1):
            self._database.executescript(f"BEGIN; {script} PRAGMA user_version={number}; COMMIT;")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            # A full disk may have ended the transaction already.
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            hints = (hint for code, hint in _HINTS.items() if name.startswith(code))
            raise StoreUnavailable(
                f"Conversations in {self._path} cannot be read or written: {error}.",
                hint=next(hints, "Look at the file and its folder, or start with another --data folder."),
            ) from error


class _Lively:
    """
    What the Conversations that are being talked in come to, the least recent forgotten first.

    Long ones are not kept, so that all together stay below some ten megabytes.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], tuple[ConversationState, deque[Said], int]] = OrderedDict()

    def find(self, tenant: str, conversation: str, turns: int) -> ConversationState | None:
        """The Conversation, if it is known with the messages of so many Turns."""
        known = self._known.get((tenant, conversation))
        if known is None or known[2] != turns:
            return None
        self._known.move_to_end((tenant, conversation))
        return known[0]

    def stands_at(self, state: ConversationState) -> bool:
        """Whether the Conversation is known to be on this Subset with this Agent."""
        known = self._known.get((state.tenant, state.id))
        return known is not None and (known[0].subset, known[0].agent) == (state.subset, state.agent)

    def learn(self, state: ConversationState, said: Iterable[Said], turns: int) -> ConversationState:
        """A Conversation with what was said in its last `turns`; returns it with their messages."""
        last = deque(said, maxlen=turns)
        whole = replace(state, messages=tuple(message for each in last for message in each))
        if sum(len(message.content) for message in whole.messages) <= _LONGEST_LIVELY:
            self._known[state.tenant, state.id] = whole, last, turns
            self._known.move_to_end((state.tenant, state.id))
        else:
            self._known.pop((state.tenant, state.id), None)
        if len(self._known) > _MOST_LIVELY:
            self._known.popitem(last=False)
        return whole

    def went_on(self, state: ConversationState, said: Said) -> None:
        """One more Turn was answered, and the Conversation came to `state`."""
        if known := self._known.get((state.tenant, state.id)):
            _, last, turns = known
            self.learn(state, (*last, said), turns)


def _progress(record: TurnRecord) -> tuple[Any, ...]:
    """What changes while a Turn goes on."""
    turn = record.turn
    return (
        turn.status.value,
        record.may_repeat,
        turn.agent,
        turn.error,
        record.seconds,
        orjson.dumps(record.decision),
        None if record.answer is None else orjson.dumps(record.answer),
        None if record.failure is None else orjson.dumps(record.failure),
    )


def _record(row: tuple[Any, ...]) -> TurnRecord:
    tenant, conversation, id_, digest, channel, question, received_at, status, *rest = row
    may_repeat, agent, error, seconds, decision, answer, failure = rest
    said = None if answer is None else orjson.loads(answer)
    return TurnRecord(
        turn=Turn(
            tenant=tenant,
            channel=channel,
            conversation=conversation,
            id=id_,
            question=question,
            status=TurnStatus(status),
            agent=agent,
            answer=None if said is None else said["content"],
            error=error,
        ),
        digest=digest,
        received_at=datetime.fromisoformat(received_at),
        decision=orjson.loads(decision),
        answer=said,
        failure=None if failure is None else orjson.loads(failure),
        may_repeat=bool(may_repeat),
        seconds=seconds,
    )
