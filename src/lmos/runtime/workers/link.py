"""Messages between two workers over a Unix socket that nobody else can reach."""

from __future__ import annotations

import asyncio
import pickle
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_SIZE_BYTES = 4


class Link(asyncio.Protocol):
    """
    One socket, with a whole message on each side of every call.

    Workers are one program in one version, started together by one user, and their sockets lie in a folder
    of that user's alone: they hand each other Python's own values.

    Args:
        hears: Called with each message.
        ends: Called once when the socket is gone.
    """

    def __init__(self, hears: Callable[[Link, Any], None], ends: Callable[[Link], None]) -> None:
        self._hears = hears
        self._ends = ends
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hear as many messages as are whole."""
        received = self._received
        received += data
        start = 0
        while len(received) - start >= _SIZE_BYTES:
            begins = start + _SIZE_BYTES
            ends = begins + int.from_bytes(received[start:begins], "big")
            if len(received) < ends:
                break
            message = pickle.loads(memoryview(received)[begins:ends])  # noqa: S301 - from a fellow worker
            start = ends
            self._hears(self, message)
        del received[:start]

    def connection_lost(self, _: Exception | None) -> None:
        """End."""
        self._transport = None
        self._ends(self)

    def send(self, message: object) -> None:
        """Say something in this round of the loop; when the socket is gone it is not heard."""
        if not self._unsent:
            self._loop.call_soon(self._flush)
        said = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        self._unsent += (len(said).to_bytes(_SIZE_BYTES, "big"), said)

    def close(self) -> None:
        """Hang up once all is said."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if unsent and self._transport is not None and not self._transport.is_closing():
            self._transport.writelines(unsent)
