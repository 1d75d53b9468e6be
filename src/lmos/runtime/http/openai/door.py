"""One door for both shapes of OpenAI's: a request in, its answer out, whole or as events."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from lmos.core.errors import LmosError
from lmos.core.protocols.openai import Heading, PreviousResponseNotFound, turn_of
from lmos.runtime.asked import Asked
from lmos.runtime.failure import Failure
from lmos.runtime.http.chat import turn_headers
from lmos.runtime.http.errors import bug
from lmos.runtime.http.events import event_stream
from lmos.runtime.http.openai.errors import error_in_shape, refusal, refusal_of
from lmos.runtime.http.openai.kept import beside_words, kept_turn
from lmos.runtime.http.requests import TURN_HEADER, caller_in, headers_in, json_in
from lmos.runtime.running import Answered, Delta, Failed, Finished, HandedOver, Remark, Started

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from lmos.core.protocols.openai import Question, Writer
    from lmos.core.protocols.trace_context import TraceContext
    from lmos.ports.clock import Ids
    from lmos.ports.store import ConversationStore
    from lmos.router import RouteDecision
    from lmos.runtime.running import RunningTurn, TurnEvent
    from lmos.runtime.taking import TakesTurns

CHAT_PATH = "/v1/chat/completions"
RESPONSES_PATH = "/v1/responses"

CONVERSATION_HEADER = "x-conversation-id"
IDEMPOTENCY_HEADER = "idempotency-key"

_READ = {
    name.encode(): name
    for name in (
        TURN_HEADER,
        IDEMPOTENCY_HEADER,
        CONVERSATION_HEADER,
        "x-subset",
        "authorization",
        "content-type",
        "content-encoding",
    )
}


class OpenAiDoor:
    """
    `POST /v1/chat/completions` or `POST /v1/responses`, as an ASGI app.

    Args:
        turns: Takes the Turns.
        store: Knows the responses that may be continued.
        ids: Names Turns that their clients do not.
        read: What a body asks for.
        writer: Writes the answers.
    """

    def __init__(
        self,
        turns: TakesTurns,
        store: ConversationStore,
        ids: Ids,
        *,
        read: Callable[[bytes], Question],
        writer: Callable[[Question, Heading], Writer],
    ) -> None:
        self._turns = turns
        self._store = store
        self._ids = ids
        self._read = read
        self._writer = writer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every error is in OpenAI's shape."""
        try:
            response = await self._response(scope, receive)
        except LmosError as error:
            response = refusal_of(error)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - logged there, and told to nobody else
            response = refusal(bug(error))
        await response(scope, receive, send)

    async def _response(self, scope: Scope, receive: Receive) -> Response:
        if scope["method"] != "POST":
            status = HTTPStatus.METHOD_NOT_ALLOWED
            hint = "GET /openapi.json lists the paths and their methods."
            return refusal(Failure("MethodNotAllowed", status.phrase, hint, status), {"allow": "POST"})
        headers = headers_in(scope, _READ)
        body = await json_in(receive, headers)
        question = self._read(body)
        asked = await self._asked(question, headers, body, caller_in(scope["headers"]))
        running = self._turns.take(asked)
        received = int(running.record.received_at.timestamp())
        writer = self._writer(question, Heading(asked.conversation, asked.turn, received))
        if question.is_streamed:
            return await _stream(asked, running, writer)
        return await _answer(asked, running, writer)

    async def _asked(
        self, question: Question, headers: Mapping[str, str], body: bytes, caller: TraceContext | None
    ) -> Asked:
        turn = headers.get(TURN_HEADER) or headers.get(IDEMPOTENCY_HEADER) or self._ids.new()
        continued = await self._continued(question)
        named = headers.get(CONVERSATION_HEADER) or continued
        return Asked(
            tenant=question.model.tenant,
            conversation=named or _own_conversation(turn, headers, body),
            turn=turn,
            body=question.body,
            subset=headers.get("x-subset", ""),
            caller=caller,
        )

    async def _continued(self, question: Question) -> str:
        """The Conversation of the response that is continued; empty where none is."""
        if question.previous is None:
            return ""
        name = turn_of(question.previous)
        if name is None or name.tenant != question.model.tenant or await kept_turn(self._store, name) is None:
            raise PreviousResponseNotFound(question.previous)
        return name.conversation


def _own_conversation(turn: str, headers: Mapping[str, str], body: bytes) -> str:
    """
    A Conversation for a Turn whose client names none.

    It is another one for every credential, Turn and body, so that no two clients meet in it, and the
    same one when the same request is sent again.
    """
    told = (headers.get("authorization", "").encode(), turn.encode(), body)
    digest = hashlib.blake2b(b"\0".join(told), digest_size=16)
    return f"openai-{digest.hexdigest()}"


async def _answer(asked: Asked, running: RunningTurn, writer: Writer) -> Response:
    match await running.outcome():
        case Failed(failure):
            return refusal(failure, _headers(asked, running))
        case Answered() as answered:
            body = orjson.dumps(writer.whole(answered.message.content, _told_of_answer(asked, answered)))
            return Response(body, headers=_headers(asked, running), media_type="application/json")


async def _stream(asked: Asked, running: RunningTurn, writer: Writer) -> Response:
    """The events of a Turn; one that fails before anything else is refused with the right status."""
    events = running.listen()
    first = await anext(events)
    if isinstance(first[1], Failed):
        await events.aclose()
        return refusal(first[1].failure, _headers(asked, running))
    headers = _headers(asked, running)
    return event_stream(events, headers, first, write=lambda _, event: _frames_of(event, asked, writer))


def _headers(asked: Asked, running: RunningTurn) -> dict[str, str]:
    """Which Turn of which Conversation this is."""
    return turn_headers(asked, running) | {CONVERSATION_HEADER: asked.conversation}


def _frames_of(event: TurnEvent, asked: Asked, writer: Writer) -> bytes:
    match event:
        case Started(_, decision):
            return writer.started(_told(asked, decision))
        case Delta(text):
            return writer.piece(text)
        case Remark(message):
            return writer.remark(message.content)
        case Answered(message, _):
            return writer.answered(message.content, _told_of_answer(asked, event))
        case Failed(failure):
            return writer.failed(error_in_shape(failure))
        case HandedOver() | Finished():
            return b""


def _told(asked: Asked, decision: RouteDecision) -> dict[str, Any]:
    """The field `lmos`: which Turn it is, and who answers it and why."""
    return {
        "conversation": asked.conversation,
        "turn": asked.turn,
        "agent": decision.agent,
        "stage": decision.stage,
        "reason": decision.reason,
    }


def _told_of_answer(asked: Asked, answered: Answered) -> dict[str, Any]:
    return _told(asked, answered.decision) | beside_words(answered.message.to_wire())
