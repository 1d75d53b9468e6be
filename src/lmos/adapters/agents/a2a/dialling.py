"""HTTP to one replica of an Agent: dialled at its own place, called by the Agent's name, read with limits."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, cast

import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from lmos.adapters.agents.health import Health
    from lmos.adapters.agents.replicas import Place
    from lmos.adapters.agents.settings import Limits

_IDLE_SECONDS = 4.0
"""How long a connection rests before it is used no more: many servers hang up after five."""

_OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)
_EVENT_ENDS = (b"\n\n", b"\r\n\r\n")
_LONGEST_END = 4
_PLAIN = {"", "identity"}


class Unreachable(Exception):
    """No connection, so no Agent has begun; `is_ours` where this process is at fault."""

    def __init__(self, reason: str, *, is_ours: bool = False) -> None:
        self.is_ours = is_ours
        super().__init__(reason)


class Unreadable(Exception):
    """An answer that is not read on."""


class ReplicaTransport(httpx.AsyncBaseTransport):
    """
    Sends what is for the Agent to the replica at `place`.

    Args:
        place: Host and port to dial.
        limits: How long an event of the Agent may be.
        health: Hears whether the replica can be reached.
        tls: For addresses with `https`; the certificate is that of the Agent's name.
    """

    def __init__(self, place: Place, limits: Limits, health: Health, tls: ssl.SSLContext) -> None:
        self._place = place
        self._limits = limits
        self._health = health
        # How many Turns there are at once is decided before they come here.
        kept = httpx.Limits(max_keepalive_connections=limits.lonely_turns, keepalive_expiry=_IDLE_SECONDS)
        # A proxy of the environment would know none of the cluster's names.
        self._http = httpx.AsyncHTTPTransport(verify=tls, trust_env=False, limits=kept)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        The answer, whose body is still to be read.

        Raises:
            Unreachable: The replica could not be connected to.
            Unreadable: It compressed its answer unasked, which might hide any size.
        """
        host, port = self._place
        request.extensions = {**request.extensions, "sni_hostname": request.url.host}
        request.url = request.url.copy_with(host=host, port=port)
        try:
            response = await self._http.handle_async_request(request)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            is_ours = _is_ours(error)
            if not is_ours:
                self._health.unreachable()
            raise Unreachable(_told(error), is_ours=is_ours) from error
        self._health.connected()
        if response.headers.get("content-encoding", "") not in _PLAIN:
            await response.aclose()
            raise Unreadable("It compressed its answer, which it was asked not to.")
        is_stream = response.headers.get("content-type", "").startswith("text/event-stream")
        body = cast("httpx.AsyncByteStream", response.stream)
        limited = _Limited(body, self._limits.message_bytes, _EVENT_ENDS if is_stream else ())
        return httpx.Response(
            response.status_code, headers=response.headers, stream=limited, extensions=response.extensions
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


class _Limited(httpx.AsyncByteStream):
    """A body of which no more than `most_bytes` come between two of `ends`; without any, all of it counts."""

    def __init__(self, stream: httpx.AsyncByteStream, most_bytes: int, ends: tuple[bytes, ...]) -> None:
        self._stream = stream
        self._most_bytes = most_bytes
        self._ends = ends

    async def __aiter__(self) -> AsyncIterator[bytes]:
        length, before = 0, b""
        async for chunk in self._stream:
            # An end may be torn apart.
            seen = before + chunk
            after_end = max((seen.rfind(end) + len(end) for end in self._ends if end in seen), default=0)
            length = len(seen) - after_end if after_end else length + len(chunk)
            if length > self._most_bytes:
                raise Unreadable(f"It sent more than {self._most_bytes} bytes at once.")
            before = seen[-_LONGEST_END:]
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _is_ours(error: BaseException | None) -> bool:
    """Whether we lack file descriptors; every library on the way has wrapped the error once more."""
    while error is not None:
        tried = getattr(error, "exceptions", ())
        if any(getattr(each, "errno", None) in _OUT_OF_DESCRIPTORS for each in (error, *tried)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _told(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return "it did not connect in time"
    return str(error) or type(error).__name__
