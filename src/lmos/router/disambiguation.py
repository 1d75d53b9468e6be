"""A clarifying question in a language model's words."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmos.core.conversation import SYSTEM, Message
from lmos.ports.models import ModelUnavailable
from lmos.router.default_prompts import CLARIFY, INTRODUCE
from lmos.router.prompts import PromptTemplate
from lmos.router.told import CHARACTERS_A_TOKEN, LONGEST_NAME, agents_as_told, plain, talk

if TYPE_CHECKING:
    from lmos.ports.models import LanguageModel
    from lmos.router.decision import RouteDecision
    from lmos.router.inquiry import Inquiry

LONGEST_QUESTION = 600

# Bounded, so that a model that talks on comes to the question before its last token.
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "topics": {"type": "array", "items": {"type": "string", "maxLength": 60}, "maxItems": 8},
        "reasoning": {"type": "string", "maxLength": 300},
        "onlyConfirmation": {"type": "boolean"},
        "confidence": {"type": "integer", "minimum": 0, "maximum": 100},
        "clarificationQuestion": {"type": "string", "minLength": 1, "maxLength": LONGEST_QUESTION},
    },
    "required": ["reasoning", "onlyConfirmation", "clarificationQuestion"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class AskedBack:
    """A question for the user, the model that worded it, and the tokens that it took."""

    question: str
    model: str
    tokens: int


class Disambiguation:
    """
    Has a language model ask the user back, in view of what was said and of the Agents in question.

    Args:
        model: Words the question.
        introduction: A template of one's own for who asks, which sees `tenant`.
        clarification: One for what to ask, which sees `agents` and `tenant`.
        token_budget: How much `model` may read; the Agents take half of it at most.

    Raises:
        PromptNotRendered: A template cannot be read.

    Source:
        contracts/lmos-core.md §2.7
    """

    def __init__(
        self, model: LanguageModel, introduction: str = "", clarification: str = "", token_budget: int = 8000
    ) -> None:
        self._model = model
        self._introduction = PromptTemplate.parse(introduction) if introduction else None
        self._clarification = PromptTemplate.parse(clarification) if clarification else None
        self._most_characters = token_budget * CHARACTERS_A_TOKEN // 2

    async def ask_back(self, inquiry: Inquiry, weighed: RouteDecision) -> AskedBack:
        """
        The question for a Turn that no stage has decided.

        Raises:
            ModelUnavailable: The model gives no question that can be asked.
            PromptNotRendered: A template names what there is not.
        """
        request = inquiry.request
        agents = await asyncio.to_thread(
            agents_as_told, inquiry.roster, weighed.candidates, request.text, self._most_characters
        )
        variables = {"agents": agents, "tenant": plain(request.tenant, LONGEST_NAME)}
        introduction = self._introduction or INTRODUCE[inquiry.language]
        clarification = self._clarification or CLARIFY[inquiry.language]
        answer = await self._model.answer(
            introduction.render({"tenant": variables["tenant"]}),
            (*talk(request), Message(role=SYSTEM, content=clarification.render(variables))),
            _SCHEMA,
        )
        question = plain(str(answer.content.get("clarificationQuestion", "")), LONGEST_QUESTION)
        if not question:
            raise ModelUnavailable(f"The language model {self._model.name} asked an empty question.")
        return AskedBack(question, self._model.name, answer.input_tokens + answer.output_tokens)
