"""A Turn under way: what has happened so far, for any number of listeners."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from lmos.core.conversation import AssistantMessage
    from lmos.core.errors import LmosError
    from lmos.router import RouteDecision


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
    """The Turn is over, and well."""

    message: AssistantMessage
    decision: RouteDecision


@dataclass(frozen=True, slots=True)
class Failed:
    """The Turn is over, and failed."""

    error: LmosError


TurnEvent = Started | Delta | Remark | Answered | Failed


class RunningTurn:
    """
    A Turn that goes on whoever listens.

    Listeners may come late: each hears everything from the beginning.
    """

    def __init__(self) -> None:
        self._events: list[TurnEvent] = []
        self._happened = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Do the work of the Turn as a task of its own."""
        self._task = asyncio.create_task(work)
        return self._task

    def tell(self, event: TurnEvent) -> None:
        """Let every listener hear of it."""
        self._events.append(event)
        # Wake those who wait now; whoever waits later waits for the next.
        self._happened.set()
        self._happened = asyncio.Event()

    async def listen(self) -> AsyncIterator[TurnEvent]:
        """Every event from the first on; ends with `Answered` or `Failed`."""
        heard = 0
        while True:
            happened = self._happened
            while heard < len(self._events):
                event = self._events[heard]
                heard += 1
                yield event
                if isinstance(event, Answered | Failed):
                    return
            await happened.wait()
