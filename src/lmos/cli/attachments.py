"""What an answer brings besides its words, as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_STEP = 1024


def attachments(messages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each file in the `messages` of an answer: its kind, and its size or where it is."""
    for message in messages:
        for file in message["binaryData"] or ():
            encoded = file["dataAsBase64"]
            told = _size(encoded) if encoded is not None else file["source"] or "without bytes"
            yield f"{file['mimeType']}, {told}"


def _size(encoded: str) -> str:
    """Of what is encoded as base64: four characters hold three bytes."""
    size_bytes = len(encoded.rstrip("=")) * 3 // 4
    if size_bytes < _STEP:
        return f"{size_bytes} bytes"
    if size_bytes < _STEP**2:
        return f"{size_bytes / _STEP:.1f} KiB"
    return f"{size_bytes / _STEP**2:.1f} MiB"
