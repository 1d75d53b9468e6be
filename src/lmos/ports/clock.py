"""Time and ids, which core receives as arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never go back; for deadlines and latencies."""
        ...


class Ids(Protocol):
    """Makes identifiers that nobody made before."""

    def new(self) -> str:
        """A fresh UUID in its usual text form."""
        ...
