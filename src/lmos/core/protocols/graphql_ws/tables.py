"""Which message means what, by side and state."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from lmos.core.protocols.graphql_ws.events import TOO_MANY_INITS, UNAUTHORIZED, CloseWith


class State(Enum):
    """How far a socket has come."""

    NEW = auto()
    INITIALISING = auto()
    READY = auto()
    CLOSED = auto()


class Reaction(Enum):
    """What a machine does about a message."""

    INITIALISE = auto()
    ACKNOWLEDGE = auto()
    SUBSCRIBE = auto()
    DELIVER = auto()
    FAIL = auto()
    COMPLETE = auto()
    PONG = auto()
    IGNORE = auto()


Table = Mapping[State, Mapping[str, Reaction | CloseWith]]

# A message that a row does not name is answered with `INVALID`; a closed machine hears nothing.
SERVER_TABLE: Table = {
    State.NEW: {
        "connection_init": Reaction.INITIALISE,
        "subscribe": UNAUTHORIZED,
        "complete": Reaction.IGNORE,
        "ping": Reaction.PONG,
        "pong": Reaction.IGNORE,
    },
    State.INITIALISING: {
        "connection_init": TOO_MANY_INITS,
        "subscribe": UNAUTHORIZED,
        "complete": Reaction.IGNORE,
        "ping": Reaction.PONG,
        "pong": Reaction.IGNORE,
    },
    State.READY: {
        "connection_init": TOO_MANY_INITS,
        "subscribe": Reaction.SUBSCRIBE,
        "complete": Reaction.COMPLETE,
        "ping": Reaction.PONG,
        "pong": Reaction.IGNORE,
    },
}

CLIENT_TABLE: Table = {
    State.NEW: {},
    State.INITIALISING: {
        "connection_ack": Reaction.ACKNOWLEDGE,
        "ping": Reaction.PONG,
        "pong": Reaction.IGNORE,
    },
    State.READY: {
        "connection_ack": Reaction.IGNORE,
        "next": Reaction.DELIVER,
        "error": Reaction.FAIL,
        "complete": Reaction.COMPLETE,
        "ping": Reaction.PONG,
        "pong": Reaction.IGNORE,
    },
}
