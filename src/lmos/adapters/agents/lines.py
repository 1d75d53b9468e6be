"""Sockets to one replica of an Agent, shared by Turns as far as the Agent was seen to allow it."""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from lmos.adapters.agents.line import Line

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from lmos.adapters.agents.health import Health
    from lmos.adapters.agents.settings import Limits
    from lmos.adapters.agents.websocket import Target


class Manner(Enum):
    """What a target was seen to do with a socket."""

    UNKNOWN = auto()
    ONE_TURN = auto()
    """It closes the socket after a Turn, or when a second one joins."""
    KEEPS = auto()
    """It leaves the socket open for the next Turn."""
    SHARES = auto()
    """It answers several Turns on it side by side."""


class LineFailed(Exception):
    """No line could be opened; `is_ours` where not the Agent is at fault but this process."""

    def __init__(self, reason: str, *, is_ours: bool) -> None:
        self.is_ours = is_ours
        super().__init__(reason)


class Lines:
    """
    The sockets to one target under one Subset.

    Args:
        target: Whom they lead to.
        limits: How many there may be, what they carry, and how long they are kept.
        health: Hears how they fare.
        tls: For addresses with `https`.
    """

    def __init__(
        self, target: Target, limits: Limits, health: Health, tls: Callable[[], ssl.SSLContext]
    ) -> None:
        self._target = target
        self._limits = limits
        self._health = health
        self._tls = tls
        self._lines: list[Line] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self.manner = Manner.UNKNOWN

    async def lease(self, headers: Mapping[str, str], connect_seconds: float, ends_at: float) -> Line:
        """
        A line on which a Turn may begin; subscribe before the next `await`, and `give_back` afterwards.

        Raises:
            LineFailed: None could be opened within `connect_seconds`.
            TimeoutError: `ends_at`, in the loop's time, came first.
        """
        while True:
            line = self._chosen() or self._opened(headers, connect_seconds)
            if not line.was_ready:
                await self._expect(line, line.ready, ends_at)
                if line.broken:
                    raise LineFailed(line.broken.reason, is_ours=line.is_ours)
            elif not line.hearings and line.rested_seconds > self._limits.ping_seconds:
                # The Agent may have gone without a word; it is better to find out before it is asked.
                await self._expect(line, asyncio.ensure_future(line.lives()), ends_at)
            if line.broken is None and self._lets_join(line):
                line.is_on_trial = line.is_on_trial or (bool(line.hearings) and not line.was_shared)
                return line

    def give_back(self, line: Line) -> None:
        """End a lease; a line that serves no other Turn is closed."""
        if line.was_shared and self.manner is not Manner.ONE_TURN:
            self.manner = Manner.SHARES
        if line.turns == 0 and (line.is_retired or self.manner is Manner.ONE_TURN):
            line.close()
        self._schedule_sweep()

    def retire(self) -> None:
        """Close the lines as soon as their Turns are over."""
        for line in tuple(self._lines):
            line.is_retired = True
            if line.turns == 0:
                line.close()

    async def aclose(self) -> None:
        """Close all lines."""
        if self._sweep is not None:
            self._sweep.cancel()
        for line in tuple(self._lines):
            line.close()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=2 * self._limits.close_seconds)
            for task in late:
                task.cancel()

    def _chosen(self) -> Line | None:
        """A line that stands, if there is one for this Turn."""
        if self.manner is Manner.SHARES:
            return self._shared()
        lines = [line for line in self._lines if not line.is_retired]
        if self.manner is Manner.KEEPS:
            # As soon as two Turns come together: what is learned holds from then on.
            for line in lines:
                if _may_be_tried(line):
                    return line
        return next((line for line in lines if line.turns == 0 and self._may_be_used(line)), None)

    def _shared(self) -> Line | None:
        """The oldest line with room, so that the others come to rest; none while another may be opened."""
        for line in self._lines:
            if line.turns < self._limits.turns_a_line and not line.is_retired:
                return line
        lines = [line for line in self._lines if not line.is_retired]
        if len(lines) < self._limits.lines_a_target:
            return None
        return min(lines, key=lambda line: line.turns)

    def _lets_join(self, line: Line) -> bool:
        """Whether a Turn may begin on a line that was waited for: others may have been quicker."""
        return not line.hearings or line.was_shared or self.manner is Manner.SHARES or _may_be_tried(line)

    def _may_be_used(self, line: Line) -> bool:
        """Whether a line without a Turn takes one: its first always, others where the Agent keeps sockets."""
        if not line.turns_served or self.manner is Manner.KEEPS:
            return True
        if self.manner is Manner.ONE_TURN:
            return False
        if line.rested_seconds >= self._limits.settle_seconds:
            self.manner = Manner.KEEPS
        # So many sockets at once are enough to wait for; one that the Agent closes now is only asked again.
        return self.manner is Manner.KEEPS or len(self._lines) >= self._limits.lonely_turns

    def _opened(self, headers: Mapping[str, str], connect_seconds: float) -> Line:
        line = Line(self._limits, self._broken)
        tls = self._tls() if self._target.address.scheme == "https" else None
        self._lines.append(line)
        task = asyncio.create_task(line.run(self._target, headers, connect_seconds, tls))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return line

    async def _expect(self, line: Line, news: asyncio.Future[Any], ends_at: float) -> None:
        line.expected += 1
        try:
            # The line goes its way whether this Turn still waits for it or not.
            async with asyncio.timeout_at(ends_at):
                await asyncio.shield(news)
        finally:
            line.expected -= 1
            if line.turns == 0:
                self._schedule_sweep()
        if line.was_ready and not line.broken:
            self._health.connected()

    def _broken(self, line: Line) -> None:
        self._lines.remove(line)
        left_after_turn = (
            not line.hearings
            and line.turns_served == 1
            and line.rested_seconds < self._limits.settle_seconds
            and not line.closed_by_us
        )
        if line.is_refusal or left_after_turn:
            self.manner = Manner.ONE_TURN
        elif not line.was_ready:
            # Where other sockets serve, one more that cannot be opened does not make the replica a bad one.
            if not line.is_ours and not line.closed_by_us and not any(each.was_ready for each in self._lines):
                self._health.unreachable()
        elif line.hearings and not line.closed_by_us:
            self._health.broken()

    def _schedule_sweep(self) -> None:
        if self._sweep is None and self._lines:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(self._limits.idle_seconds, self._close_idle)

    def _close_idle(self) -> None:
        self._sweep = None
        for line in tuple(self._lines):
            if line.turns == 0 and line.was_ready and line.rested_seconds >= self._limits.idle_seconds:
                line.close()
        self._schedule_sweep()


def _may_be_tried(line: Line) -> bool:
    """Whether a second Turn may find out if the socket can be shared: not a word is lost if it cannot."""
    return (
        line.is_shareable and line.turns == 1 and not any(each.has_begun for each in line.hearings.values())
    )
