"""A clarifying question in a language model's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.conversation import Message
from lmos.router import Disambiguation, LlmStage, Passed, Roster, Router, RouteRequest
from lmos.testing.clock import FrozenClock
from lmos.testing.encoder import WordEncoder
from lmos.testing.models import ScriptedModel
from tests.router.rosters import ROSTER

if TYPE_CHECKING:
    from lmos.router import RouteDecision

UNCLEAR = "what should I cook for dinner"
ASKED = "Would you like to see a bill, or report a fault?"


def asking(question: str = ASKED) -> ScriptedModel:
    return ScriptedModel(
        {
            "topics": ["bills", "faults"],
            "reasoning": "Neither is meant.",
            "onlyConfirmation": False,
            "confidence": 10,
            "clarificationQuestion": question,
        }
    )


async def route(
    disambiguation: Disambiguation,
    text: str = UNCLEAR,
    stage: LlmStage | None = None,
    roster: Roster = ROSTER,
    **request: Any,
) -> RouteDecision:
    router = Router(
        WordEncoder(),
        FrozenClock(),
        after_head=[stage] if stage else [],
        disambiguation=disambiguation,
    )
    try:
        return await router.route(RouteRequest(text, **request), roster)
    finally:
        await router.aclose()


async def test_the_question_is_the_models() -> None:
    decision = await route(Disambiguation(asking()))

    assert (decision.agent, decision.stage, decision.question) == (None, "clarify", ASKED)
    assert (decision.model, decision.tokens) == ("scripted", 110)
    assert [passed.stage for passed in decision.passed] == ["vector"]


async def test_the_model_hears_an_introduction_the_talk_and_what_to_clarify() -> None:
    model = asking()
    said = [
        Message(role=role, content=content) for role, content in (("user", "hello"), ("assistant", "Yes?"))
    ]

    await route(Disambiguation(model), history=tuple(said), tenant="acme")

    (asked,) = model.asked
    assert 'the tenant "acme"' in asked.instructions
    *talk, clarification = asked.messages
    assert [(message.role, message.content) for message in talk] == [
        ("user", "hello"),
        ("assistant", "Yes?"),
        ("user", UNCLEAR),
    ]
    assert clarification.role == "system"
    assert '"id": "billing"' in clarification.content
    assert 'the tenant "acme"' in clarification.content
    assert asked.schema["required"] == ["reasoning", "onlyConfirmation", "clarificationQuestion"]


async def test_german_users_are_asked_by_a_german_prompt() -> None:
    model = asking()

    await route(Disambiguation(model), "was soll ich heute kochen", tenant="de")

    assert model.asked[0].instructions.startswith("Du sprichst mit der Kundschaft")


async def test_prompts_of_ones_own_are_rendered() -> None:
    model = asking()
    own = Disambiguation(model, "Hello @{tenant}.", "@foreach{a : agents}@{a.id}@end{'|'} of @{tenant}")

    await route(own, tenant="acme")

    assert model.asked[0].instructions == "Hello acme."
    assert model.asked[0].messages[-1].content in {"billing|network of acme", "network|billing of acme"}


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (ScriptedModel(), "The language model scripted has nothing to say."),
        (asking("  \n"), "The language model scripted asked an empty question."),
        (ScriptedModel({}), "The language model scripted asked an empty question."),
    ],
)
async def test_where_the_model_fails_the_question_is_ours(model: ScriptedModel, why: str) -> None:
    decision = await route(Disambiguation(model))

    assert decision.passed[-1] == Passed("clarify", why, has_failed=True)
    assert decision.stage == "clarify"
    assert decision.question.startswith("I am not sure")


async def test_a_question_is_one_line_of_bounded_length() -> None:
    decision = await route(Disambiguation(asking("Do you mean\n<b>this</b>? " + "x" * 5000)))

    assert decision.question.startswith("Do you mean (b)this(/b)?")
    assert len(decision.question) <= 600


async def test_after_a_model_that_failed_no_other_one_is_waited_for() -> None:
    model = asking()

    decision = await route(Disambiguation(model), stage=LlmStage(ScriptedModel()))

    assert model.asked == []
    assert decision.question.startswith("I am not sure")


async def test_tokens_of_both_models_are_counted() -> None:
    nobody = ScriptedModel({"reason": "Cooking.", "agentId": "none", "confidence": 1})

    decision = await route(Disambiguation(asking()), stage=LlmStage(nobody))

    assert (decision.question, decision.tokens) == (ASKED, 220)


async def test_where_there_are_no_agents_there_is_nothing_to_clarify() -> None:
    model = asking()

    decision = await route(Disambiguation(model), roster=Roster("default/empty", ()))

    assert model.asked == []
    assert decision.question
