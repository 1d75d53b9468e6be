"""Turns of before, read to see what would become of them now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lmos.ports.store import TurnRecord


@dataclass(frozen=True, slots=True)
class PastTurn:
    """
    A Turn with what its Conversation was when it came.

    Attributes:
        subset: Of its Conversation; empty where no Turn of that was answered.
        agent_before: Who had answered last; empty where that was nobody.
        earlier: The last answered Turns before it, oldest first, as many as a Conversation remembers.
    """

    record: TurnRecord
    subset: str
    agent_before: str
    earlier: tuple[TurnRecord, ...]


class PastTurns(Protocol):
    """Reads what a runtime keeps, also while it runs."""

    def since(self, moment: datetime, *, tenant: str, channel: str, limit: int) -> Iterator[PastTurn]:
        """
        Turns that came at a moment or later, oldest first; of more than `limit`, the newest.

        Args:
            moment: Aware.
            tenant: Whose Turns; of all Tenants where it is empty.
            channel: Through which Channel; through any where it is empty.
            limit: At most so many.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        ...
