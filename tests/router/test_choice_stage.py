"""A reply to what the router offered goes to the Agent that it means."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lmos.core.conversation import Choice, Message
from lmos.router import Passed, Roster, Router, RouteRequest, RouterSettings
from lmos.testing.clock import FrozenClock
from lmos.testing.encoder import WordEncoder
from tests.router.rosters import ROSTER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lmos.router import RouteDecision

UNCLEAR = "my bill internet connection"
OFFERED = (
    Choice("billing", "view-bill", "Shows a bill"),
    Choice("network", "report-fault", "Reports a fault"),
)


def reply(
    text: str, choices: tuple[Choice, ...] | None = OFFERED, asked: str = UNCLEAR, current: str = ""
) -> RouteRequest:
    said = (
        Message(role="user", content=asked),
        Message(role="assistant", content="Which do you mean: “Shows a bill” or “Reports a fault”?"),
    )
    return RouteRequest(text, current_agent=current, history=said, choices=choices)


@pytest.fixture
async def router() -> AsyncIterator[Router]:
    router = Router(WordEncoder(), FrozenClock())
    yield router
    await router.aclose()


async def test_a_message_between_two_agents_is_asked_back_and_the_reply_decides(router: Router) -> None:
    asked = await router.route(RouteRequest(UNCLEAR), ROSTER)
    decision = await router.route(reply("the second one", asked.choices), ROSTER)

    assert asked.question.startswith("Which do you mean: ")
    assert {choice.agent for choice in asked.choices} == {"billing", "network"}
    assert (decision.agent, decision.capability) == (asked.choices[1].agent, asked.choices[1].capability)
    assert (decision.stage, decision.probability) == ("choice", 1.0)
    assert decision.reason == f"The user chose “{asked.choices[1].words}”."


async def test_words_of_an_offer_choose_it(router: Router) -> None:
    decision = await router.route(reply("the bill"), ROSTER)

    assert (decision.agent, decision.capability, decision.stage) == ("billing", "view-bill", "choice")


async def test_where_words_do_not_tell_the_head_does(router: Router) -> None:
    decision = await router.route(reply("wlan cable router line slow here"), ROSTER)

    assert (decision.agent, decision.stage) == ("network", "choice")
    assert decision.reason == "The user chose what reads like report-fault."
    assert decision.probability >= decision.threshold
    assert decision.head == ROSTER.fingerprint


async def test_turning_all_of_it_down_chooses_nobody_and_asks_for_other_words(router: Router) -> None:
    decision = await router.route(reply("neither of them", current="billing"), ROSTER)

    assert (decision.agent, decision.stage) == (None, "clarify")
    assert decision.passed[0] == Passed("choice", "The user wants nothing of what was offered.")
    assert decision.question.startswith("Sorry, I still do not understand.")


async def test_a_clear_question_for_somebody_else_is_no_choice(router: Router) -> None:
    decision = await router.route(reply("how much is my bill", OFFERED[1:]), ROSTER)

    assert (decision.agent, decision.stage) == ("billing", "vector")


async def test_a_question_of_its_own_is_no_choice_whatever_words_it_shares(router: Router) -> None:
    decision = await router.route(reply("when is my bill due?", OFFERED[:1]), ROSTER)

    assert (decision.agent, decision.stage) == ("billing", "vector")


async def test_a_long_message_is_no_choice(router: Router) -> None:
    text = "my internet is down and there is no signal since yesterday so please repair my connection"

    decision = await router.route(reply(text), ROSTER)

    assert (decision.agent, decision.stage) == ("network", "vector")


async def test_a_reply_that_means_nothing_known_is_asked_back_again_in_other_words(router: Router) -> None:
    decision = await router.route(reply("grandmother"), ROSTER)

    assert decision.agent is None
    assert decision.question.startswith("Sorry, I still do not understand.")
    assert decision.choices


async def test_an_offered_agent_that_left_is_not_chosen(router: Router) -> None:
    without = Roster(ROSTER.key, ROSTER.agents[:1])

    decision = await router.route(reply("the second one"), without)

    assert decision.agent is None
    assert decision.passed[0].stage == "choice"
    assert decision.passed[0].reason.endswith("Its Agent serves this Channel no longer.")


async def test_an_offered_capability_that_is_gone_is_not_named(router: Router) -> None:
    offered = (Choice("billing", "pay-bill", "Pays a bill"), OFFERED[1])

    decision = await router.route(reply("the first", offered), ROSTER)

    assert (decision.agent, decision.capability) == ("billing", "")


@pytest.mark.parametrize("choices", [None, ()])
async def test_where_nothing_was_offered_there_is_nothing_to_choose(
    router: Router, choices: tuple[Choice, ...] | None
) -> None:
    decision = await router.route(reply("the second one", choices), ROSTER)

    assert "choice" not in {decision.stage, *(passed.stage for passed in decision.passed)}


async def test_the_agent_of_before_does_not_get_the_reply_to_our_question(router: Router) -> None:
    chosen = await router.route(reply("the second one", current="billing"), ROSTER)

    assert (chosen.agent, chosen.stage) == ("network", "choice")


async def test_choosing_needs_neither_other_stages_nor_an_encoder() -> None:
    class Broken(WordEncoder):
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            raise MemoryError(len(texts))

    router = Router(Broken(), FrozenClock())
    alone = replace(ROSTER, settings=RouterSettings.model_validate({"stages": []}))

    decision: RouteDecision = await router.route(reply("the bill"), alone)

    assert decision.agent == "billing"
    await router.aclose()
