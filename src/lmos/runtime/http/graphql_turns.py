"""Turns as GraphQL subscriptions: what a subscription asks for, and the results that answer it."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from lmos.arc.sockets import EndedWith
from lmos.core.conversation import (
    CHANNEL_KEY,
    PIECE,
    STREAMING_KEY,
    TENANT_KEY,
    TRUE,
    AgentResult,
    AgentResultType,
    Conversation,
    InputContext,
    KeyValue,
    SystemContext,
    UserContext,
    as_mapping,
    message_result,
)
from lmos.core.errors import LmosError
from lmos.core.protocols.agent_api import RequestInvalid, next_payload, subscription_in
from lmos.core.protocols.trace_context import TRACEPARENT, TRACESTATE, TraceContext
from lmos.runtime.asked import Asked
from lmos.runtime.failure import Failure
from lmos.runtime.http.requests import caller_in
from lmos.runtime.running import Answered, Delta, Failed, Finished, HandedOver, Remark, Started

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from starlette.datastructures import Headers

    from lmos.arc.sockets import Answers
    from lmos.core.conversation import AgentRequest, AssistantMessage
    from lmos.ports.clock import Ids
    from lmos.ports.store import TurnRecord
    from lmos.runtime.running import RunningTurn
    from lmos.runtime.taking import TakesTurns


def turns_answered(turns: TakesTurns, ids: Ids) -> Answers:
    """Subscriptions answered by the Agents of the Channel that each names."""

    async def answers(payload: dict[str, Any], headers: Headers) -> AsyncGenerator[dict[str, Any], None]:
        try:
            subscription = subscription_in(payload)
            asked = asked_of(
                subscription.request,
                ids,
                subset=headers.get("x-subset", ""),
                caller=_caller_of(subscription.trace, headers),
            )
        except LmosError as error:
            raise EndedWith(errors_of(Failure.of(error))) from error
        wants_pieces = as_mapping(subscription.request.system_context).get(STREAMING_KEY) == TRUE
        async with aclosing(_results(turns.take(asked), wants_pieces=wants_pieces)) as results:
            async for result in results:
                yield next_payload(result, subscription.selected)

    return answers


def _caller_of(own: Mapping[str, str], headers: Headers) -> TraceContext | None:
    """The client's place in a trace: a subscription's own, by its `extensions`, before that of its socket."""
    if TRACEPARENT in own:
        return TraceContext.parse(own[TRACEPARENT], own.get(TRACESTATE, ""))
    return caller_in(headers.raw)


def asked_of(request: AgentRequest, ids: Ids, *, subset: str, caller: TraceContext | None = None) -> Asked:
    """
    The Turn that a subscription asks for; one without an id gets a new one.

    Raises:
        RequestInvalid: Tenant, Channel or user are missing.
        InvalidTurn: A name cannot be used, or there is no message to route.
    """
    context = as_mapping(request.system_context)
    for key in (TENANT_KEY, CHANNEL_KEY):
        if not context.get(key):
            raise RequestInvalid(f"The systemContext has no {key}.", hint="Send tenantId and channelId.")
    user = request.user_context
    if not user.user_id:
        raise RequestInvalid("missing user id", hint="Send userContext.userId.")
    about = request.conversation_context
    body = Conversation(
        input_context=InputContext(
            messages=request.messages, anonymization_entities=about.anonymization_entities
        ),
        system_context=SystemContext(channel_id=context[CHANNEL_KEY], context_params=request.system_context),
        user_context=UserContext(
            user_id=user.user_id, user_token=user.user_token, context_params=user.profile
        ),
    )
    return Asked(context[TENANT_KEY], about.conversation_id, about.turn_id or ids.new(), body, subset, caller)


async def _results(running: RunningTurn, *, wants_pieces: bool) -> AsyncGenerator[AgentResult, None]:
    """
    What happens in a Turn, as results of an Agent.

    Pieces go only to who asks for them: to others they would look like messages of their own.
    """
    turn = running.record.turn.id
    between = AgentResultType.INTERMEDIATE_MESSAGE
    answered: Answered | None = None
    async with aclosing(running.listen()) as events:
        async for _, event in events:
            match event:
                case Delta(text) if wants_pieces:
                    yield message_result(text, type_=between, turn=turn, context=(PIECE,))
                case Remark(message):
                    yield _result(message, between, turn)
                case Answered():
                    answered = event
                case Finished(record) if answered:
                    yield _final(answered, record, reuses_id=running.reuses_id)
                case Failed(failure):
                    raise EndedWith(errors_of(failure))
                case Started() | HandedOver() | Delta() | Finished():
                    pass


def _final(answered: Answered, record: TurnRecord, *, reuses_id: bool) -> AgentResult:
    """The answer, with who gave it and why in its context."""
    decision = answered.decision
    told = {"agent": decision.agent, "stage": decision.stage, "reason": decision.reason}
    if reuses_id:
        told["turnIdReused"] = TRUE
    # An answered Turn has an error only where the Agent answered with words of regret.
    type_ = AgentResultType.ERROR if record.turn.error else AgentResultType.MESSAGE
    context = tuple(KeyValue(key=key, value=value) for key, value in told.items() if value)
    result = _result(answered.message, type_, record.turn.id)
    return result.model_copy(update={"response_time": record.seconds, "context": context})


def _result(message: AssistantMessage, type_: AgentResultType, turn: str) -> AgentResult:
    """What an Agent said, message by message; they are of our Turn, whatever the Agent calls it."""
    return AgentResult(
        messages=tuple(each.model_copy(update={"turn_id": turn}) for each in message.said),
        anonymization_entities=message.anonymization_entities,
        type=type_,
    )


def errors_of(failure: Failure) -> list[dict[str, Any]]:
    """A failure as GraphQL's list of errors."""
    told = {"code": failure.code, "hint": failure.hint, "status": failure.http_status}
    if failure.retry_after_seconds is not None:
        told["retryAfterSeconds"] = failure.retry_after_seconds
    return [{"message": failure.message, "extensions": told}]
