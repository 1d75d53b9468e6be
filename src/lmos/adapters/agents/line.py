"""One WebSocket to an Agent, carrying any number of Turns side by side."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI

from lmos.core.protocols.graphql_ws import (
    SUBPROTOCOL,
    Acknowledged,
    ClientConnection,
    CloseCode,
    CloseWith,
    Completed,
    Event,
    Failed,
    Next,
    Send,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lmos.adapters.agents.settings import Limits
    from lmos.core.resources.endpoint import Address

NORMAL = 1000
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Broken:
    """
    The socket is gone.

    Attributes:
        reason: What happened, for people.
        code: The close code that the Agent sent, if it did.
        not_begun: Whether the Agent said that it did not begin this Turn.
    """

    reason: str
    code: int | None = None
    not_begun: bool = False


Heard = Next | Failed | Completed | Broken


class Hearing:
    """One Turn's side of a line: what the Agent says, in order."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        self.has_begun = False
        self.heard: asyncio.Queue[Heard] = asyncio.Queue()


class Line(asyncio.Protocol):
    """
    One WebSocket, from its upgrade to its end.

    Args:
        address: The Agent, as named in the Host header.
        headers: Sent on the upgrade.
        limits: Sizes and times.
        on_broken: Called once when the socket is gone.
    """

    def __init__(
        self,
        address: Address,
        headers: Mapping[str, str],
        limits: Limits,
        on_broken: Callable[[Line], None],
    ) -> None:
        uri = WebSocketURI(
            address.scheme == "https", address.host, address.port, address.path, "", None, None
        )
        self._websocket = ClientProtocol(
            uri, subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=limits.message_bytes, logger=log
        )
        self._headers = headers
        self._limits = limits
        self._on_broken = on_broken
        self._machine = ClientConnection()
        self._ids = count(1)
        self._hearings: dict[str, Hearing] = {}
        self._fragments = bytearray()
        self._loop = asyncio.get_running_loop()
        self._is_alive = True
        self._ping: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self.broken: Broken | None = None
        self.is_retired = False
        self.closed_by_us = False
        self.turns_served = 0
        self.idle_since = self._loop.time()

    @property
    def turns(self) -> int:
        """How many Turns are running."""
        return len(self._hearings)

    @property
    def is_shareable(self) -> bool:
        """Whether the Agent agreed to graphql-transport-ws, which runs Turns side by side."""
        return self._websocket.subprotocol == SUBPROTOCOL

    def subscribe(self, payload: Mapping[str, Any]) -> Hearing:
        """Ask; on a broken line the hearing says so at once."""
        hearing = Hearing(str(next(self._ids)))
        if self.broken:
            hearing.heard.put_nowait(Broken(self.broken.reason, self.broken.code, not_begun=True))
            return hearing
        self._hearings[hearing.id] = hearing
        self._say(self._machine.subscribe(hearing.id, payload))
        return hearing

    def end(self, hearing: Hearing) -> None:
        """Hear no more; the Agent is told if it was still answering."""
        if self._hearings.pop(hearing.id, None) and not self.broken:
            if hearing.id in self._machine.active:
                self._say(self._machine.complete(hearing.id))
            self.turns_served += 1
            self.idle_since = self._loop.time()

    def close(self) -> None:
        """Say goodbye and hang up."""
        if self.broken is None:
            self.closed_by_us = True
            self._hang_up(NORMAL, "")
            self._break(Broken("it was closed by us"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        # A stream's transport is one, whatever the loop's class for it: uvloop's does not say so.
        self._transport = cast("asyncio.Transport", transport)
        request = self._websocket.connect()
        for name, value in self._headers.items():
            request.headers[name] = value
        self._websocket.send_request(request)
        self._flush()
        self._ping = self._loop.call_later(self._limits.ping_seconds, self._check_life)

    def data_received(self, data: bytes) -> None:
        """Hear what came in."""
        self._is_alive = True
        self._websocket.receive_data(data)
        for event in self._websocket.events_received():
            if isinstance(event, Frame):
                self._on_frame(event)
            elif isinstance(event, Response):
                self._on_response(event)
        self._flush()
        if self._websocket.parser_exc is not None:
            self._break(Broken(f"it broke the WebSocket protocol: {self._websocket.parser_exc}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everyone who still waits."""
        if self._ping is not None:
            self._ping.cancel()
        self._break(Broken(f"the connection was lost ({exc})" if exc else "it closed the connection"))
        self.gone.set_result(None)

    def _on_response(self, response: Response) -> None:
        error = self._websocket.handshake_exc
        if error is None:
            self._say(self._machine.connect())
        else:
            is_upgrade = response.status_code == HTTPStatus.SWITCHING_PROTOCOLS
            told = str(error) if is_upgrade else f"HTTP {response.status_code}"
            self._break(Broken(f"it refused the upgrade with {told}"))

    def _on_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            received = self._websocket.close_rcvd
            code = received.code if received else None
            self._break(Broken(f"it closed the socket ({code} {received.reason if received else ''})", code))
        elif frame.opcode in {Opcode.TEXT, Opcode.CONT}:
            self._fragments += frame.data
            if frame.fin:
                text, self._fragments = bytes(self._fragments), bytearray()
                for event in self._machine.receive(text):
                    self._on(event)

    def _on(self, event: Event) -> None:
        match event:
            case Next(id_) | Failed(id_) | Completed(id_):
                self._hear(id_, event)
            case Acknowledged() if not self.ready.done():
                self.ready.set_result(None)
            case Send(frame):
                self._say(frame)
            case CloseWith(code, reason):
                self._hang_up(code, reason)
                self._break(Broken("it spoke something other than graphql-transport-ws"))

    def _hear(self, id_: str, event: Next | Failed | Completed) -> None:
        hearing = self._hearings.get(id_)
        if hearing is None:
            return
        hearing.has_begun = True
        if hearing.heard.qsize() < self._limits.buffered_results:
            hearing.heard.put_nowait(event)
            return
        self.end(hearing)
        hearing.heard.put_nowait(Broken("it answered faster than anyone read"))

    def _break(self, broken: Broken) -> None:
        if self.broken is not None:
            return
        self.broken = broken
        if not self.ready.done():
            self.ready.set_result(None)
        newest = next(reversed(self._hearings), None)
        for id_, hearing in self._hearings.items():
            # A close code of the protocol when a Turn joins others means that this one was not let in.
            refused = self.is_refusal and id_ == newest and not hearing.has_begun
            hearing.heard.put_nowait(Broken(broken.reason, broken.code, not_begun=refused))
        self._on_broken(self)
        self._hearings.clear()
        if self._transport is not None:
            self._transport.close()

    @property
    def is_refusal(self) -> bool:
        """Whether the Agent closed the socket because Turns shared it."""
        code = self.broken.code if self.broken else None
        return len(self._hearings) > 1 and code is not None and code in set(CloseCode)

    def _say(self, frame: str) -> None:
        try:
            self._websocket.send_text(frame.encode())
        except InvalidState:
            # The Agent's goodbye is being read; whoever waits is told by `_break`.
            return
        self._flush()

    def _hang_up(self, code: int, reason: str) -> None:
        try:
            self._websocket.send_close(code, reason)
        except InvalidState:
            return
        self._flush()

    def _flush(self) -> None:
        data = b"".join(self._websocket.data_to_send())
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _check_life(self) -> None:
        if not self._is_alive:
            self._break(Broken("it gave no sign of life"))
            return
        self._is_alive = False
        try:
            self._websocket.send_ping(b"")
        except InvalidState:
            return
        self._flush()
        self._ping = self._loop.call_later(self._limits.ping_seconds, self._check_life)
