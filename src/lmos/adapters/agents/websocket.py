"""One WebSocket to an Agent: text in, text out, and why it ended."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from picows import WSCloseCode, WSHandshakeError, WSListener, WSMsgType, ws_connect
from picows import WSError as PicowsError

from lmos.core.protocols.graphql_ws import SUBPROTOCOL

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from picows import WSFrame, WSTransport, WSUpgradeRequest, WSUpgradeResponse

    from lmos.adapters.agents.settings import Limits
    from lmos.core.resources.endpoint import Address

NORMAL = 1000
NO_CODE = 1005
PROTOCOL_ERROR = 1002
NOT_TEXT = 1003
TOO_BIG = 1009

_CODE_BYTES = 2
# Linux alone knows it; elsewhere each frame goes by itself.
_CORK: int | None = getattr(socket, "TCP_CORK", None)
_OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)

# What picows would log, our errors say; each connection has its own logger that looks to this one.
log = logging.getLogger(__name__)
log.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Target:
    """One replica of an Agent: its own host and port, and the Agent's address by which it is called."""

    address: Address
    host: str
    port: int


class DialFailed(Exception):
    """No WebSocket could be opened; `is_ours` where not the Agent is at fault but this process."""

    def __init__(self, reason: str, *, is_ours: bool = False) -> None:
        self.is_ours = is_ours
        super().__init__(reason)


class WebSocket(WSListener):
    """
    A WebSocket, once dialled.

    Args:
        limits: Sizes and times.
        hears: Called with each text message, undecoded.
        ends: Called once at the end, with what happened and the Agent's close code, if it sent one.
    """

    def __init__(
        self,
        limits: Limits,
        hears: Callable[[bytes], None],
        ends: Callable[[str, int | None], None],
    ) -> None:
        self._limits = limits
        self._hears = hears
        self._ends = ends
        self._transport: WSTransport | None = None
        self._dialled: WSTransport | None = None
        self._unsent: list[str] = []
        self._fragments: bytearray | None = None
        self._pong: asyncio.Future[None] | None = None
        self.is_alive = True
        self.subprotocol: str | None = None

    async def dial(
        self,
        target: Target,
        headers: Mapping[str, str],
        *,
        seconds: float,
        tls: ssl.SSLContext | None,
    ) -> None:
        """
        Connect and agree to speak WebSocket, each within `seconds`.

        Raises:
            DialFailed: It did not come to that.
        """
        address = target.address
        try:
            async with asyncio.timeout(2 * seconds):
                await ws_connect(
                    self._upgraded,
                    f"{'wss' if tls else 'ws'}://{target.host}:{target.port}{address.path}",
                    ssl_context=tls,
                    websocket_handshake_timeout=seconds,
                    logger_name=log,
                    max_frame_size=self._limits.message_bytes,
                    max_redirects=0,
                    extra_headers=_upgrade_headers(address, headers),
                    # The loop's own connections: one road less than picows' default.
                    use_aiofastnet=False,
                    server_hostname=address.host if tls else None,
                )
        except TimeoutError as error:
            raise DialFailed(f"it did not connect within {seconds:g} s") from error
        except WSHandshakeError as error:
            raise DialFailed(f"it refused the upgrade with {_refusal(error)}") from error
        except (OSError, ValueError, PicowsError) as error:
            # A host name that cannot be encoded is a ValueError.
            raise DialFailed(_told(error), is_ours=_is_ours(error)) from error
        if self._dialled is None:
            # picows returns all the same.
            raise DialFailed("it closed the connection during the upgrade")

    async def ended(self) -> None:
        """Wait for the end of a WebSocket that was dialled."""
        if self._dialled is not None:
            # A broken protocol was told as it happened; what is wrong with us goes on to the loop.
            with suppress(PicowsError):
                await self._dialled.wait_disconnected()

    def send(self, text: str) -> None:
        """Say something in this round of the loop; after the end it is not heard."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(text)

    def ping(self) -> None:
        """Ask for a sign of life, which shows in `is_alive`."""
        self.is_alive = False
        if self._transport is not None:
            self._transport.send_ping()

    async def answers_ping(self, seconds: float) -> bool:
        """Whether a sign of life comes within `seconds`."""
        if self._pong is None:
            self._pong = asyncio.get_running_loop().create_future()
            self.ping()
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(self._pong)
        except TimeoutError:
            return False
        return self._transport is not None

    def pause(self) -> None:
        """Read no more, so that the Agent has to wait."""
        if self._transport is not None:
            self._transport.underlying_transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None:
            self._transport.underlying_transport.resume_reading()

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Say goodbye and wait a moment for the Agent's; nothing more is heard."""
        self._flush()
        transport, self._transport = self._transport, None
        if transport is None:
            return
        # A close code is any number of RFC 6455; picows names only some of them.
        transport.send_close(cast("WSCloseCode", code), reason)
        loop = asyncio.get_running_loop()
        loop.call_later(self._limits.close_seconds, transport.disconnect, False)  # noqa: FBT003 - picows' own order

    def abort(self) -> None:
        """Leave a peer that gives no sign of life."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.disconnect(graceful=False)

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Take over: messages may come before `dial` returns."""
        self._transport = self._dialled = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Hear one frame; pings are answered by picows."""
        self.is_alive = True
        kind = frame.msg_type
        if kind is WSMsgType.CLOSE:
            self._on_close(transport, frame.get_payload_as_bytes())
        elif transport.is_close_frame_sent:
            # We said goodbye, or picows did over a broken frame; it hands on what follows all the same.
            return
        elif kind is WSMsgType.TEXT and frame.fin and self._fragments is None:
            self._hears(frame.get_payload_as_bytes())
        elif kind in {WSMsgType.TEXT, WSMsgType.CONTINUATION}:
            self._on_fragment(
                frame.get_payload_as_bytes(), is_first=kind is WSMsgType.TEXT, is_last=frame.fin
            )
        elif kind is WSMsgType.BINARY:
            self._refuse(NOT_TEXT, "it sent a binary message")
        elif kind is WSMsgType.PONG:
            self._found_out()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Tell that it is over, where that is news."""
        self._found_out()
        self._end(transport, "it closed the connection", None)

    def _upgraded(self, _request: WSUpgradeRequest, response: WSUpgradeResponse) -> WSListener:
        self.subprotocol = response.headers.get("Sec-WebSocket-Protocol")
        return self

    def _on_close(self, transport: WSTransport, payload: bytes) -> None:
        code = int.from_bytes(payload[:_CODE_BYTES], "big") if payload else NO_CODE
        answered = NORMAL if code == NO_CODE else code
        self._end(transport, f"it closed the socket ({code} {payload[_CODE_BYTES:].decode()})", code)
        transport.send_close(cast("WSCloseCode", answered))
        transport.disconnect()

    def _end(self, transport: WSTransport, reason: str, code: int | None) -> None:
        if self._transport is None:
            return
        self._transport = None
        if transport.close_handshake is not None and transport.close_handshake.sent is not None:
            # picows said goodbye by itself.
            reason, code = f"it broke the WebSocket protocol: {transport.close_handshake.sent.reason}", None
        self._ends(reason, code)

    def _on_fragment(self, part: bytes, *, is_first: bool, is_last: bool) -> None:
        if is_first is not (self._fragments is None):
            self._refuse(PROTOCOL_ERROR, "it broke the WebSocket protocol: fragments are out of order")
            return
        if self._fragments is None:
            self._fragments = bytearray()
        self._fragments += part
        if len(self._fragments) > self._limits.message_bytes:
            self._refuse(TOO_BIG, f"it sent a message of more than {self._limits.message_bytes} bytes")
        elif is_last:
            message, self._fragments = bytes(self._fragments), None
            self._hears(message)

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        transport = self._transport
        if transport is None or not unsent:
            return
        if len(unsent) == 1 or _CORK is None:
            for text in unsent:
                transport.send(WSMsgType.TEXT, text)
            return
        # What is said in one round travels together: every packet costs both sides more than its frame.
        connection = transport.underlying_transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, _CORK, 1)
        for text in unsent:
            transport.send(WSMsgType.TEXT, text)
        connection.setsockopt(socket.IPPROTO_TCP, _CORK, 0)

    def _found_out(self) -> None:
        pong, self._pong = self._pong, None
        if pong is not None:
            pong.set_result(None)

    def _refuse(self, code: int, reason: str) -> None:
        self.close(code, reason)
        self._ends(reason, None)


def _upgrade_headers(address: Address, headers: Mapping[str, str]) -> dict[str, str]:
    return {
        "Host": f"{address.host}:{address.port}",
        "Sec-WebSocket-Protocol": SUBPROTOCOL,
        **headers,
    }


def _refusal(error: WSHandshakeError) -> str:
    response = error.response
    # An answer that is no upgrade tells more by its status than by what it lacks.
    is_upgrade = response is None or response.status == 101  # noqa: PLR2004 - Switching Protocols
    return str(error) if is_upgrade or response is None else f"HTTP {response.status.value}"


def _told(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _is_ours(error: Exception) -> bool:
    tried: Any = getattr(error, "exceptions", ())
    return any(getattr(each, "errno", None) in _OUT_OF_DESCRIPTORS for each in (error, *tried))
