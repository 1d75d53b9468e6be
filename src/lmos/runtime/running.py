"""A Turn under way: what has happened so far, for any number of listeners."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from lmos.core.conversation import AssistantMessage
    from lmos.ports.store import TurnRecord
    from lmos.router import RouteDecision
    from lmos.runtime.failure import Failure


@dataclass(frozen=True, slots=True)
class Started:
    """The Turn was routed: to an Agent, or to a clarifying question."""

    turn: str
    decision: RouteDecision


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the answer; the final message repeats the whole."""

    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something the Agent says on the way to its answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer, which is kept."""

    message: AssistantMessage
    decision: RouteDecision


@dataclass(frozen=True, slots=True)
class Finished:
    """The Turn is over, and well."""

    record: TurnRecord


@dataclass(frozen=True, slots=True)
class Failed:
    """The Turn is over, and failed."""

    failure: Failure


TurnEvent = Started | Delta | Remark | Answered | Finished | Failed


class RunningTurn:
    """
    A Turn that goes on whoever listens.

    Listeners may come late: each hears everything from the beginning.

    Attributes:
        record: How far it has come.
    """

    def __init__(self, record: TurnRecord) -> None:
        self.record = record
        self._events: list[TurnEvent] = []
        self._news = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return bool(self._events) and isinstance(self._events[-1], Finished | Failed)

    def tell(self, *events: TurnEvent) -> None:
        """Let every listener hear of these."""
        self._events += events
        # Wake those who wait now; whoever waits later waits for the next.
        self._news.set()
        self._news = asyncio.Event()

    async def listen(self) -> AsyncGenerator[tuple[int, TurnEvent], None]:
        """Every event with its number, from 1 on; ends after `Finished` or `Failed`."""
        heard = 0
        while True:
            news = self._news
            while heard < len(self._events):
                heard += 1
                yield heard, self._events[heard - 1]
            if self.is_over:
                return
            await news.wait()

    async def outcome(self) -> Answered | Failed:
        """How it ends, without what comes before."""
        while not self.is_over:
            await self._news.wait()
        return next(event for event in reversed(self._events) if isinstance(event, Answered | Failed))
