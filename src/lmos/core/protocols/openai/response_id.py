"""Ids of responses: they say which Turn of which Conversation they are, so that the next can follow."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

_PREFIX = "resp_"
_CHARACTERS_A_GROUP = 4


def response_id(conversation: str, turn: str) -> str:
    """The id of the response that answers a Turn; neither name holds a slash."""
    return _PREFIX + urlsafe_b64encode(f"{conversation}/{turn}".encode()).decode().rstrip("=")


def turn_of(id_: str) -> tuple[str, str] | None:
    """Conversation and Turn of a response; None where `id_` is none of ours."""
    text = id_.removeprefix(_PREFIX)
    if text == id_:
        return None
    try:
        told = urlsafe_b64decode(text + "=" * (-len(text) % _CHARACTERS_A_GROUP)).decode()
    except ValueError:
        return None
    conversation, _, turn = told.partition("/")
    return (conversation, turn) if conversation and turn else None
