"""What an Agent says about one Turn, from the socket to whoever reads it."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmos.core.protocols.graphql_ws import Completed, Failed, Next

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Broken:
    """
    The socket is gone.

    Attributes:
        reason: What happened, for people.
        code: The close code that the Agent sent, if it did.
        not_begun: Whether it is certain that the Agent did not begin this Turn.
    """

    reason: str
    code: int | None = None
    not_begun: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """A deadline has passed."""


Heard = Next | Failed | Completed | Broken | Late


class Hearing:
    """
    One Turn's side of a line: what the Agent says, in order.

    Attributes:
        id: The subscription.
        has_begun: Whether the Agent said anything.
        is_guest: Whether it joined a socket on which other Turns were running.
    """

    __slots__ = ("_heard", "_on_read", "_waiter", "has_begun", "id", "is_guest")

    def __init__(self, id_: str, on_read: Callable[[Hearing], None], *, is_guest: bool) -> None:
        self.id = id_
        self.has_begun = False
        self.is_guest = is_guest
        self._heard: deque[Heard] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._on_read = on_read

    def __len__(self) -> int:
        """How much waits to be read."""
        return len(self._heard)

    def put(self, heard: Heard) -> None:
        """What was heard next."""
        self._heard.append(heard)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def next(self) -> Heard:
        """What the Agent said next."""
        while not self._heard:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        heard = self._heard.popleft()
        self._on_read(self)
        return heard
