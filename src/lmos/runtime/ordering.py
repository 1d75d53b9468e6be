"""What happens to a message while another one of its Conversation is being answered."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable


class WhenBusy(StrEnum):
    """What becomes of a message whose Conversation has a Turn under way."""

    WAIT = "wait"
    """It waits for its turn."""
    REFUSE = "refuse"
    """It is refused."""
    REPLACE = "replace"
    """It is answered instead: what is under way is cancelled."""


class Queues:
    """Lets those who name the same key go one after the other, in the order in which they came."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._waiting: dict[Hashable, int] = {}

    def __len__(self) -> int:
        """How many keys somebody waits for or has."""
        return len(self._locks)

    @asynccontextmanager
    async def turn_of(self, key: Hashable) -> AsyncIterator[None]:
        """Wait for all who came before; the next may go when the block ends."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._waiting[key] = self._waiting.get(key, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._locks[key], self._waiting[key]
