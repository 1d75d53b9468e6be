"""What is said on a graphql-transport-ws socket, and why one is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

Payload = Mapping[str, Any]


class CloseCode(IntEnum):
    """Why a socket is closed; the application range of RFC 6455."""

    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    INIT_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITS = 4429


@dataclass(frozen=True, slots=True)
class Send:
    """Send this frame now."""

    frame: str


@dataclass(frozen=True, slots=True)
class CloseWith:
    """Close the socket with this code; nothing more is understood on it."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Initialised:
    """Server: the client wants to begin; answer with `acknowledge` or `forbid`."""

    payload: Payload | None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Client: the server agreed; subscribe now."""

    payload: Payload | None


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Server: the client asks."""

    id: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Next:
    """Client: one result of a subscription."""

    id: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Failed:
    """Client: a subscription ended with these GraphQL errors."""

    id: str
    errors: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Completed:
    """The other side ended a subscription: no more results, or no more interest."""

    id: str


Event = Send | CloseWith | Initialised | Acknowledged | Subscribed | Next | Failed | Completed


INVALID = CloseWith(CloseCode.BAD_REQUEST, "Invalid message received")
UNAUTHORIZED = CloseWith(CloseCode.UNAUTHORIZED, "Unauthorized")
FORBIDDEN = CloseWith(CloseCode.FORBIDDEN, "Forbidden")
INIT_TIMEOUT = CloseWith(CloseCode.INIT_TIMEOUT, "Connection initialisation timeout")
SUBSCRIBER_EXISTS = CloseWith(CloseCode.SUBSCRIBER_EXISTS, "Subscriber for this id already exists")
TOO_MANY_INITS = CloseWith(CloseCode.TOO_MANY_INITS, "Too many initialisation requests")
