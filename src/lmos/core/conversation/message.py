"""One thing that a user, an Agent or a system said."""

from __future__ import annotations

from lmos.core.conversation.wire import WireModel

USER = "user"
ASSISTANT = "assistant"
SYSTEM = "system"
ROLES = frozenset({USER, ASSISTANT, SYSTEM})
TEXT = "text"


class BinaryData(WireModel):
    """
    An image, a recording or a document beside the text.

    `data_as_base64` holds the bytes; it is absent where `source` names another way to them
    (`STREAM_SOURCE`: they follow on a stream).
    """

    mime_type: str
    data_as_base64: str | None = None
    source: str | None = None


class Message(WireModel):
    """A message of a Conversation; `role` is one of `ROLES`, `format` is `text` unless said."""

    role: str
    content: str
    format: str = TEXT
    turn_id: str | None = None
    binary_data: tuple[BinaryData, ...] | None = None


def last_of(messages: tuple[Message, ...], role: str) -> Message | None:
    """The latest message of `role`, else None."""
    return next((message for message in reversed(messages) if message.role == role), None)
