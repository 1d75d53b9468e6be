"""Text frames of graphql-transport-ws, read and written."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json, to_json

_WITH_ID = frozenset({"subscribe", "next", "error", "complete"})
_WITH_PAYLOAD = frozenset({"subscribe", "next"})


def message_in(text: str | bytes) -> dict[str, Any] | None:
    """The message in a frame; None where it is no JSON or lacks what its type needs."""
    try:
        message = from_json(text)
    except ValueError:
        return None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return None
    kind, id_ = message["type"], message.get("id")
    if kind in _WITH_ID and not (isinstance(id_, str) and id_):
        return None
    if kind in _WITH_PAYLOAD and not isinstance(message.get("payload"), dict):
        return None
    return message


def frame(kind: str, id_: str | None = None, payload: object = None) -> str:
    """The text of one message; what is None is left out."""
    message: dict[str, object] = {"type": kind}
    if id_ is not None:
        message["id"] = id_
    if payload is not None:
        message["payload"] = payload
    return to_json(message).decode()
