"""Turns of Conversations: claimed once, kept in order, routed, asked, recorded."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import structlog

from lmos.core.conversation import (
    USER,
    AgentResultType,
    AssistantMessage,
    Conversation,
    Turn,
    TurnStatus,
    advance,
    agent_request,
    assistant_message,
    last_of,
)
from lmos.core.errors import InvalidInput, LmosError, TemporaryError
from lmos.core.resources.labels import STABLE
from lmos.ports.agents import AgentFailed
from lmos.ports.store import ConversationState, TurnKey, TurnRecord
from lmos.router import RouteDecision, RouteRequest
from lmos.runtime.running import Answered, Delta, Failed, Remark, RunningTurn, Started

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.conversation import AgentResult, Message
    from lmos.ports.agents import AgentClient
    from lmos.ports.clock import Clock
    from lmos.ports.store import ConversationStore
    from lmos.router import Router
    from lmos.runtime.routing_table import Route, RoutingTable
    from lmos.runtime.running import TurnEvent

log = structlog.get_logger()

REMEMBERED_MESSAGES = 20
"""How many of a Conversation's last messages an Agent is shown, unless the client sends its own."""

_LONGEST_ID = 256


class InvalidTurn(InvalidInput):
    """A Turn cannot be taken as it was sent."""

    code: ClassVar[str] = "InvalidTurn"


class TurnInterrupted(TemporaryError):
    """The runtime stopped while the Turn was under way."""

    code: ClassVar[str] = "TurnInterrupted"

    def __init__(self, turn: str) -> None:
        super().__init__(
            f"Turn {turn!r} was interrupted before it was answered.",
            hint="Send the message again as a new Turn, with another x-turn-id.",
        )


class TurnFailedBefore(LmosError):
    """The Turn was sent before, and failed then."""

    code: ClassVar[str] = "TurnFailed"
    http_status: ClassVar[int] = 502

    def __init__(self, turn: str, code: str | None) -> None:
        super().__init__(
            f"Turn {turn!r} has failed already ({code}).",
            hint="Send the message again as a new Turn, with another x-turn-id.",
        )


class InternalFailure(LmosError):
    """We are at fault; the log knows more than the client may."""

    code: ClassVar[str] = "InternalFailure"

    def __init__(self, turn: str) -> None:
        super().__init__(f"Turn {turn!r} failed inside the runtime.", hint="The runtime's log says why.")


@dataclass(frozen=True, slots=True)
class Asked:
    """
    One message of a user as a door received it.

    Attributes:
        subset: The Subset that the client asks for; a Conversation that has one keeps its own.
    """

    tenant: str
    conversation: str
    turn: str
    body: Conversation
    subset: str = ""

    def __post_init__(self) -> None:
        for name, value in (
            ("tenant", self.tenant),
            ("conversation", self.conversation),
            ("x-turn-id", self.turn),
        ):
            if not value or len(value) > _LONGEST_ID or not value.isprintable() or "/" in value:
                raise InvalidTurn(
                    f"The {name} {value[:40]!r} cannot be used.",
                    hint=f"Use 1 to {_LONGEST_ID} printable characters without a slash.",
                )
        if last_of(self.body.input_context.messages, USER) is None:
            raise InvalidTurn("There is no message of the user.", hint="Send one with role: user.")

    @property
    def text(self) -> str:
        """The user's message."""
        message = last_of(self.body.input_context.messages, USER)
        return message.content if message else ""

    @property
    def key(self) -> TurnKey:
        """What tells this Turn from every other."""
        digest = hashlib.sha256(self.text.encode()).hexdigest()[:16]
        return TurnKey(self.tenant, self.conversation, self.turn, digest)


class Turns:
    """
    Takes Turns and sees each through to its end.

    The same Turn sent again, at the same time or later, asks the Agent once: it joins what is under way,
    or hears what was answered. Turns of one Conversation run one after the other.
    """

    def __init__(
        self,
        table: RoutingTable,
        router: Router,
        agents: AgentClient,
        store: ConversationStore,
        clock: Clock,
    ) -> None:
        self._table = table
        self._router = router
        self._agents = agents
        self._store = store
        self._clock = clock
        self._running: dict[TurnKey, RunningTurn] = {}
        self._order: dict[tuple[str, str], _Order] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, asked: Asked) -> AsyncIterator[TurnEvent]:
        """
        Take a Turn and yield what happens in it; leaving early does not end it.

        Raises:
            StoreUnavailable: It could not be written down, so it was not begun.
        """
        running = self._running.get(asked.key) or await self._begin(asked)
        async for event in running.listen():
            yield event

    async def aclose(self) -> None:
        """End the Turns under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _begin(self, asked: Asked) -> RunningTurn:
        # Registered before anything is awaited: whoever sends the same Turn now finds this one.
        running = self._running[asked.key] = RunningTurn()
        record = TurnRecord(_turn(asked), asked.key.digest, self._clock.now())
        try:
            present = await self._store.begin(record)
        except LmosError:
            del self._running[asked.key]
            raise
        task = running.start(self._replay(running, present) if present else self._run(asked, record, running))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._running.pop(asked.key, None))
        return running

    async def _replay(self, running: RunningTurn, record: TurnRecord) -> None:
        """Tell again how a Turn ended."""
        if record.answer is None:
            running.tell(Failed(_failure_of(record)))
            return
        decision = RouteDecision.from_json(record.decision)
        running.tell(Started(record.turn.id, decision))
        running.tell(Answered(AssistantMessage.model_validate(record.answer), decision))

    async def _run(self, asked: Asked, record: TurnRecord, running: RunningTurn) -> None:
        """See one Turn through; whatever happens, it ends with `Answered` or `Failed`."""
        started = self._clock.monotonic()
        turn = asked.turn
        try:
            async with self._in_order(asked.tenant, asked.conversation):
                state = await self._store.conversation(asked.tenant, asked.conversation, REMEMBERED_MESSAGES)
                route = self._route_for(asked, state)
                decision = await self._router.route(_route_request(asked, state), route.roster)
                record = _routed(record, decision)
                running.tell(Started(turn, decision))
                message = await self._message(asked, state, route, decision, running)
                record = _answered(record, message, self._clock.monotonic() - started)
                agent = decision.agent or (state.agent if state else "")
                kept = ConversationState(asked.tenant, asked.conversation, route.routing.subset, agent)
                await self._store.finish(record, kept)
                running.tell(Answered(message, decision))
        except LmosError as error:
            record = await self._fail(record, error, running)
        except asyncio.CancelledError:
            record = await self._fail(record, TurnInterrupted(turn), running)
            raise
        except Exception:
            # The Turn must end, whatever is wrong with us; what it was is for the log alone.
            log.exception("turn_broke", tenant=asked.tenant, conversation=asked.conversation, turn=turn)
            record = await self._fail(record, InternalFailure(turn), running)
        finally:
            log.info(
                "turn_over",
                tenant=asked.tenant,
                conversation=asked.conversation,
                turn=turn,
                agent=record.turn.agent,
                stage=record.decision.get("stage"),
                status=record.turn.status.value,
                error=record.turn.error,
                seconds=round(self._clock.monotonic() - started, 4),
            )

    async def _message(
        self,
        asked: Asked,
        state: ConversationState | None,
        route: Route,
        decision: RouteDecision,
        running: RunningTurn,
    ) -> AssistantMessage:
        """The clarifying question, or the Agent's final answer; what comes before it is told to listeners."""
        if decision.agent is None:
            return AssistantMessage(content=decision.question)
        request = agent_request(
            _with_history(asked.body, state.messages if state else ()),
            tenant=asked.tenant,
            conversation=asked.conversation,
            turn=asked.turn,
            capability=decision.capability or None,
            language=decision.language,
            streaming=True,
        )
        headers = {"x-subset": route.routing.subset}
        final: AgentResult | None = None
        address = route.addresses[decision.agent]
        async with aclosing(self._agents.ask(address, request, headers=headers)) as results:
            async for result in results:
                if result.is_final:
                    final = result
                elif result.type is AgentResultType.INTERMEDIATE_MESSAGE:
                    running.tell(Delta(result.text) if result.is_piece else Remark(result.text))
        if final is None:
            raise AgentFailed(
                f"Agent {decision.agent} ended without an answer.",
                hint="Its log says why: lmos agents shows its health.",
            )
        return assistant_message(final)

    def _route_for(self, asked: Asked, state: ConversationState | None) -> Route:
        """The Route of the Conversation's Subset, or where that is gone, of the one asked for or `stable`."""
        channel = asked.body.system_context.channel_id
        served = self._table.subsets(asked.tenant, channel)
        wished = (state.subset if state else "", asked.subset, STABLE)
        subset = next((subset for subset in wished if subset in served), STABLE)
        return self._table.find(asked.tenant, channel, subset)

    async def _fail(self, record: TurnRecord, error: LmosError, running: RunningTurn) -> TurnRecord:
        """Keep and tell that the Turn failed; where it cannot be kept, it is told all the same."""
        if record.turn.is_over:
            return record
        failed = replace(record, turn=advance(record.turn, TurnStatus.FAILED, error=error.code))
        try:
            await self._store.finish(failed, None)
        except LmosError as unkept:
            log.warning("turn_not_kept", turn=record.turn.id, error=unkept.message)
        running.tell(Failed(error))
        return failed

    @asynccontextmanager
    async def _in_order(self, tenant: str, conversation: str) -> AsyncIterator[None]:
        """Let the Turns of one Conversation run one after the other, in the order in which they came."""
        key = (tenant, conversation)
        order = self._order.setdefault(key, _Order())
        order.waiting += 1
        try:
            async with order.lock:
                yield
        finally:
            order.waiting -= 1
            if not order.waiting:
                del self._order[key]


class _Order:
    """The queue of one Conversation."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0


def _turn(asked: Asked) -> Turn:
    return Turn(
        tenant=asked.tenant,
        channel=asked.body.system_context.channel_id,
        conversation=asked.conversation,
        id=asked.turn,
        question=asked.text,
    )


def _routed(record: TurnRecord, decision: RouteDecision) -> TurnRecord:
    """The Turn on its way to the Agent that was chosen, if one was."""
    turn = record.turn
    if decision.agent is not None:
        turn = advance(advance(turn, TurnStatus.ROUTED, agent=decision.agent), TurnStatus.ASKED)
    return replace(record, turn=turn, decision=decision.to_json())


def _answered(record: TurnRecord, message: AssistantMessage, seconds: float) -> TurnRecord:
    turn = advance(record.turn, TurnStatus.ANSWERED, answer=message.content)
    return replace(record, turn=turn, answer=message.to_wire(), seconds=seconds)


def _route_request(asked: Asked, state: ConversationState | None) -> RouteRequest:
    context = asked.body.input_context
    messages = _with_history(asked.body, state.messages if state else ()).input_context.messages
    questions = tuple(message.content for message in messages if message.role == USER)
    return RouteRequest(
        asked.text,
        explicit_agent=context.explicit_agent or "",
        current_agent=state.agent if state else "",
        earlier=questions[:-1],
    )


def _with_history(body: Conversation, history: tuple[Message, ...]) -> Conversation:
    """The request with the Conversation's last messages before it, unless the client sends its own."""
    context = body.input_context
    if len(context.messages) > 1 or not history:
        return body
    return body.model_copy(
        update={"input_context": context.model_copy(update={"messages": (*history, *context.messages)})}
    )


def _failure_of(record: TurnRecord) -> LmosError:
    """Why a Turn that is kept without an answer has none."""
    if record.turn.error in {None, TurnInterrupted.code}:
        return TurnInterrupted(record.turn.id)
    return TurnFailedBefore(record.turn.id, record.turn.error)
