"""Writes of many Turns, committed together."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lmos.adapters.sqlite.refusals import Refusals


class Commits:
    """
    Makes one transaction of all that is written in a round of the event loop.

    It is committed as the next round begins: a Turn that is alone waits for hardly more than its commit,
    and under load many share one. All of them are kept or none.
    """

    def __init__(self, database: sqlite3.Connection, refusals: Refusals) -> None:
        self._database = database
        self._refusals = refusals
        self._writers: list[asyncio.Future[None]] = []

    def execute(self, statement: str, values: Sequence[object]) -> sqlite3.Cursor:
        """Write as part of what is committed next; await `kept` before anyone is told."""
        if not self._database.in_transaction:
            # A full disk may have ended the transaction of those who wait.
            self.end()
            self._database.execute("BEGIN IMMEDIATE")
            asyncio.get_running_loop().call_soon(self.end)
        return self._database.execute(statement, values)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is kept, or none of it, whatever becomes of the other writers."""
        self.execute("SAVEPOINT together", ())
        try:
            yield
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK TO together")
            raise
        finally:
            if self._database.in_transaction:
                self._database.execute("RELEASE together")

    def kept(self) -> asyncio.Future[None]:
        """Done when all that was written so far is committed; fails with `StoreUnavailable` if it is not."""
        kept = asyncio.get_running_loop().create_future()
        self._writers.append(kept)
        return kept

    def end(self) -> None:
        """Commit what was written, now."""
        writers, self._writers = self._writers, []
        if not (writers or self._database.in_transaction):
            return
        try:
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            for writer in writers:
                if not writer.done():
                    writer.set_exception(self._refusals.of(error))
        else:
            for writer in writers:
                if not writer.done():
                    writer.set_result(None)
