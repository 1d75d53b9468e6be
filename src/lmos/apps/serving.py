"""Serving an ASGI app on a socket of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, ClassVar

import uvicorn

from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

_BACKLOG = 2048


class PortInUse(LmosError):
    """A port cannot be listened on."""

    code: ClassVar[str] = "PortInUse"


class Door:
    """
    A listening socket with an app behind it.

    The socket is bound at once, so the address is known, and taken, before anything is served.

    Raises:
        PortInUse: Somebody else listens there, or the system forbids it.
    """

    def __init__(self, name: str, host: str, port: int, *, option: str = "") -> None:
        try:
            self._socket = socket.create_server((host, port), backlog=_BACKLOG)
        except OSError as error:
            raise PortInUse(
                f"The {name} cannot listen on {host}:{port}: {error.strerror or error}.",
                hint=f"Choose another port with {option} (0 takes a free one)."
                if option
                else "Choose another port.",
            ) from error
        self.name = name
        self.host = host
        self.port: int = self._socket.getsockname()[1]

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://{self.host}:{self.port}"

    async def serve(self, app: ASGIApp) -> None:
        """Answer until cancelled, then finish what has begun, for at most two seconds."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=75,
            ws="websockets-sansio",
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[self._socket]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
