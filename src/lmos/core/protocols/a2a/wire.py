"""The JSON of A2A's events, as far as we read it."""

from __future__ import annotations

import base64
from typing import Any

from pydantic import Field
from pydantic_core import to_json

from lmos.core.conversation import ASSISTANT, BinaryData, Message
from lmos.core.conversation.wire import WireModel

_BYTES = "application/octet-stream"
_JSON = "application/json"
_TEXT = "text/plain"
_WEB = ("http://", "https://")


class Part(WireModel):
    """A text, a file as bytes (base64) or by its URL, or any JSON value."""

    text: str | None = None
    raw: str | None = None
    url: str | None = None
    data: Any = None
    media_type: str = ""

    @property
    def binary_data(self) -> BinaryData | None:
        """What is no text."""
        if self.raw is not None:
            return BinaryData(mime_type=self.media_type or _BYTES, data_as_base64=self.raw)
        if self.url is not None:
            return BinaryData(mime_type=self.media_type or _BYTES, source=self.url)
        if self.data is not None:
            encoded = base64.b64encode(to_json(self.data)).decode()
            return BinaryData(mime_type=_JSON, data_as_base64=encoded)
        return None


class Said(WireModel):
    """An A2A Message."""

    parts: tuple[Part, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)


class Artifact(WireModel):
    """A result of a Task, or a piece of one."""

    artifact_id: str = ""
    parts: tuple[Part, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)


class Status(WireModel):
    """How far a Task has come, and what the Agent says about it."""

    state: str = "TASK_STATE_UNSPECIFIED"
    message: Said | None = None


class Task(WireModel):
    """A Task as it stands."""

    id: str
    status: Status = Status()
    artifacts: tuple[Artifact, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)


class StatusUpdate(WireModel):
    """A Task has come further."""

    task_id: str
    status: Status = Status()
    metadata: dict[str, Any] = Field(default_factory=dict)


class ArtifactUpdate(WireModel):
    """A Task has a result, or one more piece of it."""

    task_id: str
    artifact: Artifact
    append: bool = False
    metadata: dict[str, Any] = Field(default_factory=dict)


class Event(WireModel):
    """One event of an answer: just one of its fields is there."""

    message: Said | None = None
    task: Task | None = None
    status_update: StatusUpdate | None = None
    artifact_update: ArtifactUpdate | None = None


def spoken(parts: tuple[Part, ...], *, between: str, turn: str | None) -> Message:
    """The parts as one message of the assistant: its texts, with `between` them, and its files."""
    files = tuple(data for part in parts if (data := part.binary_data) is not None)
    return Message(
        role=ASSISTANT,
        content=between.join(part.text for part in parts if part.text is not None),
        turn_id=turn,
        binary_data=files or None,
    )


def parts_of(message: Message) -> list[dict[str, Any]]:
    """A message as parts, at least one: its words, and its files."""
    files = [file for data in message.binary_data or () if (file := _file(data)) is not None]
    words = [{"text": message.content, "mediaType": _TEXT}] if message.content or not files else []
    return [*words, *files]


def _file(data: BinaryData) -> dict[str, Any] | None:
    """A file part; None for bytes that follow on a stream, which A2A does not know."""
    if data.data_as_base64 is not None:
        return {"raw": data.data_as_base64, "mediaType": data.mime_type}
    if data.source is not None and data.source.startswith(_WEB):
        return {"url": data.source, "mediaType": data.mime_type}
    return None
