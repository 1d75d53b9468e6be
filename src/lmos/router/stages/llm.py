"""A language model, where the trained head is not sure."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lmos.router.default_prompts import CHOOSE
from lmos.router.prompts import PromptTemplate
from lmos.router.told import CHARACTERS_A_TOKEN, LONGEST_NAME, agents_as_told, plain, talk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lmos.ports.models import LanguageModel, ModelAnswer
    from lmos.router.decision import RouteDecision, StageName
    from lmos.router.inquiry import Inquiry

NONE = "none"
"""What a model answers that finds no Agent; an Agent of this name is never offered to it."""

LONGEST_REASON = 300


class LlmStage:
    """
    Asks a language model for one of the Agents that come into question, or none.

    What Agents say about themselves is data in the prompt, and whatever the model makes of it, the answer is
    one of the routing's Agents or none.

    Args:
        model: Is asked.
        prompt: A template of one's own, which sees `agents`; without it, one in the user's language.
        token_budget: How much `model` may read; the Agents take half of it at most.

    Raises:
        PromptNotRendered: `prompt` cannot be read.
    """

    name: StageName = "llm"

    def __init__(self, model: LanguageModel, prompt: str = "", token_budget: int = 8000) -> None:
        self._model = model
        self._prompt = PromptTemplate.parse(prompt) if prompt else None
        self._most_characters = token_budget * CHARACTERS_A_TOKEN // 2

    async def decide(self, inquiry: Inquiry, weighed: RouteDecision) -> RouteDecision | None:
        """
        The Agent that the model names, where it is sure enough.

        Raises:
            ModelUnavailable: It gives no answer that can be used.
            PromptNotRendered: The template names what there is not.
        """
        roster, text = inquiry.roster, inquiry.request.text
        if not roster.agents or not text.strip():
            return None
        # On a thread: many examples may have to be compared.
        agents = await asyncio.to_thread(
            agents_as_told, roster, weighed.candidates, text, self._most_characters
        )
        offered = [agent["id"] for agent in agents if agent["id"] != NONE]
        prompt = self._prompt or CHOOSE[inquiry.language]
        answer = await self._model.answer(
            prompt.render({"agents": agents}), talk(inquiry.request), _schema(offered)
        )
        names = {plain(agent.name, LONGEST_NAME): agent.name for agent in roster.agents}
        return self._decision(answer, {each: names[each] for each in offered}, inquiry, weighed)

    def _decision(
        self, answer: ModelAnswer, offered: Mapping[str, str], inquiry: Inquiry, weighed: RouteDecision
    ) -> RouteDecision:
        """The answer held against what was asked: no other Agent, no other number, no other length."""
        asked = replace(
            weighed,
            agent=None,
            capability="",
            stage=self.name,
            model=self._model.name,
            tokens=answer.input_tokens + answer.output_tokens,
        )
        told = plain(str(answer.content.get("reason", "")), LONGEST_REASON)
        confidence = _share(answer.content.get("confidence"))
        agent = offered.get(str(answer.content.get("agentId")))
        if agent is None:
            return replace(asked, reason=f"The language model finds no Agent for it: {told}")
        wanted = inquiry.roster.settings.model_confidence
        if confidence < wanted:
            return replace(
                asked, reason=f"The language model is not sure of {agent} ({confidence:.0%}): {told}"
            )
        capability = next((each.capability for each in weighed.candidates if each.agent == agent), "")
        return replace(
            asked,
            agent=agent,
            capability=capability,
            reason=f"The language model says: {told}",
            probability=confidence,
            threshold=wanted,
        )


def _schema(agents: Sequence[str]) -> dict[str, Any]:
    """The reason comes first: what a model writes last, it has thought about."""
    return {
        "type": "object",
        "properties": {
            "reason": {"type": "string", "maxLength": LONGEST_REASON},
            "agentId": {"type": "string", "enum": list(dict.fromkeys([*agents, NONE]))},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        },
        "required": ["reason", "agentId", "confidence"],
        "additionalProperties": False,
    }


def _share(said: object) -> float:
    return min(max(float(said), 0.0), 1.0) if isinstance(said, int | float) else 0.0
