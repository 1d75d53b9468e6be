"""One graphql-transport-ws socket to an Agent, carrying any number of Turns side by side."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any

from lmos.adapters.agents.hearing import Broken, Hearing
from lmos.adapters.agents.websocket import NO_CODE, NORMAL, DialFailed, WebSocket
from lmos.core.protocols.graphql_ws import (
    SUBPROTOCOL,
    Acknowledged,
    ClientConnection,
    CloseWith,
    Completed,
    Event,
    Failed,
    Next,
    Send,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from lmos.adapters.agents.settings import Limits
    from lmos.adapters.agents.websocket import Target


ORDERLY = frozenset({NORMAL, NO_CODE})
"""The Agent holds the socket's purpose fulfilled: it knows of no Turn that it has not said a word about."""

DYING = frozenset({1001, 1011, 1012})
"""The Agent goes away, failed or restarts: what it has begun it does not say."""


class Line:
    """
    One socket, from its dialling to its end.

    Args:
        limits: Sizes and times.
        on_broken: Called once when the socket is gone, while `hearings` still tells whose Turns it carried.

    Attributes:
        ready: Done when Turns may begin, or `broken` says why none ever will.
        was_ready: Whether Turns could ever begin on it.
        expected: How many Turns wait for it to be ready.
        is_ours: Whether it could not be opened for want of something on our side.
        is_on_trial: Whether a Turn joined another on it while it was not known whether that works.
        was_shared: Whether such a Turn was answered, so that it does.
    """

    def __init__(self, limits: Limits, on_broken: Callable[[Line], None]) -> None:
        self._limits = limits
        self._on_broken = on_broken
        self._machine = ClientConnection()
        self._ids = count(1)
        self._loop = asyncio.get_running_loop()
        self._life: asyncio.TimerHandle | None = None
        self._slow: dict[Hearing, asyncio.TimerHandle] = {}
        self._websocket = WebSocket(limits, self._heard, self._gone)
        self.hearings: dict[str, Hearing] = {}
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.broken: Broken | None = None
        self.expected = 0
        self.was_ready = False
        self.is_ours = False
        self.is_retired = False
        self.is_on_trial = False
        self.was_shared = False
        self.closed_by_us = False
        self.turns_served = 0
        self.idle_since = self._loop.time()

    @property
    def turns(self) -> int:
        """How many Turns are running, or will as soon as it is ready."""
        return len(self.hearings) + self.expected

    @property
    def is_shareable(self) -> bool:
        """Whether the Agent agreed to graphql-transport-ws, which runs Turns side by side."""
        return self._websocket.subprotocol == SUBPROTOCOL

    @property
    def rested_seconds(self) -> float:
        """How long no Turn has ended on it."""
        return self._loop.time() - self.idle_since

    @property
    def is_refusal(self) -> bool:
        """Whether the Agent closed the socket because a Turn joined another on it."""
        code = self.broken.code if self.broken else None
        return self.is_on_trial and not self.was_shared and code is not None and code not in DYING

    async def run(
        self, target: Target, headers: Mapping[str, str], connect_seconds: float, tls: ssl.SSLContext | None
    ) -> None:
        """Open it and see it through to its end."""
        self._life = self._loop.call_later(connect_seconds, self._give_up, connect_seconds)
        try:
            await self._websocket.dial(target, headers, seconds=connect_seconds, tls=tls)
        except DialFailed as error:
            self.is_ours = error.is_ours
            self._break(Broken(str(error)))
            return
        if self.broken:
            self._websocket.close()
        else:
            self._websocket.send(self._machine.connect())
        await self._websocket.ended()

    def subscribe(self, payload: Mapping[str, Any]) -> Hearing:
        """Ask, on a line that is ready and not broken."""
        hearing = Hearing(str(next(self._ids)), self._read, is_guest=bool(self.hearings))
        self.hearings[hearing.id] = hearing
        self._websocket.send(self._machine.subscribe(hearing.id, payload))
        if self._life is None:
            self._life = self._loop.call_later(self._limits.ping_seconds, self._look_for_life)
        return hearing

    def end(self, hearing: Hearing) -> None:
        """Hear no more; the Agent is told if it was still answering."""
        self._read_on(hearing)
        if hearing.id in self.hearings:
            self._websocket.send(self._machine.complete(hearing.id))
            self._serve_next(hearing)

    def close(self) -> None:
        """Say goodbye; Turns that still run hear that the line broke."""
        self.closed_by_us = True
        self._websocket.close(NORMAL)
        self._break(Broken("it was closed by us"))

    async def lives(self) -> bool:
        """Whether the Agent gives a sign of life within `pong_seconds`; else the line is broken."""
        if not await self._websocket.answers_ping(self._limits.pong_seconds):
            self._die()
        return self.broken is None

    def _give_up(self, seconds: float) -> None:
        self._websocket.close()
        self._break(Broken(f"it did not connect within {seconds:g} s"))

    def _heard(self, text: bytes) -> None:
        if len(text) >= self._limits.large_bytes:
            self.is_retired = True
        for event in self._machine.receive(text):
            self._on(event)

    def _on(self, event: Event) -> None:
        match event:
            case Next(id_) | Completed(id_) | Failed(id_):
                self._hear(id_, event)
            case Acknowledged() if not self.ready.done():
                self._stop_timer()
                self.was_ready = True
                self.ready.set_result(None)
            case Send(frame):
                self._websocket.send(frame)
            case CloseWith(code, reason):
                self._websocket.close(code, reason)
                self._break(Broken("it spoke something other than graphql-transport-ws"))

    def _hear(self, id_: str, event: Next | Failed | Completed) -> None:
        hearing = self.hearings.get(id_)
        if hearing is None:
            return
        hearing.has_begun = True
        if not isinstance(event, Next):
            # What else it says, its goodbye for one, is none of this Turn's business any more.
            self._serve_next(hearing)
        elif hearing.is_guest:
            self.was_shared = True
        hearing.put(event)
        if len(hearing) >= self._limits.waiting_results and hearing not in self._slow:
            give_up = self._loop.call_later(self._limits.slow_reader_seconds, self._leave_behind, hearing)
            self._slow[hearing] = give_up
            self._websocket.pause()

    def _serve_next(self, hearing: Hearing) -> None:
        """A Turn is over; the line is there for others."""
        del self.hearings[hearing.id]
        self.turns_served += 1
        self.idle_since = self._loop.time()

    def _read(self, hearing: Hearing) -> None:
        if self._slow and len(hearing) * 2 <= self._limits.waiting_results:
            self._read_on(hearing)

    def _read_on(self, hearing: Hearing) -> None:
        give_up = self._slow.pop(hearing, None)
        if give_up is not None:
            give_up.cancel()
            if not self._slow:
                self._websocket.resume()

    def _leave_behind(self, hearing: Hearing) -> None:
        self.end(hearing)
        hearing.put(Broken("it answered faster than anyone read"))

    def _gone(self, reason: str, code: int | None) -> None:
        self._break(Broken(reason, code))

    def _break(self, broken: Broken) -> None:
        if self.broken is not None:
            return
        self.broken = broken
        if not self.ready.done():
            self.ready.set_result(None)
        self._stop_timer()
        for give_up in self._slow.values():
            give_up.cancel()
        self._slow.clear()
        self._on_broken(self)
        hearings, self.hearings = self.hearings, {}
        unheard_of = self.is_refusal or broken.code in ORDERLY
        for hearing in hearings.values():
            hearing.put(Broken(broken.reason, broken.code, not_begun=unheard_of and not hearing.has_begun))

    def _stop_timer(self) -> None:
        if self._life is not None:
            self._life.cancel()
            self._life = None

    def _look_for_life(self) -> None:
        """While Turns run, an Agent that was silent is asked for a sign of life."""
        self._life = None
        if not self.hearings:
            return
        if self._websocket.is_alive or self._slow:
            self._websocket.is_alive = False
            self._life = self._loop.call_later(self._limits.ping_seconds, self._look_for_life)
        else:
            self._websocket.ping()
            self._life = self._loop.call_later(self._limits.pong_seconds, self._expect_life)

    def _expect_life(self) -> None:
        if self._websocket.is_alive or self._slow:
            self._look_for_life()
        else:
            self._die()

    def _die(self) -> None:
        self._websocket.abort()
        self._break(Broken("it gave no sign of life"))
