"""HEAD and OPTIONS, which every path knows."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class AnyMethods:
    """
    Answers HEAD as GET without the body, and OPTIONS with the methods of the path.

    Source:
        RFC 9110, sections 9.3.2 and 9.3.7.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, as another one if it is one of these."""
        method = scope.get("method")
        if method == "HEAD":
            await self._app({**scope, "method": "GET"}, *_headers_alone(send))
        elif method == "OPTIONS":
            await self._app(scope, receive, _methods_alone(send))
        else:
            await self._app(scope, receive, send)


def _headers_alone(send: Send) -> tuple[Receive, Send]:
    """Lets the headers through, and ends there: what would be streamed hears that nobody listens."""
    over = asyncio.Event()

    async def send_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b""})
            over.set()

    async def receive_end() -> Message:
        await over.wait()
        return {"type": "http.disconnect"}

    return receive_end, send_headers


def _methods_alone(send: Send) -> Send:
    """Turns the refusal of a method, which names those that there are, into the answer."""
    is_answered = False

    async def send_methods(message: Message) -> None:
        nonlocal is_answered
        if message.get("status") == HTTPStatus.METHOD_NOT_ALLOWED:
            is_answered = True
            allowed = [(name, value) for name, value in message["headers"] if name == b"allow"]
            await send({"type": "http.response.start", "status": HTTPStatus.NO_CONTENT, "headers": allowed})
            await send({"type": "http.response.body", "body": b""})
        elif not is_answered:
            await send(message)

    return send_methods
