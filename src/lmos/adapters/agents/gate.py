"""How many Turns one Agent is asked at once, and how many wait their turn."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class GateFull(Exception):
    """As many Turns wait as may."""


class Gate:
    """
    Lets Turns through in the order of their coming, and the rest wait.

    Args:
        most_running: How many may be through at once, asked anew each time.
        most_waiting: How many may wait.
    """

    def __init__(self, most_running: Callable[[], int], most_waiting: int) -> None:
        self._most_running = most_running
        self._most_waiting = most_waiting
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.running = 0

    @property
    def waiting(self) -> int:
        """How many Turns wait."""
        return len(self._waiting)

    async def enter(self, ends_at: float) -> None:
        """
        Wait until it is this Turn's turn; `leave` afterwards.

        Raises:
            GateFull: At once, where too many wait already.
            TimeoutError: `ends_at`, in the loop's time, came first.
        """
        if not self._waiting and self.running < self._most_running():
            self.running += 1
            return
        if len(self._waiting) >= self._most_waiting:
            raise GateFull
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout_at(ends_at):
                await place
        except BaseException:
            if place.done() and not place.cancelled():
                # It was let through in the same moment.
                self.leave()
            elif place in self._waiting:
                self._waiting.remove(place)
            raise

    def leave(self) -> None:
        """This Turn is over; let the next ones through."""
        self.running -= 1
        while self._waiting and self.running < self._most_running():
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                self.running += 1
