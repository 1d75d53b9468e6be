"""Sockets on which subscriptions are answered: graphql-transport-ws, with and without its subprotocol."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from lmos.arc.errors import TurnRefused
from lmos.core.errors import LmosError
from lmos.core.protocols.graphql_ws import (
    CloseWith,
    Completed,
    Event,
    Initialised,
    Payload,
    Send,
    ServerConnection,
    Subscribed,
    choose_subprotocol,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

INIT_SECONDS = 10.0
MAX_TURNS_A_SOCKET = 256
GOING_AWAY = 1001

log = logging.getLogger("lmos.arc")

Answers = Callable[[dict[str, Any], Headers], AsyncGenerator[dict[str, Any], None]]
"""
Makes of the payload of a `subscribe`, and of the headers of its socket, the payloads of each `next`.

It may raise an `LmosError` or `EndedWith`. It is closed when the client has lost interest.
"""


class EndedWith(Exception):
    """A subscription ends with these GraphQL errors."""

    def __init__(self, errors: Sequence[Payload]) -> None:
        self.errors = tuple(errors)
        super().__init__(*self.errors)


class Sockets:
    """
    All open sockets of a process; `drain` lets running Turns finish and turns new ones away.

    Args:
        answers: Answers one subscription.
        init_seconds: How long a client may take for its `connection_init`.
    """

    def __init__(self, answers: Answers, *, init_seconds: float = INIT_SECONDS) -> None:
        self.answers = answers
        self.init_seconds = init_seconds
        self.is_draining = False
        self._open: set[_Session] = set()
        self._idle = asyncio.Event()

    async def serve(self, socket: WebSocket) -> None:
        """Speak with one client until it leaves."""
        session = _Session(self, socket)
        self._open.add(session)
        try:
            await session.run()
        finally:
            self._open.discard(session)
            self.settled()

    def settled(self) -> None:
        """Note that a Turn or a socket has ended."""
        if not any(session.turns for session in self._open):
            self._idle.set()

    async def drain(self, seconds: float) -> None:
        """Take no new Turns, and wait until the running ones are answered, `seconds` at most."""
        self.is_draining = True
        self._idle.clear()
        self.settled()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)
        await asyncio.gather(*(session.leave() for session in self._open), return_exceptions=True)


class _Session:
    """One socket."""

    def __init__(self, sockets: Sockets, socket: WebSocket) -> None:
        self._sockets = sockets
        self._socket = socket
        self._machine = ServerConnection()
        self._closing: asyncio.Task[None] | None = None
        self.turns: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        await self._socket.accept(subprotocol=choose_subprotocol(self._socket.scope["subprotocols"]))
        loop = asyncio.get_running_loop()
        waiting = loop.call_later(self._sockets.init_seconds, self._init_is_late)
        try:
            while True:
                message = await self._socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                for event in self._machine.receive(message.get("text") or ""):
                    await self._on(event)
        except WebSocketDisconnect:
            return
        finally:
            waiting.cancel()
            await self._cancel_turns()

    async def leave(self) -> None:
        if self._socket.application_state is WebSocketState.CONNECTED:
            await self._socket.close(GOING_AWAY, "Stopping")

    async def _on(self, event: Event) -> None:
        match event:
            case Send(frame):
                await self._socket.send_text(frame)
            case Initialised():
                await self._socket.send_text(self._machine.acknowledge())
            case Subscribed(id_, payload):
                self._begin(id_, dict(payload))
            case Completed(id_):
                # The entry goes when the task has ended, so that a Turn that is being cancelled still counts.
                self.turns[id_].cancel()
            case CloseWith(code, reason):
                # Nothing may be said any more on a socket that is being closed.
                self._cancel_all()
                await self._socket.close(code, reason)

    def _begin(self, id_: str, payload: dict[str, Any]) -> None:
        is_refused = self._sockets.is_draining or len(self.turns) >= MAX_TURNS_A_SOCKET
        turn = asyncio.create_task(self._refuse(id_) if is_refused else self._turn(id_, payload))
        self.turns[id_] = turn
        turn.add_done_callback(lambda done: self._ended(id_, done))

    def _ended(self, id_: str, turn: asyncio.Task[None]) -> None:
        # A client may use the id again before a cancelled Turn has wound up.
        if self.turns.get(id_) is turn:
            del self.turns[id_]
        self._sockets.settled()

    async def _refuse(self, id_: str) -> None:
        error = TurnRefused("No more Turns are taken on this socket.", hint="Open another one.")
        await self._send(self._machine.error(id_, [_told(error)]))

    async def _turn(self, id_: str, payload: dict[str, Any]) -> None:
        try:
            await self._answer(id_, payload)
        except EndedWith as end:
            await self._send(self._machine.error(id_, end.errors))
        except LmosError as error:
            await self._send(self._machine.error(id_, [_told(error)]))
        except WebSocketDisconnect:
            # The client left while its answer was on the way.
            log.debug("client_left subscription=%s", id_)
        except Exception:
            log.exception("turn_failed subscription=%s", id_)
            await self._send(self._machine.error(id_, [{"message": "The Turn failed."}]))

    async def _answer(self, id_: str, payload: dict[str, Any]) -> None:
        async with contextlib.aclosing(self._sockets.answers(payload, self._socket.headers)) as answers:
            async for answer in answers:
                await self._send(self._machine.next(id_, answer))
        await self._send(self._machine.complete(id_))

    async def _send(self, frame: str) -> None:
        if self._socket.application_state is WebSocketState.CONNECTED:
            await self._socket.send_text(frame)

    def _init_is_late(self) -> None:
        close = self._machine.init_timeout()
        if close is not None:
            self._closing = asyncio.create_task(self._socket.close(close.code, close.reason))

    async def _cancel_turns(self) -> None:
        self._cancel_all()
        await asyncio.gather(*self.turns.values(), return_exceptions=True)

    def _cancel_all(self) -> None:
        for turn in self.turns.values():
            turn.cancel()


def _told(error: LmosError) -> dict[str, Any]:
    """A GraphQL error; `extensions.code` is the error's, the traceback stays in the log."""
    return {"message": error.message, "extensions": {"code": error.code}}
