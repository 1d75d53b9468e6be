"""What is seen of one Turn on its way: its trace, where it went, and how long each stage took."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from lmos.core.conversation import TextLevel
from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from types import TracebackType

    from lmos.core.conversation import AgentRequest
    from lmos.core.resources import Address
    from lmos.ports.clock import Clock
    from lmos.ports.store import TurnRecord
    from lmos.ports.tracing import Span, TurnTrace
    from lmos.runtime.routing_table import Route

ROUTE, ASK, STORE = "route", "ask", "store"
"""The stages of a Turn that take time."""

CANCELLED = "Cancelled"
"""The code of a stage that was stopped."""


class Took(NamedTuple):
    """One stage that is over: the Agent where one was asked, and the code of an error where it failed."""

    stage: str
    seconds: float
    agent: str = ""
    error: str = ""


class Watch:
    """
    One Turn as it is seen from outside.

    Attributes:
        trace: Its trace.
        level: How much of what was said its Tenant allows a trace to hold.
        route: The ChannelRouting that it was routed by, once there is one.
        took: Its stages, as they ended.
        first_piece_seconds: From the message to the first thing that an Agent said.
    """

    __slots__ = ("_clock", "_started", "first_piece_seconds", "level", "route", "took", "trace")

    def __init__(self, trace: TurnTrace, clock: Clock, level: TextLevel = TextLevel.ALL) -> None:
        self.trace = trace
        self.level = level
        self.route: Route | None = None
        self.took: list[Took] = []
        self.first_piece_seconds: float | None = None
        self._clock = clock
        self._started = clock.monotonic()

    @property
    def seconds(self) -> float:
        """Since the message came."""
        return self._clock.monotonic() - self._started

    def stage(self, name: str) -> Stage:
        """A stage, as long as its block takes."""
        return Stage(self, self._clock, name)

    def ask(self, agent: str, address: Address, request: AgentRequest) -> Stage:
        """An Agent asked, as long as its block takes."""
        stage = Stage(self, self._clock, ASK, agent)
        if self.trace.is_recording:
            stage.span.note(
                {
                    "gen_ai.operation.name": "invoke_agent",
                    "gen_ai.provider.name": "lmos",
                    "gen_ai.agent.name": agent,
                    "gen_ai.conversation.id": request.conversation_context.conversation_id,
                    "server.address": address.host,
                    "server.port": address.port,
                }
            )
        return stage

    def heard(self) -> None:
        """The Agent said something."""
        if self.first_piece_seconds is None:
            self.first_piece_seconds = self.seconds

    def told_again(self) -> None:
        """It had ended before; nothing was done for it but to tell how."""
        self.trace.note({"lmos.outcome": "repeated"})
        self.trace.end()

    def over(self, record: TurnRecord) -> None:
        """The Turn has ended."""
        turn, trace = record.turn, self.trace
        if trace.is_recording:
            trace.note(_attributes(record, self.route))
            trace.said(self.level.tell(turn.question), self.level.tell(turn.answer or ""))
        trace.end(turn.error or "")


class Stage:
    """Times a block and holds its span, which fails with it."""

    __slots__ = ("_agent", "_clock", "_name", "_started", "_watch", "span")

    def __init__(self, watch: Watch, clock: Clock, name: str, agent: str = "") -> None:
        self._watch = watch
        self._clock = clock
        self._name = name
        self._agent = agent
        self.span: Span = watch.trace.begin(name, is_call=name == ASK)
        self._started = clock.monotonic()

    def __enter__(self) -> Span:
        return self.span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        code = _code(error) if error else ""
        seconds = self._clock.monotonic() - self._started
        self._watch.took.append(Took(self._name, seconds, self._agent, code))
        self.span.end(code)


def _code(error: BaseException) -> str:
    if isinstance(error, LmosError):
        return error.code
    return CANCELLED if isinstance(error, asyncio.CancelledError) else type(error).__name__


def _attributes(record: TurnRecord, route: Route | None) -> dict[str, str | float]:
    """What a trace says of its Turn: nothing that anybody said."""
    turn, decision = record.turn, record.decision
    told: dict[str, str | float] = {
        "gen_ai.conversation.id": turn.conversation,
        "lmos.turn": turn.id,
        "lmos.tenant": turn.tenant,
        "lmos.channel": turn.channel,
        "lmos.outcome": turn.status.value,
    }
    if route is not None:
        told["lmos.subset"] = route.subset
    if decision:
        told["lmos.stage"] = decision["stage"]
        told["lmos.capability"] = decision["capability"]
        told["lmos.decision.probability"] = decision["probability"]
    if turn.agent:
        told["gen_ai.agent.name"] = turn.agent
    return told
