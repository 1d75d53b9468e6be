"""Models behind pydantic-ai, for Agents that name one (`lmos[llm]`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.arc.errors import ExtraMissing, InvalidAgent
from lmos.core.conversation import ASSISTANT, SYSTEM

try:
    from pydantic_ai import Agent as ModelAgent
    from pydantic_ai.exceptions import UserError
    from pydantic_ai.messages import (
        ModelMessage,
        ModelRequest,
        ModelResponse,
        SystemPromptPart,
        TextPart,
        UserPromptPart,
    )
except ImportError as error:
    raise ExtraMissing("An Agent with a model", "llm") from error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pydantic_ai.models import Model

    from lmos.arc.turn import Turn
    from lmos.core.conversation import Message


class PydanticAiRunner:
    """
    Asks one model.

    Args:
        model: A name like `openai:gpt-5`, or a pydantic-ai model such as its `TestModel`.

    Raises:
        InvalidAgent: No such model, or its key is missing in the environment.
        ExtraMissing: The provider's own package is missing.
    """

    def __init__(self, model: str | Model) -> None:
        try:
            self._agent = ModelAgent(model)
        except UserError as error:
            raise InvalidAgent(
                f"Model {model!r} cannot be used: {error}", hint="See ai.pydantic.dev."
            ) from error
        except ImportError as error:
            raise ExtraMissing(f"Model {model!r}", "llm") from error

    async def run(self, prompt: str, turn: Turn) -> AsyncIterator[str]:
        """Yield the model's text as it comes."""
        history = [_model_message(message) for message in turn.history]
        async with self._agent.run_stream(
            turn.text, message_history=history, instructions=prompt or None
        ) as answer:
            async for piece in answer.stream_text(delta=True):
                yield piece


def _model_message(message: Message) -> ModelMessage:
    if message.role == ASSISTANT:
        return ModelResponse(parts=[TextPart(message.content)])
    if message.role == SYSTEM:
        return ModelRequest(parts=[SystemPromptPart(message.content)])
    return ModelRequest(parts=[UserPromptPart(message.content)])
