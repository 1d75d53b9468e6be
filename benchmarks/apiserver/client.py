"""A light HTTP/1.1 client: one connection, one request at a time, with little work of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import urlsplit

import httptools

from benchmarks.apiserver.servers import ANY_CERTIFICATE, TOKEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """
    A connection that is kept open.

    Use `Connection.to`, `ask` for whole answers, and `lines` once, last, for an answer that goes on.
    """

    def __init__(self, host: str) -> None:
        self._head = f"host: {host}\r\nauthorization: Bearer {TOKEN}\r\n"
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._chunks: list[bytes] = []
        self._answer: asyncio.Future[Answer] | None = None
        self._lines: asyncio.Queue[bytes | None] | None = None
        self._rest = b""

    @classmethod
    async def to(cls, url: str) -> Self:
        """Connect; certificates are not looked at."""
        parts = urlsplit(url)
        certificates = ANY_CERTIFICATE if parts.scheme == "https" else None
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: cls(parts.netloc), parts.hostname or "", parts.port or 0, ssl=certificates
        )
        return connection

    async def ask(
        self, method: str, path: str, body: bytes = b"", content_type: str = "application/json"
    ) -> Answer:
        """Send a request and wait for the whole answer. Raises ConnectionError when there is none."""
        self._answer = asyncio.get_running_loop().create_future()
        self._send(method, path, body, content_type)
        return await self._answer

    async def lines(self, path: str) -> AsyncIterator[bytes]:
        """The lines of an answer as they come."""
        self._lines = asyncio.Queue()
        self._send("GET", path, b"", "application/json")
        while (line := await self._lines.get()) is not None:
            yield line

    def close(self) -> None:
        """Hang up."""
        if self._transport:
            self._transport.close()

    def _send(self, method: str, path: str, body: bytes, content_type: str) -> None:
        assert self._transport
        head = (
            f"{method} {path} HTTP/1.1\r\n{self._head}"
            f"content-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self._transport.write(head.encode() + body)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        if self._answer and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server hung up"))
        if self._lines:
            self._lines.put_nowait(None)

    def on_body(self, data: bytes) -> None:
        """Called by the parser."""
        if self._lines is None:
            self._chunks.append(data)
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._lines.put_nowait(line)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        body, self._chunks = b"".join(self._chunks), []
        status = self._parser.get_status_code()
        self._parser = httptools.HttpResponseParser(self)
        if self._answer and not self._answer.done():
            self._answer.set_result(Answer(status, body))
        if self._lines:
            self._lines.put_nowait(None)
