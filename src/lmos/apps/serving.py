"""Serving an ASGI app on a socket of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING, ClassVar

import uvicorn

from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

_BACKLOG = 2048


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
        try:
            bound = socket.create_server((host, port), backlog=_BACKLOG)
        except OSError as error:
            raise PortInUse(
                f"The {name} cannot listen on {host}:{port}: {_why(error)}.",
                hint=f"Choose another port with {option} (0 takes a free one).",
            ) from error
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
            log_config=None,
            access_log=False,
            server_header=False,
            # Nobody in front of us speaks for a client.
            proxy_headers=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=75,
            # What nobody asks for is not loaded.
            ws="websockets-sansio" if websockets else "none",
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


def _why(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
