"""Writes of many Turns, committed together."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any, TypeVar

from lmos.adapters.sqlite.refusals import is_busy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lmos.adapters.sqlite.refusals import Refusals

    Waiting = tuple[Callable[[], Any], asyncio.Future[Any]]

Written = TypeVar("Written")

_BUSY_SECONDS = 1.0
"""How long another process may hold the file before we say so."""

_PAUSE_SECONDS = 0.0003
"""Between two looks at a file that another worker writes to: about as long as a commit takes."""


class Commits:
    """
    Makes one transaction of all that is written in a round of the event loop.

    It is written and committed as the next round begins: a Turn that is alone waits for hardly more than
    its commit, and under load many share one. Between rounds the file is free for other workers; while one
    of them writes, the loop goes on.
    """

    def __init__(self, database: sqlite3.Connection, refusals: Refusals) -> None:
        self._database = database
        self._refusals = refusals
        self._waiting: list[Waiting] = []

    def write(self, action: Callable[[], Written]) -> asyncio.Future[Written]:
        """
        Have `action` write as part of what is committed next.

        Args:
            action: Executes statements, all of which are kept or none. It may be run a second time when
                the transaction that it shared with others was not kept.

        Returns:
            Done with what `action` returned once that is committed; fails with `StoreUnavailable`, or
            with what `action` raised.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._commit, loop.time() + _BUSY_SECONDS)
        kept: asyncio.Future[Written] = loop.create_future()
        self._waiting.append((action, kept))
        return kept

    def end(self) -> None:
        """Commit what waits, now."""
        waiting, self._waiting = self._waiting, []
        for action, kept in waiting:
            self._settle(kept, self._alone(action))

    def _commit(self, busy_until: float) -> None:
        """Commit what waits, or come back in a moment if another process is writing."""
        if not self._waiting:
            return
        loop = asyncio.get_running_loop()
        try:
            self._begin_at_once()
        except sqlite3.Error as error:
            if is_busy(error) and loop.time() < busy_until:
                loop.call_later(_PAUSE_SECONDS, self._commit, busy_until)
                return
            waiting, self._waiting = self._waiting, []
            for _, kept in waiting:
                self._settle(kept, self._refusals.of(error))
        else:
            waiting, self._waiting = self._waiting, []
            for (_, kept), outcome in zip(waiting, self._outcomes(waiting), strict=True):
                self._settle(kept, outcome)

    def _begin_at_once(self) -> None:
        self._database.execute("PRAGMA busy_timeout=0")
        try:
            self._database.execute("BEGIN IMMEDIATE")
        finally:
            self._database.execute(f"PRAGMA busy_timeout={round(_BUSY_SECONDS * 1000)}")

    def _outcomes(self, waiting: list[Waiting]) -> Iterator[Any]:
        """What each action came to; where they cannot be kept together, each is tried alone."""
        try:
            written = [action() for action, _ in waiting]
            self._database.execute("COMMIT")
        except Exception:  # noqa: BLE001 - whose it is shows when each is alone
            self._roll_back()
            return (self._alone(action) for action, _ in waiting)
        return iter(written)

    def _alone(self, action: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it returns, or its error
        try:
            self._database.execute("BEGIN IMMEDIATE")
            written = action()
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            return self._refusals.of(error)
        except Exception as error:  # noqa: BLE001 - told to the one who waits for it
            self._roll_back()
            return error
        return written

    def _roll_back(self) -> None:
        # A full disk may have ended the transaction already.
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")

    @staticmethod
    def _settle(kept: asyncio.Future[Any], outcome: object) -> None:
        if kept.done():
            return
        if isinstance(outcome, Exception):
            kept.set_exception(outcome)
        else:
            kept.set_result(outcome)
