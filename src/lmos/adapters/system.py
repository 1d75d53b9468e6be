"""The machine's clock and its source of chance."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime


class SystemClock:
    """The wall clock and the monotonic clock of this machine."""

    def now(self) -> datetime:
        """The current moment in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


class RandomIds:
    """Random UUIDs."""

    def new(self) -> str:
        """A fresh UUID4."""
        return str(uuid.uuid4())
