"""Laws of routing, whatever is asked, by whom and in which order."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lmos.core.conversation import Choice, Message
from lmos.core.scoring import Thresholds
from lmos.router import Roster, RosterAgent, RosterCapability, Router, RouteRequest
from lmos.router.decision import agent_shares
from lmos.router.kept_heads import head_from_bytes, head_to_bytes
from lmos.router.training import train
from lmos.testing.clock import FrozenClock
from lmos.testing.encoder import WordEncoder
from tests.router.rosters import ROSTER as TWO

if TYPE_CHECKING:
    from lmos.router import RouteDecision
    from lmos.router.vector import Judgement, VectorHead

TARIFFS = (
    "which tariff is cheaper",
    "change my tariff",
    "a tariff with more data",
    "when does my tariff end",
)
ROSTER = Roster(
    "default/laws", (*TWO.agents, RosterAgent("contract", "", (RosterCapability("tariff", "", TARIFFS),)))
)
NAMES = sorted(ROSTER.names)
KNOWN = " ".join(
    text for agent in ROSTER.agents for can in agent.capabilities for text in can.examples
).split()
Words = st.sampled_from([*KNOWN, "grandmother", "Störung", "🤷", "not", "the", "second", "neither", "yes"])
Texts = st.lists(Words, max_size=8).map(" ".join) | st.text(max_size=30)
WithWords = st.lists(st.sampled_from(KNOWN), min_size=1, max_size=8).map(" ".join)
Choices = st.none() | st.lists(
    st.builds(Choice, st.sampled_from([*NAMES, "gone"]), st.sampled_from(["tariff", "gone"]), Texts),
    max_size=3,
).map(tuple)
Requests = st.builds(
    RouteRequest,
    Texts,
    st.sampled_from(["", "", *NAMES]),
    st.sampled_from(["", "gone", *NAMES]),
    st.lists(st.builds(Message, role=st.sampled_from(["user", "assistant"]), content=Texts), max_size=2).map(
        tuple
    ),
    Choices,
)


@cache
def head_of(roster: Roster = ROSTER) -> VectorHead:
    head = train(roster, WordEncoder())
    assert head is not None
    return head


def judged(text: str, head: VectorHead | None = None, among: frozenset[str] = ROSTER.names) -> Judgement:
    return (head or head_of()).judge(text, WordEncoder().encode([text])[0], among)


def decided(
    *requests: RouteRequest, roster: Roster = ROSTER, thresholds: Thresholds | None = None
) -> list[RouteDecision]:
    """What becomes of Turns that come in one round, with the head of ROSTER."""
    head = head_of()

    async def route() -> list[RouteDecision]:
        router = Router(WordEncoder(), FrozenClock())
        router.heads.hold(roster, replace(head, thresholds=thresholds) if thresholds else head)
        try:
            return await asyncio.gather(*(router.route(request, roster) for request in requests))
        finally:
            await router.aclose()

    return asyncio.run(route())


@given(Texts)
def test_probabilities_of_all_agents_sum_to_one(text: str) -> None:
    shares = agent_shares(judged(text).candidates)

    assert set(shares) == ROSTER.names
    # Candidates are rounded to four digits.
    assert abs(sum(shares.values()) - 1) < 1e-3


@settings(max_examples=30)
@given(WithWords)
def test_permuting_agents_permutes_decisions(text: str) -> None:
    turned = replace(ROSTER, agents=ROSTER.agents[::-1])
    straight, other = judged(text), judged(text, head_of(turned))

    shares, others = agent_shares(straight.candidates), agent_shares(other.candidates)
    assert all(abs(shares[name] - others[name]) < 2e-3 for name in NAMES)


@given(Texts)
def test_a_threshold_of_one_abstains_unless_there_is_no_doubt_at_all(text: str) -> None:
    (decision,) = decided(RouteRequest(text), thresholds=Thresholds(confidence=1.0, familiarity=-np.inf))

    assert decision.agent is None or decision.probability == 1.0


@given(WithWords)
def test_a_threshold_of_zero_never_abstains(text: str) -> None:
    (decision,) = decided(RouteRequest(text), thresholds=Thresholds(confidence=0.0, familiarity=-np.inf))

    assert decision.agent is not None


@given(Texts)
def test_no_text_is_familiar_enough_for_an_endless_threshold(text: str) -> None:
    (decision,) = decided(RouteRequest(text), thresholds=Thresholds(confidence=0.0, familiarity=np.inf))

    assert decision.agent is None


@given(Requests, st.sets(st.sampled_from(NAMES), min_size=1, max_size=2))
def test_an_agent_that_is_removed_gets_no_turn_more(request: RouteRequest, gone: set[str]) -> None:
    left = replace(ROSTER, agents=tuple(each for each in ROSTER.agents if each.name not in gone))
    named = replace(request, explicit_agent="")

    (decision,) = decided(named, roster=left)

    assert decision.agent not in gone
    assert not gone & {choice.agent for choice in decision.choices}
    assert not gone & {candidate.agent for candidate in decision.candidates}


@given(Requests)
def test_every_decision_is_an_agent_of_the_routing_or_a_question(request: RouteRequest) -> None:
    (decision,) = decided(request)

    assert decision.agent in {None, *NAMES}
    assert bool(decision.question) == decision.is_abstention
    assert {choice.agent for choice in decision.choices} <= ROSTER.names
    assert len({choice.agent for choice in decision.choices}) == len(decision.choices) <= 3


@given(st.lists(Requests, min_size=2, max_size=5))
def test_turns_of_one_round_are_decided_as_each_alone(requests: list[RouteRequest]) -> None:
    assert decided(*requests) == [decided(request)[0] for request in requests]


@given(Texts)
def test_a_head_that_was_kept_and_read_gives_the_same_bits(text: str) -> None:
    again = head_from_bytes(head_to_bytes(head_of()))

    assert again is not None
    assert judged(text, again) == judged(text)
