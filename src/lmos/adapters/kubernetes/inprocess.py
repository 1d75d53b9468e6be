"""An HTTP transport that calls an ASGI app in this process and streams its answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    AsgiApp = Callable[
        [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
    ]

_CHUNKS_AHEAD = 64


class AsgiTransport(httpx2.AsyncBaseTransport):
    """
    Reaches `app` without a socket.

    httpx2's own ASGI transport hands the body over when the app has finished, so a watch would never
    speak; this one yields each chunk as it comes, and the app sees a disconnect when the reader leaves.
    """

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Run the app as a task until its answer starts, and hand out the rest as a stream."""
        exchange = _Exchange(await request.aread())
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query,
            "server": (request.url.host, request.url.port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
        }
        exchange.task = asyncio.create_task(exchange.run(self._app, scope))
        try:
            start = await exchange.started
        except BaseException:
            await exchange.aclose()
            raise
        return httpx2.Response(start["status"], headers=start.get("headers", []), stream=exchange)


class _Exchange(httpx2.AsyncByteStream):
    """One request and its answer; iterating it yields the body."""

    task: asyncio.Task[None]

    def __init__(self, body: bytes) -> None:
        self.started: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._body: bytes | None = body
        self._chunks: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue(_CHUNKS_AHEAD)
        self._left = asyncio.Event()

    async def run(self, app: AsgiApp, scope: Message) -> None:
        """Drive the app; its failure becomes the reader's."""
        try:
            await app(scope, self._receive, self._send)
            end: BaseException | None = None
        except Exception as error:  # noqa: BLE001 - handed to whoever reads the answer
            end = error
        if not self.started.done():
            self.started.set_exception(end or RuntimeError("The app ended without an answer."))
        else:
            await self._chunks.put(end)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started.set_result(message)
        elif message.get("body"):
            await self._chunks.put(message["body"])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._chunks.get()) is not None:
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk

    async def aclose(self) -> None:
        """Tell the app that the reader has left, and end it."""
        self._left.set()
        self.task.cancel()
        await asyncio.wait([self.task])
