"""Conversations in an SQLite file."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import orjson

from lmos.core.conversation import ASSISTANT, USER, Message, Turn
from lmos.ports.store import ConversationState, StoreUnavailable, TurnRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

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
        received_at TEXT NOT NULL, seconds REAL NOT NULL,
        turn BLOB NOT NULL, decision BLOB NOT NULL, answer BLOB,
        UNIQUE (tenant, conversation, id, digest)
    );
    CREATE INDEX turns_by_id ON turns (id);
    """,
)
_COLUMNS = "turn, digest, received_at, decision, answer, seconds"


class SqliteStore:
    """
    A `ConversationStore` in one file, for one runtime.

    Statements take well below a millisecond and run on the event loop: handing them to a thread would
    cost more than they do. WAL keeps every commit through `kill -9`.

    Raises:
        StoreUnavailable: The file is damaged, locked by another process, or written by a newer LMOS.
    """

    def __init__(self, path: Path | Literal[":memory:"]) -> None:
        self._path = path
        with self._guarded():
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
            (found,) = self._database.execute("PRAGMA user_version").fetchone()
            if found > len(_MIGRATIONS):
                raise StoreUnavailable(
                    f"{path} was written by a newer LMOS (version {found}, ours is {len(_MIGRATIONS)}).",
                    hint="Upgrade LMOS, or start with another data folder.",
                )
            for number, script in enumerate(_MIGRATIONS[found:], start=found + 1):
                self._database.executescript(f"BEGIN; {script} PRAGMA user_version={number}; COMMIT;")

    async def begin(self, record: TurnRecord) -> TurnRecord | None:
        """Keep a new Turn, or return the one of its key."""
        with self._guarded():
            try:
                self._database.execute(
                    "INSERT INTO turns (tenant, conversation, id, digest, received_at,"
                    " seconds, turn, decision, answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*record.key, record.received_at.isoformat(), *_content(record)),
                )
            except sqlite3.IntegrityError:
                query = (
                    f"SELECT {_COLUMNS} FROM turns"  # noqa: S608 - our own column names
                    " WHERE tenant = ? AND conversation = ? AND id = ? AND digest = ?"
                )
                return _record(self._database.execute(query, record.key).fetchone())
        return None

    async def finish(self, record: TurnRecord, state: ConversationState | None) -> None:
        """Keep a Turn's end and its Conversation's Subset and Agent, in one transaction."""
        with self._guarded(), self._transaction():
            self._database.execute(
                "UPDATE turns SET seconds = ?, turn = ?, decision = ?, answer = ?"
                " WHERE tenant = ? AND conversation = ? AND id = ? AND digest = ?",
                (*_content(record), *record.key),
            )
            if state is not None:
                self._database.execute(
                    "INSERT INTO conversations VALUES (?, ?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET subset = excluded.subset, agent = excluded.agent",
                    (state.tenant, state.id, state.subset, state.agent),
                )

    async def conversation(self, tenant: str, conversation: str, messages: int) -> ConversationState | None:
        """A Conversation with its last answered messages."""
        with self._guarded():
            found = self._database.execute(
                "SELECT subset, agent FROM conversations WHERE tenant = ? AND id = ?", (tenant, conversation)
            ).fetchone()
            rows = self._database.execute(
                "SELECT turn, answer FROM turns WHERE tenant = ? AND conversation = ? AND answer IS NOT NULL"
                " ORDER BY number DESC LIMIT ?",
                (tenant, conversation, messages // 2),
            ).fetchall()
        if found is None:
            return None
        said = tuple(
            message
            for turn, answer in reversed(rows)
            for message in (
                Message(role=USER, content=orjson.loads(turn)["question"]),
                Message(role=ASSISTANT, content=orjson.loads(answer)["content"]),
            )
        )
        subset, agent = found
        return ConversationState(tenant, conversation, subset, agent, said)

    async def find(self, turn: str, tenant: str = "", conversation: str = "") -> Sequence[TurnRecord]:
        """The Turns of that id, newest first."""
        query = (
            f"SELECT {_COLUMNS} FROM turns WHERE id = ?"  # noqa: S608 - our own column names
            " AND ? IN ('', tenant) AND ? IN ('', conversation) ORDER BY number DESC"
        )
        with self._guarded():
            return [_record(row) for row in self._database.execute(query, (turn, tenant, conversation))]

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreUnavailable(
                f"Conversations in {self._path} cannot be read or written: {error}.",
                hint="Is the disk full, or the file open in another process?",
            ) from error


def _content(record: TurnRecord) -> tuple[float, bytes, bytes, bytes | None]:
    answer = None if record.answer is None else orjson.dumps(record.answer)
    return record.seconds, orjson.dumps(record.turn.to_wire()), orjson.dumps(record.decision), answer


def _record(row: tuple[bytes, str, str, bytes, bytes | None, float]) -> TurnRecord:
    turn, digest, received_at, decision, answer, seconds = row
    return TurnRecord(
        turn=Turn.model_validate_json(turn),
        digest=digest,
        received_at=datetime.fromisoformat(received_at),
        decision=orjson.loads(decision),
        answer=None if answer is None else orjson.loads(answer),
        seconds=seconds,
    )
