"""How much of a talk a model is given to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.core.conversation import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.core.conversation import Message

MOST_MESSAGES = 20

_LEAST_CHARACTERS = 400
"""Of the newest message, however much the instructions take."""


def within(messages: Sequence[Message], characters: int) -> tuple[Message, ...]:
    """
    The latest of `messages` that together have no more than so many characters.

    Messages of the system are instructions, and are all kept. The newest of the others is shortened where it
    does not fit; what is older than the first that does not fit is left out.
    """
    left = characters - sum(len(message.content) for message in messages if message.role == SYSTEM)
    kept: list[Message] = []
    others = 0
    for message in reversed(messages):
        if message.role == SYSTEM:
            kept.append(message)
            continue
        room = left if others else max(left, _LEAST_CHARACTERS)
        if others == MOST_MESSAGES or (others and len(message.content) > room):
            left, others = 0, MOST_MESSAGES
            continue
        shown = message.content[:room]
        kept.append(message.model_copy(update={"content": shown}))
        left -= len(shown)
        others += 1
    return tuple(reversed(kept))
