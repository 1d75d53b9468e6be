"""Serving an ASGI app on a socket of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING, ClassVar, Self, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from starlette.types import ASGIApp

_BACKLOG = 2048
_FRAME_BYTES = 4 * 1024 * 1024
"""Of a WebSocket's message, as much as of a body."""

_SMALL_BYTES = 4096
_MOST_GATHERED = 16
"""Writes, of that size each at most, that are sent together."""


class PortInUse(LmosError):
    """A port cannot be listened on."""

    code: ClassVar[str] = "PortInUse"


class Door:
    """
    A listening socket with an app behind it.

    The socket is bound at once, so the address is known, and taken, before anything is served.

    Args:
        name: What is behind it, for messages.
        host: Address to listen on.
        port: 0 takes a free one.
        option: The option of the command line that chooses the port.

    Raises:
        PortInUse: Somebody else listens there, or the system forbids it.
    """

    def __init__(self, name: str, host: str, port: int, *, option: str) -> None:
        self._take(name, host, listening_socket(name, host, port, option=option))

    @classmethod
    def inherited(cls, name: str, host: str, descriptor: int) -> Self:
        """The door whose socket another process has bound and left to us."""
        door = cls.__new__(cls)
        door._take(name, host, socket.socket(fileno=descriptor))  # noqa: SLF001 - our own
        return door

    def _take(self, name: str, host: str, bound: socket.socket) -> None:
        # asyncio lets answers leave at once only on sockets that say that they speak TCP.
        self._socket = socket.socket(
            bound.family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=bound.detach()
        )
        self.name = name
        self.host = host
        self.port: int = self._socket.getsockname()[1]

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://{self.host}:{self.port}"

    async def serve(
        self, app: ASGIApp, *, on_stop: Callable[[], None] | None = None, websockets: bool = False
    ) -> None:
        """
        Answer until cancelled, then finish what has begun, for at most two seconds.

        Args:
            app: What answers.
            on_stop: Ends answers that would never finish by themselves.
            websockets: Whether it speaks WebSocket too.
        """
        config = uvicorn.Config(
            app,
            http=_HttpProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            # Nobody in front of us speaks for a client.
            proxy_headers=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=75,
            # What nobody asks for is not loaded.
            ws="websockets-sansio" if websockets else "none",
            ws_max_size=_FRAME_BYTES,
            ws_per_message_deflate=False,
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[self._socket]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            if on_stop:
                on_stop()
            server.should_exit = True
            await serving
            raise


def listening_socket(name: str, host: str, port: int, *, option: str, shared: bool = False) -> socket.socket:
    """
    A socket that listens on a port; a `shared` one lets others of this user listen there as well.

    Raises:
        PortInUse: Somebody else listens there, or the system forbids it.
    """
    try:
        return socket.create_server((host, port), backlog=_BACKLOG, reuse_port=shared)
    except OSError as error:
        raise PortInUse(
            f"The {name} cannot listen on {host}:{port}: {_why(error)}.",
            hint=f"Choose another port with {option} (0 takes a free one).",
        ) from error


def _why(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _HttpProtocol(HttpToolsProtocol):
    """Writes an answer's head and body at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Speak through a transport that gathers."""
        super().connection_made(cast("asyncio.Transport", _Gathered(transport)))


class _Gathered:
    """
    A transport that sends what is written in one round of the event loop together.

    The HTTP server writes head and body apart; each would cost a system call and wake the client. What is
    large is sent at once, so that whoever writes it hears when the client does not keep up.
    """

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._loop = asyncio.get_running_loop()
        self._written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send it with all else that is written in this round."""
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)
        if len(data) > _SMALL_BYTES or len(self._written) > _MOST_GATHERED:
            self._send()

    def close(self) -> None:
        """Send what was written, then close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        written, self._written = self._written, []
        # The client may have gone since.
        if written and not self._transport.is_closing():
            self._transport.writelines(written)
