"""Turns of before, read from the file while a runtime may be writing it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC
from typing import TYPE_CHECKING, Any

from lmos.adapters.sqlite.refusals import Refusals
from lmos.adapters.sqlite.rows import COLUMNS, record_in
from lmos.ports.past_turns import PastTurn
from lmos.ports.store import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

# Times are kept in UTC and in one form, so that they compare as texts.
_SINCE = """
    SELECT number FROM turns
    WHERE received_at >= ? AND (? = '' OR tenant = ?) AND (? = '' OR channel = ?)
    ORDER BY number DESC LIMIT ?
"""
_TURN = f"SELECT {COLUMNS} FROM turns WHERE number = ?"  # noqa: S608 - our own column names
_ANSWERED_BEFORE = "tenant = ? AND conversation = ? AND number < ? AND answer IS NOT NULL"
_EARLIER = f"SELECT {COLUMNS} FROM turns WHERE {_ANSWERED_BEFORE} ORDER BY number DESC LIMIT ?"  # noqa: S608
_AGENT_BEFORE = f"""
    SELECT agent FROM turns WHERE {_ANSWERED_BEFORE} AND agent IS NOT NULL ORDER BY number DESC LIMIT 1
"""  # noqa: S608 - our own conditions
_SUBSET = "SELECT subset FROM conversations WHERE tenant = ? AND id = ?"


class SqlitePastTurns:
    """
    `PastTurns` of one file, which is opened for reading alone.

    Args:
        path: The file of a `SqliteStore`.
        remembered_turns: How many answered Turns a Conversation remembers.
    """

    def __init__(self, path: Path, remembered_turns: int) -> None:
        self._path = path
        self._remembered_turns = remembered_turns
        self._guarded = Refusals(path)

    def since(self, moment: datetime, *, tenant: str, channel: str, limit: int) -> Iterator[PastTurn]:
        """Turns that came at a moment or later, oldest first."""
        if not self._path.is_file():
            raise StoreUnavailable(
                f"There are no Conversations at {self._path}.",
                hint="Run this command in the folder of `lmos up`, or name the runtime's folder with --data.",
            )
        wanted = moment.astimezone(UTC).isoformat(), tenant, tenant, channel, channel, limit
        with self._guarded, closing(self._opened()) as database:
            numbers = [number for (number,) in database.execute(_SINCE, wanted)]
            for number in reversed(numbers):
                row = database.execute(_TURN, (number,)).fetchone()
                # It may have been forgotten, or sent again, in between.
                if row is not None:
                    yield self._past(database, number, row)

    def _opened(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)

    def _past(self, database: sqlite3.Connection, number: int, row: tuple[Any, ...]) -> PastTurn:
        record = record_in(row)
        conversation = record.turn.tenant, record.turn.conversation
        before = (*conversation, number)
        earlier = database.execute(_EARLIER, (*before, self._remembered_turns)).fetchall()
        subset = database.execute(_SUBSET, conversation).fetchone()
        agent = database.execute(_AGENT_BEFORE, before).fetchone()
        return PastTurn(
            record,
            subset[0] if subset else "",
            agent[0] if agent else "",
            tuple(record_in(each) for each in reversed(earlier)),
        )
