"""Idle Conversations, removed in steps that are short however much there is to remove."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from lmos.ports.store import Forgotten

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from lmos.adapters.sqlite.lively import Lively

# A step looks at so many Conversations, and removes so many Turns or a little more than so many characters.
_LOOKED_AT = 100
_TURNS = 50
_CHARACTERS = 500_000

# Each is one search in an index, however many Turns a Conversation or a Tenant has.
_NEXT_TENANT = "SELECT tenant FROM turns WHERE tenant > ? ORDER BY tenant LIMIT 1"
_NEXT = "SELECT conversation FROM turns WHERE tenant = ? AND conversation > ? ORDER BY conversation LIMIT 1"
_LAST_TURN = """
    SELECT received_at FROM turns WHERE tenant = ? AND conversation = ? ORDER BY number DESC LIMIT 1
"""
_OLDEST = """
    SELECT number, length(question) + ifnull(length(answer), 0) FROM turns
    WHERE tenant = ? AND conversation = ? ORDER BY number
"""


class IdleConversations:
    """
    Finds the Conversations whose last Turn came before a moment, and removes them.

    Turns are removed the oldest first. A Conversation that goes on in between keeps what is left of it.
    """

    def __init__(self, database: sqlite3.Connection, lively: Lively) -> None:
        self._database = database
        self._lively = lively

    def next_tenant(self, after: str) -> str | None:
        """The Tenant that comes next by name."""
        return self._name(_NEXT_TENANT, after)

    def forget_some(
        self, tenant: str, before: datetime, after: str, is_spared: Callable[[str], bool]
    ) -> Forgotten:
        """One step, inside a transaction."""
        gone = turns = 0
        for _ in range(_LOOKED_AT):
            name = self._name(_NEXT, tenant, after)
            if name is None:
                return Forgotten(gone, None)
            if self._is_idle(tenant, name, before) and not is_spared(name):
                numbers, is_whole = self._oldest(tenant, name, _TURNS - turns)
                self._remove(tenant, name, numbers, is_whole=is_whole)
                if not is_whole:
                    return Forgotten(gone, after)
                gone += 1
                turns += len(numbers)
            after = name
            if turns >= _TURNS:
                break
        return Forgotten(gone, after)

    def _name(self, statement: str, *values: str) -> str | None:
        found = self._database.execute(statement, values).fetchone()
        return None if found is None else str(found[0])

    def _is_idle(self, tenant: str, name: str, before: datetime) -> bool:
        (received_at,) = self._database.execute(_LAST_TURN, (tenant, name)).fetchone()
        return datetime.fromisoformat(received_at) < before

    def _oldest(self, tenant: str, name: str, most: int) -> tuple[list[int], bool]:
        """The numbers of a Conversation's oldest Turns, as many as a step takes; whether that is all."""
        numbers, characters = list[int](), 0
        for number, length in self._database.execute(_OLDEST, (tenant, name)):
            if numbers and (len(numbers) >= most or characters > _CHARACTERS):
                return numbers, False
            numbers.append(number)
            characters += length
        return numbers, True

    def _remove(self, tenant: str, name: str, numbers: list[int], *, is_whole: bool) -> None:
        self._lively.forget(tenant, name)
        self._database.executemany("DELETE FROM turns WHERE number = ?", [(number,) for number in numbers])
        if is_whole:
            self._database.execute("DELETE FROM conversations WHERE tenant = ? AND id = ?", (tenant, name))
