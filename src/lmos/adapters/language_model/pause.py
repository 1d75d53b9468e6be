"""When an endpoint that does not answer is asked again: a pause without a clock."""

from __future__ import annotations

from dataclasses import dataclass

FAILURES_TO_PAUSE = 3
PAUSE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Pause:
    """
    How often in a row an endpoint has failed, and until when it is left alone; an event makes a new value.

    Attributes:
        until: In seconds of the caller's clock.
    """

    failures: int = 0
    until: float = 0.0

    def admits(self, now: float) -> bool:
        """Whether it may be asked."""
        return now >= self.until

    def asking(self, now: float) -> Pause:
        """It is asked: after a pause by one Turn alone, while the others go on without it."""
        if self.failures < FAILURES_TO_PAUSE:
            return self
        return Pause(self.failures, now + PAUSE_SECONDS)

    def failed(self, now: float) -> Pause:
        """It gave no answer."""
        failures = self.failures + 1
        return Pause(failures, now + PAUSE_SECONDS if failures >= FAILURES_TO_PAUSE else self.until)


NO_PAUSE = Pause()
"""It has just answered."""
