"""A door's HTTP server: answers leave in one piece, large ones no faster than the client takes them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from lmos.apps.serving import Door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send

CHUNK = b"x" * 64 * 1024
CHUNKS = 800


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[int]:
    """The port of `app`."""
    door = Door("app", "127.0.0.1", 0, option="--port")
    serving = asyncio.create_task(door.serve(app))
    try:
        yield door.port
    finally:
        serving.cancel()
        await asyncio.wait([serving])


async def ask(port: int, more: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET / HTTP/1.1\r\nHost: here\r\n{more}\r\n".encode())
    return reader, writer


async def test_head_and_body_arrive_together() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})

    async with served(app) as port:
        reader, writer = await ask(port)
        for _ in range(3):
            assert (await reader.read(1000)).endswith(b"\r\n\r\nhello")
            writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        writer.close()


async def test_an_answer_of_which_the_server_closes_the_line_is_whole() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello", "more_body": True})
        await send({"type": "http.response.body", "body": b" world"})

    async with served(app) as port:
        reader, writer = await ask(port, "Connection: close\r\n")
        assert (await reader.read()).endswith(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
        writer.close()


async def test_whoever_streams_waits_for_a_client_that_does_not_read() -> None:
    sent = 0

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(CHUNKS):
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
            sent += 1
        await send({"type": "http.response.body", "body": b""})

    async with served(app) as port:
        reader, writer = await ask(port, "Connection: close\r\n")
        # It runs on until it has to wait, so by the first byte it is as far as it gets.
        first = await reader.readexactly(1)
        assert sent < CHUNKS
        whole = first + await reader.read()
        assert whole.count(CHUNK) == CHUNKS
        writer.close()
