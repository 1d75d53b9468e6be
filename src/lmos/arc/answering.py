"""From a request to the results of a Turn: the function that answers is run, and what it says is sent on."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

from lmos.arc.errors import HandlerFailed, NothingAsked, UnknownRole
from lmos.arc.turn import Turn, question_at
from lmos.core.conversation import (
    CAPABILITY_KEY,
    PIECE,
    ROLES,
    AgentRequest,
    AgentResult,
    AgentResultType,
    KeyValue,
    handover_status,
    message_result,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lmos.arc.agent import Agent, Handler

log = logging.getLogger("lmos.arc")


async def answer(
    agent: Agent, request: AgentRequest, *, trace: Mapping[str, str] | None = None
) -> AsyncGenerator[AgentResult, None]:
    """
    Yield the results of a Turn: intermediate ones and events only if the request asks, then one MESSAGE.

    Closing the iterator cancels the handler.

    Raises:
        NothingAsked: The request holds no message of the user.
        UnknownRole: A message is of none of the roles `user`, `assistant` and `system`.
        HandlerFailed: The handler raised or returned something other than text; the log has the traceback.
    """
    _check(agent, request)
    began = time.perf_counter()
    said: asyncio.Queue[AgentResult | None] = asyncio.Queue()
    turn = _turn(agent, request, trace or {}, _publisher(said))
    speaking = asyncio.create_task(_speak(agent, turn, said.put_nowait))
    speaking.add_done_callback(lambda _: said.put_nowait(None))
    try:
        while (result := await said.get()) is not None:
            yield result
        yield _final(turn, _outcome(agent, turn, speaking), time.perf_counter() - began)
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)


def _check(agent: Agent, request: AgentRequest) -> None:
    unknown = next((message.role for message in request.messages if message.role not in ROLES), None)
    if unknown is not None:
        raise UnknownRole(f"Unknown role: {unknown}", hint=f"Use one of {', '.join(sorted(ROLES))}.")
    if question_at(request) < 0:
        raise NothingAsked(f"Agent {agent.name} was asked nothing.", hint="Send a message of role user.")


def _turn(
    agent: Agent, request: AgentRequest, trace: Mapping[str, str], publish: Callable[[AgentResult], None]
) -> Turn:
    text = request.messages[question_at(request)].content
    return Turn(
        request,
        capability=agent.capability_for(request, text),
        memory=agent.memory_of(request),
        trace=trace,
        publish=publish,
    )


def _publisher(said: asyncio.Queue[AgentResult | None]) -> Callable[[AgentResult], None]:
    """Puts results from any thread in order: a plain function's handler runs in a worker thread."""
    loop, home = asyncio.get_running_loop(), threading.get_ident()

    def publish(result: AgentResult) -> None:
        if threading.get_ident() == home:
            said.put_nowait(result)
        else:
            loop.call_soon_threadsafe(said.put_nowait, result)

    return publish


async def _speak(agent: Agent, turn: Turn, publish: Callable[[AgentResult], None]) -> str:
    handler = agent.handler_for(turn.capability)
    said = await _called(handler, turn) if handler else _modelled(agent, turn)
    if isinstance(said, AsyncIterator):
        return await _joined(said, turn, publish)
    return _text(said)


async def _called(handler: Handler, turn: Turn) -> object:
    if inspect.isasyncgenfunction(handler) or inspect.iscoroutinefunction(handler):
        said: object = handler(turn)
    else:
        # A plain function may block; the other Turns of this process go on.
        said = await asyncio.to_thread(handler, turn)
    return await said if inspect.isawaitable(said) else said


def _modelled(agent: Agent, turn: Turn) -> AsyncIterator[str]:
    if agent.runner is None:
        raise LookupError(f"nothing answers for {turn.capability}")
    return agent.runner.run(agent.prompt, turn)


async def _joined(pieces: AsyncIterator[object], turn: Turn, publish: Callable[[AgentResult], None]) -> str:
    texts = []
    async for piece in pieces:
        texts.append(_text(piece))
        if turn.is_streamed:
            intermediate = AgentResultType.INTERMEDIATE_MESSAGE
            publish(message_result(texts[-1], type_=intermediate, turn=turn.id, context=(PIECE,)))
    return "".join(texts)


def _text(said: object) -> str:
    if not isinstance(said, str):
        raise TypeError(f"a handler answers with text, not with {type(said).__name__}")
    return said


def _outcome(agent: Agent, turn: Turn, speaking: asyncio.Task[str]) -> str:
    error = asyncio.CancelledError() if speaking.cancelled() else speaking.exception()
    if error is None:
        return speaking.result()
    fields = agent.name, turn.conversation, turn.id
    log.error("handler_failed agent=%s conversation=%s turn=%s", *fields, exc_info=error)
    raise HandlerFailed(f"Agent {agent.name} failed!", hint="The Agent's log says why.") from error


def _final(turn: Turn, text: str, seconds: float) -> AgentResult:
    capability = turn.capability
    context = (KeyValue(key=CAPABILITY_KEY, value=capability.name),) if capability else ()
    return message_result(text, turn=turn.id, response_time=round(seconds, 6), context=context).model_copy(
        update={
            "anonymization_entities": turn.request.conversation_context.anonymization_entities or (),
            "tool_calls": (),
            "status": handover_status(turn.handed_to) if turn.handed_to else None,
        }
    )
