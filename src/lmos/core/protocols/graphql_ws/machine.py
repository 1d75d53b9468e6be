"""The two ends of a graphql-transport-ws socket as sans-I/O machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from lmos.core.errors import LmosError
from lmos.core.protocols.graphql_ws.events import (
    FORBIDDEN,
    INIT_TIMEOUT,
    INVALID,
    SUBSCRIBER_EXISTS,
    Acknowledged,
    CloseWith,
    Completed,
    Event,
    Failed,
    Initialised,
    Next,
    Payload,
    Send,
    Subscribed,
)
from lmos.core.protocols.graphql_ws.frames import frame, message_in
from lmos.core.protocols.graphql_ws.tables import CLIENT_TABLE, SERVER_TABLE, Reaction, State, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SUBPROTOCOL = "graphql-transport-ws"


class ProtocolMisuse(LmosError):
    """Our own side tried to say something that the protocol does not allow here."""

    code: ClassVar[str] = "ProtocolMisuse"


def choose_subprotocol(offered: Iterable[str]) -> str | None:
    """
    The subprotocol a server answers with: ours where it was offered, else none.

    Without one the socket is served all the same: the original's runtime offers none.
    """
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


class _Connection:
    """What both sides share: the state, the running subscriptions, reading a frame."""

    _table: ClassVar[Table]

    def __init__(self) -> None:
        self.state = State.NEW
        self._active: set[str] = set()

    @property
    def active(self) -> frozenset[str]:
        """Ids of the subscriptions that neither side has ended."""
        return frozenset(self._active)

    def receive(self, text: str | bytes) -> list[Event]:
        """What one text frame of the other side means, in order; empty if it changes nothing."""
        if self.state is State.CLOSED:
            return []
        message = message_in(text)
        if message is None:
            return [self._close(INVALID)]
        reaction = self._table[self.state].get(message["type"], INVALID)
        if isinstance(reaction, CloseWith):
            return [self._close(reaction)]
        return self._react(reaction, message)

    def complete(self, id_: str) -> str:
        """End subscription `id_` from our side. Raises `ProtocolMisuse` if it is not active."""
        self._end(id_)
        return frame("complete", id_)

    def _react(self, reaction: Reaction, message: Mapping[str, Any]) -> list[Event]:
        raise NotImplementedError

    def _completed(self, id_: str) -> list[Event]:
        if id_ not in self._active:
            # Both sides may end a subscription at the same moment; what is late is dropped.
            return []
        self._active.remove(id_)
        return [Completed(id_)]

    def _begin(self, id_: str) -> None:
        if self.state is not State.READY or id_ in self._active:
            raise ProtocolMisuse(f"Cannot subscribe as {id_!r} in state {self.state.name}.")
        self._active.add(id_)

    def _require(self, id_: str) -> None:
        if id_ not in self._active:
            raise ProtocolMisuse(f"Subscription {id_!r} is not active.")

    def _end(self, id_: str) -> None:
        self._require(id_)
        self._active.remove(id_)

    def _close(self, close: CloseWith) -> CloseWith:
        self.state = State.CLOSED
        self._active.clear()
        return close


class ClientConnection(_Connection):
    """The asking side of one socket."""

    _table = CLIENT_TABLE

    def connect(self) -> str:
        """The first frame of a socket; `Acknowledged` follows."""
        if self.state is not State.NEW:
            raise ProtocolMisuse("connection_init is sent once.")
        self.state = State.INITIALISING
        return frame("connection_init")

    def ping(self) -> str:
        """A keep-alive at the protocol's level, for where those of RFC 6455 do not get through."""
        return frame("ping")

    def subscribe(self, id_: str, payload: Payload) -> str:
        """Ask; the results arrive as `Next` with the same id, then `Completed` or `Failed`."""
        self._begin(id_)
        return frame("subscribe", id_, payload)

    def _react(self, reaction: Reaction, message: Mapping[str, Any]) -> list[Event]:
        match reaction:
            case Reaction.ACKNOWLEDGE:
                self.state = State.READY
                return [Acknowledged(_object(message.get("payload")))]
            case Reaction.DELIVER:
                return [Next(message["id"], message["payload"])] if message["id"] in self._active else []
            case Reaction.FAIL:
                return self._failed(message["id"], message.get("payload"))
            case Reaction.COMPLETE:
                return self._completed(message["id"])
            case Reaction.PONG:
                return [Send(frame("pong"))]
            case _:
                return []

    def _failed(self, id_: str, payload: object) -> list[Event]:
        if id_ not in self._active:
            return []
        # Some servers send `complete` after `error`: the subscription has ended, so it is dropped as late.
        self._active.remove(id_)
        return [Failed(id_, tuple(payload) if isinstance(payload, list) else (payload,))]


class ServerConnection(_Connection):
    """The answering side of one socket. It never pings first: the original's client dies of it."""

    _table = SERVER_TABLE

    def acknowledge(self) -> str:
        """Agree to `Initialised`."""
        if self.state is not State.INITIALISING:
            raise ProtocolMisuse("connection_ack answers connection_init.")
        self.state = State.READY
        return frame("connection_ack")

    def forbid(self) -> CloseWith:
        """Refuse `Initialised`."""
        return self._close(FORBIDDEN)

    def init_timeout(self) -> CloseWith | None:
        """What to do when the time for `connection_init` is over: None if it came."""
        return self._close(INIT_TIMEOUT) if self.state is State.NEW else None

    def next(self, id_: str, payload: Payload) -> str:
        """One result of subscription `id_`. Raises `ProtocolMisuse` if it is not active."""
        self._require(id_)
        return frame("next", id_, payload)

    def error(self, id_: str, errors: Sequence[Payload]) -> str:
        """End subscription `id_` with GraphQL errors; no `complete` follows."""
        self._end(id_)
        return frame("error", id_, errors)

    def _react(self, reaction: Reaction, message: Mapping[str, Any]) -> list[Event]:
        match reaction:
            case Reaction.INITIALISE:
                self.state = State.INITIALISING
                return [Initialised(_object(message.get("payload")))]
            case Reaction.SUBSCRIBE:
                if message["id"] in self._active:
                    return [self._close(SUBSCRIBER_EXISTS)]
                self._begin(message["id"])
                return [Subscribed(message["id"], message["payload"])]
            case Reaction.COMPLETE:
                return self._completed(message["id"])
            case Reaction.PONG:
                return [Send(frame("pong"))]
            case _:
                return []


def _object(payload: object) -> Payload | None:
    return payload if isinstance(payload, dict) else None
