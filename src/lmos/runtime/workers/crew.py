"""All workers as one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lmos.core.conversation import owner_of
from lmos.runtime.workers.desk import Desk
from lmos.runtime.workers.fellow import Fellow

if TYPE_CHECKING:
    from pathlib import Path

    from lmos.runtime.asked import Asked
    from lmos.runtime.conversation import Turns
    from lmos.runtime.running import RunningTurn


class Crew:
    """
    Takes every Turn, and runs those of its own Conversations.

    The others go to the workers that own theirs, and what happens in them comes back. So Turns of one
    Conversation keep their order, and the same Turn is joined, whichever door it came in by. That no Agent
    is asked twice does not hang on it: the store keeps each key once.

    Args:
        turns: Runs the Turns that are ours.
        own: Our number among the workers, from 0 on.
        workers: How many there are.
        folder: Of their sockets; nobody else may enter it.
    """

    def __init__(self, turns: Turns, own: int, workers: int, folder: Path) -> None:
        self._turns = turns
        self._own = own
        self._workers = workers
        self._path = folder / str(own)
        self._desk = Desk(turns)
        self._fellows = {number: Fellow(folder / str(number)) for number in range(workers) if number != own}

    async def open(self) -> None:
        """Be there for the others."""
        await self._desk.open(self._path)

    def close(self) -> None:
        """Be there no longer."""
        self._desk.close()
        for fellow in self._fellows.values():
            fellow.close()

    def take(self, asked: Asked, *, only_end: bool = False) -> RunningTurn:
        """Take a Turn."""
        owner = owner_of(asked.tenant, asked.conversation, self._workers)
        if owner == self._own:
            return self._turns.take(asked)
        return self._fellows[owner].take(asked, self._turns.received(asked), only_end=only_end)

    async def under_way(self, tenant: str, conversation: str, turn: str) -> RunningTurn | None:
        """The newest Turn of that id that has not ended."""
        return await self._owner(tenant, conversation).under_way(tenant, conversation, turn)

    async def cancel(self, tenant: str, conversation: str, turn: str) -> bool:
        """Stop Turns that are under way."""
        return await self._owner(tenant, conversation).cancel(tenant, conversation, turn)

    async def forget(self, tenant: str, conversation: str) -> bool:
        """Remove a Conversation."""
        return await self._owner(tenant, conversation).forget(tenant, conversation)

    async def forget_tenant(self, tenant: str) -> int:
        """Remove a Tenant's Conversations, whoever owns them."""
        everybody: list[Turns | Fellow] = [self._turns, *self._fellows.values()]
        return sum(await asyncio.gather(*(each.forget_tenant(tenant) for each in everybody)))

    async def exposition(self) -> bytes:
        """What all of us have counted; one who is away is left out."""
        asked = (fellow.counted() for fellow in self._fellows.values())
        told = await asyncio.gather(*asked, return_exceptions=True)
        return self._turns.metrics.exposition([each for each in told if isinstance(each, dict)])

    def _owner(self, tenant: str, conversation: str) -> Turns | Fellow:
        owner = owner_of(tenant, conversation, self._workers)
        return self._turns if owner == self._own else self._fellows[owner]
