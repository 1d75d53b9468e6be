"""Ids of responses: they say which Turn of whose Conversation they are, so that it can be found again."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

_PREFIX = "resp_"
_CHARACTERS_A_GROUP = 4


class TurnName(NamedTuple):
    """A Turn of a Tenant's Conversation."""

    tenant: str
    conversation: str
    turn: str


def response_id(name: TurnName) -> str:
    """The id of the response that answers a Turn; none of its names holds a slash."""
    return _PREFIX + urlsafe_b64encode("/".join(name).encode()).decode().rstrip("=")


def turn_of(id_: str) -> TurnName | None:
    """The Turn that a response answers; None where `id_` is none of ours."""
    text = id_.removeprefix(_PREFIX)
    if text == id_:
        return None
    try:
        told = urlsafe_b64decode(text + "=" * (-len(text) % _CHARACTERS_A_GROUP)).decode()
    except ValueError:
        return None
    names = told.split("/")
    return TurnName(*names) if len(names) == len(TurnName._fields) and all(names) else None
