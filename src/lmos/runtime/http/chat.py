"""The chat door: one message in, its answer out, whole or as server-sent events."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from lmos.core.errors import LmosError
from lmos.runtime.failure import Failure
from lmos.runtime.http.errors import failure_response, on_bug, on_http_error, problem
from lmos.runtime.http.requests import TURN_HEADER, asked_in, headers_in
from lmos.runtime.running import Answered, Delta, Failed, Finished, Remark, Started

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from starlette.types import Receive, Scope, Send

    from lmos.runtime.asked import Asked
    from lmos.runtime.conversation import Turns
    from lmos.runtime.running import TurnEvent

EVENT_STREAM = "text/event-stream"

_STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class ChatDoor:
    """
    `POST …/{tenant}/chat/{conversation}/message`, as an ASGI app.

    Source:
        Contract §2.1, with the final answer instead of the first message.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the final message, or with server-sent events if the client accepts them."""
        try:
            response = await self._response(scope, receive)
        except LmosError as error:
            response = failure_response(Failure.of(error))
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - logged there, and told to nobody else
            response = await on_bug(Request(scope), error)
        await response(scope, receive, send)

    async def _response(self, scope: Scope, receive: Receive) -> Response:
        if scope["method"] != "POST":
            return await on_http_error(Request(scope), HTTPException(405, headers={"allow": "POST"}))
        headers = headers_in(scope)
        asked = await asked_in(scope, receive, headers)
        if EVENT_STREAM in headers.get("accept", ""):
            return await self._stream(asked)
        return await self._answer(asked)

    async def _answer(self, asked: Asked) -> Response:
        match await self._turns.take(asked).outcome():
            case Failed(failure):
                return failure_response(failure, {TURN_HEADER: asked.turn})
            case Answered(message, decision):
                # Who answered and how that was decided, for those who look; the body is the original's.
                told = {"x-lmos-agent": decision.agent or "", "x-lmos-stage": decision.stage}
                body = orjson.dumps(message.to_wire())
                return Response(
                    body, headers={TURN_HEADER: asked.turn, **told}, media_type="application/json"
                )

    async def _stream(self, asked: Asked) -> Response:
        """The events of a Turn; one that fails before anything else is refused with the right status."""
        events = self._turns.take(asked).listen()
        number, first = await anext(events)
        if isinstance(first, Failed):
            await events.aclose()
            return failure_response(first.failure, {TURN_HEADER: asked.turn})
        headers = {TURN_HEADER: asked.turn, **_STREAM_HEADERS}
        return StreamingResponse(
            _frames(_frame(number, first), events), media_type=EVENT_STREAM, headers=headers
        )


async def _frames(first: bytes, events: AsyncGenerator[tuple[int, TurnEvent], None]) -> AsyncIterator[bytes]:
    async with aclosing(events):
        yield first
        async for number, event in events:
            yield _frame(number, event)


def _frame(number: int, event: TurnEvent) -> bytes:
    """An event as server-sent; the number is its id."""
    name, data = _told(event)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, name.encode(), orjson.dumps(data))


def _told(event: TurnEvent) -> tuple[str, dict[str, Any]]:
    """The name and the data of an event."""
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
        case Finished(record):
            over = record.turn
            return "turn.finished", {"turn": over.id, "agent": over.agent, "seconds": record.seconds}
        case Failed(failure):
            return "error", problem(failure)
