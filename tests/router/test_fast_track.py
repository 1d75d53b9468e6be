"""Where the trained head chooses and a Channel wants a language model's opinion too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lmos.router import LlmStage, Passed, Router, RouteRequest, RouterSettings
from lmos.testing.clock import FrozenClock
from lmos.testing.encoder import WordEncoder
from lmos.testing.models import ScriptedModel
from tests.router.rosters import ROSTER

if TYPE_CHECKING:
    from lmos.router import Roster, RouteDecision

SLOW = replace(ROSTER, settings=RouterSettings.model_validate({"fastTrack": 1}))


def named(agent: str) -> ScriptedModel:
    return ScriptedModel({"reason": "So it is.", "agentId": agent, "confidence": 0.9})


async def route(model: ScriptedModel | None, roster: Roster = SLOW) -> RouteDecision:
    router = Router(WordEncoder(), FrozenClock(), after_head=[LlmStage(model)] if model else [])
    try:
        return await router.route(RouteRequest("how much is my bill"), roster)
    finally:
        await router.aclose()


async def test_below_the_fast_track_the_models_agent_is_taken() -> None:
    decision = await route(named("network"))

    assert (decision.agent, decision.stage) == ("network", "llm")
    (left,) = decision.passed
    assert left.stage == "vector"
    assert "is less than the fast track of 100%" in left.reason


async def test_a_model_that_agrees_decides() -> None:
    decision = await route(named("billing"))

    assert (decision.agent, decision.stage, decision.capability) == ("billing", "llm", "view-bill")


async def test_a_model_that_finds_no_agent_has_the_user_asked_back() -> None:
    decision = await route(named("none"))

    assert (decision.agent, decision.stage) == (None, "clarify")
    assert [passed.stage for passed in decision.passed] == ["vector", "llm"]
    assert decision.question


async def test_where_the_model_fails_the_heads_choice_stands() -> None:
    decision = await route(ScriptedModel())

    assert (decision.agent, decision.stage) == ("billing", "vector")
    assert decision.passed == (
        Passed("llm", "The language model scripted has nothing to say.", has_failed=True),
    )
    assert "fast track" not in decision.reason


async def test_without_a_model_a_fast_track_changes_nothing() -> None:
    assert await route(None) == await route(None, ROSTER)


@pytest.mark.parametrize(
    "settings", [{}, {"fastTrack": 0.5}, {"fastTrack": 1, "stages": ["follow-up", "vector"]}]
)
async def test_a_sure_head_asks_no_model(settings: dict[str, object]) -> None:
    model = named("network")

    decision = await route(model, replace(ROSTER, settings=RouterSettings.model_validate(settings)))

    assert (decision.agent, decision.stage, decision.passed) == ("billing", "vector", ())
    assert model.asked == []
