"""What a door needs of whoever takes Turns: this process, or this one and its fellow workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lmos.runtime.asked import Asked
    from lmos.runtime.running import RunningTurn


class TakesTurns(Protocol):
    """Takes Turns, and knows of those that are under way."""

    def take(self, asked: Asked, *, only_end: bool = False) -> RunningTurn:
        """
        Take a Turn, which from now on goes its way; the same one sent again is joined.

        Args:
            asked: The Turn.
            only_end: Whether only its `outcome` is waited for, so that the rest need not be told.

        Raises:
            ConversationBusy: Another one of its Conversation is under way, and it is not to wait for that.
        """
        ...

    async def under_way(self, tenant: str, conversation: str, turn: str) -> RunningTurn | None:
        """The newest Turn of that id that has not ended."""
        ...

    async def cancel(self, tenant: str, conversation: str, turn: str) -> bool:
        """
        Stop the Turns of that id that are under way, and what their Agents do for them.

        Returns:
            Whether there were any.
        """
        ...

    async def forget(self, tenant: str, conversation: str) -> bool:
        """
        Remove a Conversation and all its Turns for good.

        Returns:
            Whether there was anything of it.

        Raises:
            ConversationBusy: One of its Turns is under way.
        """
        ...

    async def forget_tenant(self, tenant: str) -> int:
        """
        Remove all Conversations of a Tenant for good.

        Returns:
            How many were left because a Turn of theirs is under way.
        """
        ...

    async def exposition(self) -> bytes:
        """Everything counted so far, as Prometheus reads it."""
        ...


def owns_all(_tenant: str, _conversation: str) -> bool:
    """Every Conversation belongs to the one process that there is."""
    return True
