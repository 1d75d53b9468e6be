"""Which Agent answers a Turn."""

from typing import TYPE_CHECKING

import pytest

from lmos.core.conversation import Message
from lmos.router import (
    AgentNotInRouting,
    Roster,
    RosterAgent,
    RosterCapability,
    RouteDecision,
    Router,
    RouteRequest,
)
from lmos.testing.clock import FrozenClock
from lmos.testing.encoder import WordEncoder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BILLING = RosterAgent(
    "billing",
    "Answers questions about bills",
    (
        RosterCapability(
            "view-bill",
            "Shows a bill",
            (
                "how much is my bill",
                "show my bill please",
                "why is my bill so high this month",
                "what does my invoice say",
                "wie hoch ist meine Rechnung",
                "zeig mir meine Rechnung",
                "warum ist die Rechnung so hoch",
                "was steht auf der Rechnung",
            ),
        ),
    ),
)
NETWORK = RosterAgent(
    "network",
    "Finds faults",
    (
        RosterCapability(
            "report-fault",
            "Reports a fault",
            (
                "my internet is down",
                "there is no signal",
                "the connection is broken",
                "is there an outage here",
                "mein Internet geht nicht",
                "es gibt keinen Empfang",
                "die Verbindung ist kaputt",
                "gibt es hier eine Störung",
            ),
        ),
    ),
)
ROSTER = Roster("default/acme-web-stable", (BILLING, NETWORK), "42")


def said(text: str) -> Message:
    return Message(role="user", content=text)


@pytest.fixture
async def router() -> "AsyncIterator[Router]":
    router = Router(WordEncoder(), FrozenClock())
    yield router
    await router.aclose()


async def test_a_question_goes_to_the_agent_whose_examples_it_resembles(router: Router) -> None:
    decision = await router.route(RouteRequest("why is my bill so high"), ROSTER)

    assert (decision.agent, decision.capability, decision.stage) == ("billing", "view-bill", "vector")
    assert decision.probability >= decision.threshold
    assert decision.candidates[0].agent == "billing"
    assert decision.routing_version == "42"


async def test_a_question_like_none_of_the_examples_is_asked_back_in_the_users_language(
    router: Router,
) -> None:
    english = await router.route(RouteRequest("what should I cook for dinner tonight"), ROSTER)
    german = await router.route(RouteRequest("welches Gericht soll ich heute kochen"), ROSTER)

    assert english.agent is None
    assert german.agent is None
    assert english.question.startswith("I am not sure")
    assert german.question.startswith("Ich bin nicht sicher")
    assert "Rechnung" not in english.question


async def test_an_agent_named_by_the_caller_is_taken(router: Router) -> None:
    decision = await router.route(RouteRequest("how much is my bill", explicit_agent="network"), ROSTER)

    assert (decision.agent, decision.stage) == ("network", "explicit")


async def test_an_agent_outside_the_routing_is_refused_by_name(router: Router) -> None:
    with pytest.raises(AgentNotInRouting, match="No agent found with the name payroll") as caught:
        await router.route(RouteRequest("hello", explicit_agent="payroll"), ROSTER)

    assert "billing, network" in caught.value.hint


async def test_a_follow_up_stays_with_the_current_agent(router: Router) -> None:
    request = RouteRequest(
        "and for October?", current_agent="billing", history=(said("how much is my bill for September"),)
    )

    decision = await router.route(request, ROSTER)

    assert (decision.agent, decision.stage) == ("billing", "follow-up")


async def test_a_change_of_topic_moves_even_when_it_opens_like_a_follow_up(router: Router) -> None:
    request = RouteRequest(
        "and my internet is down", current_agent="billing", history=(said("how much is my bill"),)
    )

    decision = await router.route(request, ROSTER)

    assert decision.agent == "network"


async def test_a_roster_without_capabilities_asks_back(router: Router) -> None:
    decision = await router.route(RouteRequest("hello"), Roster("default/empty", ()))

    assert decision.agent is None
    assert decision.question


async def test_an_agent_that_left_the_routing_is_not_chosen_while_the_new_head_is_trained(
    router: Router,
) -> None:
    await router.heads.head_for(ROSTER)
    without = Roster(ROSTER.key, (NETWORK,), "43")

    decision = await router.route(RouteRequest("how much is my bill"), without)

    assert decision.agent in {None, "network"}


async def test_a_capability_without_examples_stands_for_itself(router: Router) -> None:
    roaming = RosterAgent("roaming", "", (RosterCapability("roaming-prices", "Prices for calls abroad"),))

    decision = await router.route(
        RouteRequest("prices for calls abroad"), Roster("default/roaming", (BILLING, roaming))
    )

    assert decision.candidates[0].agent == "roaming"


async def test_the_likeliest_agent_is_told_also_where_the_user_is_asked_back(router: Router) -> None:
    narrow = Roster("default/acme-ivr-stable", (NETWORK,), "1", elsewhere=BILLING.capabilities)

    decision = await router.route(RouteRequest("why is my bill so high"), narrow)

    assert decision.agent is None
    assert decision.likeliest is not None
    assert decision.likeliest.capability == "view-bill"


async def test_the_name_of_a_capability_is_understood_beside_its_examples(router: Router) -> None:
    named = Roster(
        "default/one-example",
        (
            RosterAgent("meters", "", (RosterCapability("meter-reading", "", ("what the meter says",)),)),
            RosterAgent("moving", "", (RosterCapability("change-address", "", ("a flat elsewhere",)),)),
        ),
    )

    decision = await router.route(RouteRequest("reading"), named)

    assert decision.likeliest is not None
    assert decision.likeliest.agent == "meters"


@pytest.mark.parametrize("text", ["", " ", "🤷", "x" * 100_000, "SELECT * FROM agents; --", "\x00\x07"])
async def test_odd_messages_are_decided_without_failure(router: Router, text: str) -> None:
    decision = await router.route(RouteRequest(text), ROSTER)

    assert decision.agent in {None, "billing", "network"}


async def test_a_decision_survives_being_written_and_read(router: Router) -> None:
    decision = await router.route(RouteRequest("how much is my bill"), ROSTER)

    assert RouteDecision.from_json(decision.to_json()) == decision


async def test_a_question_for_what_another_channel_offers_is_asked_back(router: Router) -> None:
    narrow = Roster("default/acme-ivr-stable", (NETWORK,), "1", elsewhere=BILLING.capabilities)

    decision = await router.route(RouteRequest("why is my bill so high"), narrow)

    assert decision.agent is None
    assert decision.reason == "It reads like view-bill, which this Channel does not offer."
    assert "bill" not in decision.question


async def test_what_is_offered_elsewhere_takes_nothing_from_what_is_offered_here(router: Router) -> None:
    narrow = Roster("default/acme-ivr-stable", (NETWORK,), "1", elsewhere=BILLING.capabilities)

    decision = await router.route(RouteRequest("my internet is down"), narrow)

    assert decision.agent == "network"
