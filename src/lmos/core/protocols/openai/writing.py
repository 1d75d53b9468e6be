"""What the two shapes of an answer share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pydantic_core import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heading:
    """Which Turn is answered: its Conversation, its id, and when it came, in seconds since 1970."""

    conversation: str
    turn: str
    created: int


class Writer(Protocol):
    """
    Writes one answer, whole or as the frames of an event stream.

    `lmos` is what OpenAI's shape has no place for: who answers, and why; it is shown as it is given. A
    stream is `started`, any number of `piece` and `remark`, then `answered` or `failed`.
    """

    def whole(self, content: str, lmos: Json) -> Json:
        """The answer as one body."""
        ...

    def started(self, lmos: Json) -> bytes:
        """It is known who will answer."""
        ...

    def piece(self, text: str) -> bytes:
        """A piece of the answer."""
        ...

    def remark(self, text: str) -> bytes:
        """Something that is said on the way to the answer and is no part of it."""
        ...

    def answered(self, content: str, lmos: Json) -> bytes:
        """The rest of the answer, and the end."""
        ...

    def failed(self, error: Json) -> bytes:
        """There will be no answer; `error` is the content of OpenAI's field of that name."""
        ...


class Streamed:
    """The pieces of an answer so far."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def add(self, text: str) -> None:
        """Take in one more."""
        self._pieces.append(text)

    def rest_of(self, content: str) -> str | None:
        """What is missing at the end of the answer `content`; None where the pieces were something else."""
        said = "".join(self._pieces)
        return content[len(said) :] if content.startswith(said) else None


def event(data: Mapping[str, Any], name: str = "") -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n".encode() if name else b""
    return b"%sdata: %s\n\n" % (head, to_json(data))
