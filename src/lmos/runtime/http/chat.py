"""The chat door: one message in, its answer out, whole or as server-sent events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from lmos.core.errors import LmosError
from lmos.runtime.failure import Failure
from lmos.runtime.http.errors import failure_response, on_bug, on_http_error
from lmos.runtime.http.events import EVENT_STREAM, event_stream
from lmos.runtime.http.requests import TURN_HEADER, asked_in, headers_in
from lmos.runtime.running import Answered, Failed

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from lmos.runtime.asked import Asked
    from lmos.runtime.running import RunningTurn
    from lmos.runtime.taking import TakesTurns

REUSED_HEADER = "x-turn-id-reused"
"""Answers a Turn whose id another message of its Conversation has: a client that sends one constant id."""


class ChatDoor:
    """
    `POST …/{tenant}/chat/{conversation}/message`, as an ASGI app.

    Source:
        Contract §2.1, with the final answer instead of the first message.
    """

    def __init__(self, turns: TakesTurns) -> None:
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
        running = self._turns.take(asked, only_end=True)
        match await running.outcome():
            case Failed(failure):
                return failure_response(failure, turn_headers(asked, running))
            case Answered(message, decision):
                # Who answered and how that was decided, for those who look; the body is the original's.
                told = {"x-lmos-agent": decision.agent or "", "x-lmos-stage": decision.stage}
                return Response(
                    message.to_json(),
                    headers=turn_headers(asked, running) | told,
                    media_type="application/json",
                )

    async def _stream(self, asked: Asked) -> Response:
        """The events of a Turn; one that fails before anything else is refused with the right status."""
        running = self._turns.take(asked)
        events = running.listen()
        first = await anext(events)
        headers = turn_headers(asked, running)
        if isinstance(first[1], Failed):
            await events.aclose()
            return failure_response(first[1].failure, headers)
        return event_stream(events, headers, first)


def turn_headers(asked: Asked, running: RunningTurn) -> dict[str, str]:
    """Which Turn this is, and whether its id was that of another message before."""
    return {TURN_HEADER: asked.turn} | ({REUSED_HEADER: "true"} if running.reuses_id else {})
