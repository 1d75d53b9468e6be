"""The narrow door to language models: text in, pieces of text out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.arc.turn import Turn


class Runner(Protocol):
    """Answers a Turn with a model."""

    def run(self, prompt: str, turn: Turn) -> AsyncIterator[str]:
        """
        Yield the answer piece by piece.

        Args:
            prompt: The Agent's instructions to the model.
            turn: The user's words and what came before.
        """
        ...


def runner_for(model: str | Runner) -> Runner:
    """
    The runner of a model named like `openai:gpt-5` (with `lmos[llm]`), or the given one itself.

    Raises:
        ExtraMissing: The packages for models are not installed.
    """
    if not isinstance(model, str):
        return model
    from lmos.arc.pydantic_ai import PydanticAiRunner  # noqa: PLC0415 - the packages are optional

    return PydanticAiRunner(model)
