"""The chat door: one message in, its answer out, whole or as server-sent events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson
from pydantic import ValidationError
from starlette.responses import Response, StreamingResponse

from lmos.core.conversation import Conversation
from lmos.core.errors import InvalidInput, LmosError
from lmos.runtime.conversation import Asked
from lmos.runtime.http.errors import problem, problem_response
from lmos.runtime.running import Answered, Delta, Failed, Remark, Started

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from lmos.router import RouteDecision
    from lmos.runtime.conversation import Turns
    from lmos.runtime.running import TurnEvent

LARGEST_BODY = 4 * 1024 * 1024
EVENT_STREAM = "text/event-stream"

_TOLD_PROBLEMS = 5


class InvalidRequest(InvalidInput):
    """A request cannot be read."""

    code: ClassVar[str] = "InvalidRequest"


class BodyTooLarge(InvalidInput):
    """A request's body is larger than this door takes."""

    code: ClassVar[str] = "BodyTooLarge"
    http_status: ClassVar[int] = 413


class UnsupportedMediaType(InvalidInput):
    """A request's body is not JSON in UTF-8."""

    code: ClassVar[str] = "UnsupportedMediaType"
    http_status: ClassVar[int] = 415


class ChatDoor:
    """
    `POST …/{tenant}/chat/{conversation}/message`.

    Source:
        Contract §2.1, with the final answer instead of the first message.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    async def post(self, request: Request) -> Response:
        """Answer with the final message, or with server-sent events if the client accepts them."""
        try:
            asked = await _asked(request)
            if EVENT_STREAM in request.headers.get("accept", ""):
                return StreamingResponse(
                    self._events(asked), media_type=EVENT_STREAM, headers=_STREAM_HEADERS
                )
            return await self._answer(asked)
        except LmosError as error:
            return problem_response(error)

    async def _answer(self, asked: Asked) -> Response:
        async for event in self._turns.take(asked):
            if isinstance(event, Answered):
                return _json(event.message.to_wire(), _headers(asked.turn, event.decision))
            if isinstance(event, Failed):
                return problem_response(event.error)
        raise AssertionError("A Turn ends with Answered or Failed.")

    async def _events(self, asked: Asked) -> AsyncIterator[bytes]:
        number = 0
        try:
            async for event in self._turns.take(asked):
                number += 1
                yield _frame(number, *_told(event))
        except LmosError as error:
            yield _frame(number + 1, "error", problem(error))


_STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


async def _asked(request: Request) -> Asked:
    """
    The Turn that a request asks for.

    Raises:
        InvalidRequest, InvalidTurn, BodyTooLarge, UnsupportedMediaType: It cannot be read.
    """
    turn = request.headers.get("x-turn-id")
    if turn is None:
        raise InvalidRequest("Required header 'x-turn-id' is not present.", hint="Give each message an id.")
    media_type, _, parameters = request.headers.get("content-type", "application/json").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if media_type.strip().lower() != "application/json" or charset not in {"", "utf-8", "utf8"}:
        raise UnsupportedMediaType(
            f"The body is {request.headers['content-type']!r}.", hint="Send application/json in UTF-8."
        )
    return Asked(
        tenant=request.path_params["tenant"],
        conversation=request.path_params["conversation"],
        turn=turn,
        body=_conversation(await _body(request)),
        subset=request.headers.get("x-subset", ""),
    )


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge(
                f"The body is larger than {LARGEST_BODY // 1024 // 1024} MiB.", hint="Send less history."
            )
    return bytes(body)


def _conversation(body: bytes) -> Conversation:
    try:
        return Conversation.model_validate_json(body)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)[:_TOLD_PROBLEMS]
        fields = ", ".join(f"{'.'.join(map(str, each['loc'])) or 'body'}={each['msg']}" for each in problems)
        raise InvalidRequest(
            f"Invalid request. Field errors: {{{fields}}}",
            hint="Send inputContext.messages, systemContext.channelId and userContext.userId.",
        ) from error


def _told(event: TurnEvent) -> tuple[str, dict[str, Any]]:
    """The name and the data of an event's server-sent form."""
    match event:
        case Started(turn, decision):
            told = {"turn": turn, "agent": decision.agent, "stage": decision.stage, "reason": decision.reason}
            return "turn.started", told
        case Delta(text):
            return "message.delta", {"content": text}
        case Remark(text):
            return "message.intermediate", {"content": text}
        case Answered(message, _):
            return "message", message.to_wire()
        case Failed(error):
            return "error", problem(error)


def _frame(number: int, name: str, data: dict[str, Any]) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, name.encode(), orjson.dumps(data))


def _headers(turn: str, decision: RouteDecision) -> dict[str, str]:
    """Who answered and how that was decided, for those who look; the body is the original's."""
    return {"x-turn-id": turn, "x-lmos-agent": decision.agent or "", "x-lmos-stage": decision.stage}


def _json(content: dict[str, Any], headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(content), headers=headers, media_type="application/json")
