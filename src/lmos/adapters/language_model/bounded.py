"""HTTP to an endpoint that is not trusted to be brief."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import httpx2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LARGEST_ANSWER = 1_000_000
"""Bytes; a model that keeps to its bounds writes some thousands."""


class AnswerTooLarge(Exception):
    """An endpoint sends more than any answer needs."""


class BoundedTransport(httpx2.AsyncHTTPTransport):
    """Breaks off answers above LARGEST_ANSWER; proxies in the environment are not asked."""

    def __init__(self) -> None:
        super().__init__(trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send `request`; the answer is bounded as it is read."""
        # What is small on the wire is small in memory.
        request.headers["accept-encoding"] = "identity"
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise AnswerTooLarge
        # An asynchronous transport makes no other streams.
        response.stream = _Bounded(cast("httpx2.AsyncByteStream", response.stream))
        return response


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in self._stream:
            read += len(chunk)
            if read > LARGEST_ANSWER:
                raise AnswerTooLarge
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
