"""A Turn under way: what has happened so far, for any number of listeners."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmos.core.conversation import AssistantMessage
from lmos.router import RouteDecision
from lmos.runtime.failure import Failure

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from lmos.core.errors import LmosError
    from lmos.ports.store import TurnRecord
    from lmos.runtime.watch import Watch

    Follower = Callable[[tuple["TurnEvent", ...]], None]

DESERTED_SECONDS = 30.0
"""How long a Turn goes on that nobody listens to: time enough to come back after a lost line."""


@dataclass(frozen=True, slots=True)
class Started:
    """The Turn was routed: to an Agent, or to a clarifying question."""

    turn: str
    decision: RouteDecision


@dataclass(frozen=True, slots=True)
class HandedOver:
    """An Agent left the Turn to another one; the pieces that it sent are no part of the answer."""

    turn: str
    agent: str
    to: str


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the answer; the final message repeats the whole."""

    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something the Agent says on the way to its answer; it is not kept."""

    message: AssistantMessage


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


TurnEvent = Started | HandedOver | Delta | Remark | Answered | Finished | Failed


_ENDS = (Answered, Finished, Failed)


def kept_events(record: TurnRecord) -> tuple[TurnEvent, ...]:
    """What is to be told of a Turn that is over, from what is kept of it."""
    if record.answer is None:
        return (Failed(Failure.of_record(record)),)
    decision = RouteDecision.from_json(record.decision)
    message = AssistantMessage.model_validate(record.answer)
    return Started(record.turn.id, decision), Answered(message, decision), Finished(record)


class RunningTurn:
    """
    A Turn that goes on while somebody listens, and for a while when nobody does.

    Listeners may come late: each hears everything from the beginning, or from where it left off.

    Args:
        record: The Turn as it was received.
        deserted: Called when nobody has listened for DESERTED_SECONDS.

    Attributes:
        record: How far it has come.
        streams: How many listeners hear of it event by event.
        reuses_id: Whether its id was that of another message of the same Conversation.
    """

    def __init__(self, record: TurnRecord, deserted: Callable[[], None]) -> None:
        self.record = record
        self.streams = 0
        self.reuses_id = False
        self._events: list[TurnEvent] = []
        self._news = asyncio.Event()
        self._end = asyncio.Event()
        self._listeners = 0
        self._followers: list[Follower] = []
        self._deserted = deserted
        self._patience = asyncio.get_running_loop().call_later(DESERTED_SECONDS, deserted)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen; an answer that is told alone is all that was asked for."""
        return bool(self._events) and isinstance(self._events[-1], _ENDS)

    def tell(self, *events: TurnEvent) -> None:
        """Let every listener hear of these."""
        self._events += events
        if self.is_over:
            self._patience.cancel()
            self._end.set()
        for follower in self._followers:
            follower(events)
        # Wake those who wait now; whoever waits later waits for the next.
        self._news.set()
        self._news = asyncio.Event()

    async def listen(self, after: int = 0) -> AsyncGenerator[tuple[int, TurnEvent], None]:
        """Every event behind number `after` with its own, from 1 on; ends with `Finished` or `Failed`."""
        heard = after
        self.streams += 1
        try:
            with self._listener():
                while True:
                    news = self._news
                    while heard < len(self._events):
                        heard += 1
                        yield heard, self._events[heard - 1]
                    if self.is_over:
                        return
                    await news.wait()
        finally:
            self.streams -= 1

    def follow(self, follower: Follower) -> Callable[..., None]:
        """
        Call `follower` with what has happened so far, and with all that follows.

        Returns:
            Ends that; called with `at_once=True` when nobody has listened behind the follower for
            DESERTED_SECONDS already.
        """
        self._join()
        self._followers.append(follower)
        if self._events:
            follower(tuple(self._events))

        def leave(*, at_once: bool = False) -> None:
            self._followers.remove(follower)
            self._leave(0.0 if at_once else DESERTED_SECONDS)

        return leave

    async def outcome(self) -> Answered | Failed:
        """How it ends, without what comes before."""
        with self._listener():
            await self._end.wait()
        return next(event for event in reversed(self._events) if isinstance(event, Answered | Failed))

    @contextmanager
    def _listener(self) -> Iterator[None]:
        self._join()
        try:
            yield
        finally:
            self._leave(DESERTED_SECONDS)

    def _join(self) -> None:
        self._listeners += 1
        self._patience.cancel()

    def _leave(self, patience_seconds: float) -> None:
        self._listeners -= 1
        if not (self._listeners or self.is_over):
            self._patience = asyncio.get_running_loop().call_later(patience_seconds, self._deserted)


class OwnTurn(RunningTurn):
    """
    A Turn that this process runs, and does not only hear of.

    Args:
        watch: Sees it on its way.

    Attributes:
        stopped_by: Why it was stopped before its end, once it is.
        is_being_kept: Whether the store is writing it down, which is not stopped half-way.
    """

    def __init__(self, record: TurnRecord, watch: Watch, deserted: Callable[[], None]) -> None:
        super().__init__(record, deserted)
        self.watch = watch
        self.stopped_by: LmosError | None = None
        self.is_being_kept = False

    @contextmanager
    def being_kept(self) -> Iterator[None]:
        """While the store writes it down."""
        self.is_being_kept = True
        try:
            yield
        finally:
            self.is_being_kept = False
