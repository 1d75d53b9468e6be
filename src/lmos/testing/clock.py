"""Clock and ids that a test moves by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count


class FrozenClock:
    """Stands still until `advance` is called."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._now = start

    def now(self) -> datetime:
        """The moment at which the clock stands."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return (self._now - self._start).total_seconds()

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._now += timedelta(seconds=seconds)


class CountingIds:
    """Counts: `id-1`, `id-2` and so on."""

    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._numbers = count(1)

    def new(self) -> str:
        """The next number with its prefix."""
        return f"{self._prefix}-{next(self._numbers)}"
