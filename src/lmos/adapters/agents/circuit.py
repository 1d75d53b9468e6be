"""When a replica that failed is tried again: a circuit breaker without a clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

BREAKS_TO_OPEN = 3
"""Sockets that break in a row: one may break over a Turn that its Agent cannot bear."""

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 5.0
"""The pause doubles with every probe that fails; a replica that is back serves again within five seconds."""

PROBE_SECONDS = 5.0
"""How long one Turn tries a replica alone before another may: its end may never be told."""


class State(Enum):
    """Whether Turns go to a replica."""

    CLOSED = auto()
    OPEN = auto()
    HALF_OPEN = auto()


@dataclass(frozen=True, slots=True)
class Circuit:
    """
    What is known of one replica's health; an event makes a new value.

    Attributes:
        breaks: Sockets that broke since the last answer.
        openings: How often in a row it was set aside.
        retry_at: When the next Turn may try it, in seconds of the caller's clock.
    """

    state: State = State.CLOSED
    breaks: int = 0
    openings: int = 0
    retry_at: float = 0.0

    def admits(self, now: float) -> bool:
        """Whether a Turn may go there; where it is set aside, this one would be the probe."""
        return self.state is State.CLOSED or now >= self.retry_at

    def probing(self, now: float) -> Circuit:
        """A Turn goes there: where the replica was set aside, it goes alone."""
        if self.state is State.CLOSED:
            return self
        return Circuit(State.HALF_OPEN, self.breaks, self.openings, now + PROBE_SECONDS)

    def unreachable(self, now: float) -> Circuit:
        """No connection: certain, and cheap to find out for the Turn that did."""
        return self._opened(now)

    def broken(self, now: float) -> Circuit:
        """A connection broke under a Turn."""
        breaks = self.breaks + 1
        if self.state is State.CLOSED and breaks < BREAKS_TO_OPEN:
            return Circuit(State.CLOSED, breaks, self.openings)
        return self._opened(now)

    def connected(self) -> Circuit:
        """A connection stands, so Turns may come; if it breaks without an answer, they stop at once."""
        if self.state is State.CLOSED:
            return self
        return Circuit(State.CLOSED, BREAKS_TO_OPEN - 1, self.openings)

    def answered(self) -> Circuit:
        """A Turn was answered: all is well."""
        return WELL

    def _opened(self, now: float) -> Circuit:
        if self.state is State.OPEN and now < self.retry_at:
            # Others had set out before it was set aside; what they find is no news.
            return self
        pause = min(FIRST_PAUSE_SECONDS * 2**self.openings, LONGEST_PAUSE_SECONDS)
        return Circuit(State.OPEN, self.breaks, min(self.openings + 1, 16), now + pause)


WELL = Circuit()
"""Nothing is known against the replica."""
