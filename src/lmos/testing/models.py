"""A language model that answers from a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmos.ports.models import ModelAnswer, ModelUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lmos.core.conversation import Message


@dataclass(frozen=True, slots=True)
class Consulted:
    """What a scripted model was asked."""

    instructions: str
    messages: tuple[Message, ...]
    schema: Mapping[str, Any]


class ScriptedModel:
    """
    A `LanguageModel` that answers every question with the same object, or fails.

    `asked` holds every question in order. The schema is not checked: what a model says against it is a test.

    Args:
        content: What it answers; without it, it is unavailable.
    """

    name = "scripted"

    def __init__(self, content: Mapping[str, Any] | None = None) -> None:
        self.asked: list[Consulted] = []
        self._content = content

    async def answer(
        self, instructions: str, messages: Sequence[Message], schema: Mapping[str, Any]
    ) -> ModelAnswer:
        """What it was told to answer, for 100 tokens read and 10 written."""
        self.asked.append(Consulted(instructions, tuple(messages), schema))
        if self._content is None:
            raise ModelUnavailable("The language model scripted has nothing to say.")
        return ModelAnswer(self._content, 100, 10)
