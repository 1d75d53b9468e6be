"""Laws of a trained head, whatever is asked."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lmos.router import Roster
from lmos.router.training import train
from lmos.testing.encoder import WordEncoder
from tests.router.rosters import ROSTER

if TYPE_CHECKING:
    from lmos.router.vector import Judgement, VectorHead

WORDS = " ".join(
    text for agent in ROSTER.agents for can in agent.capabilities for text in can.examples
).split()
Texts = st.lists(st.sampled_from([*WORDS, "grandmother", "🤷"]), max_size=8).map(" ".join)


@cache
def head_of(*, is_turned: bool = False) -> VectorHead:
    agents = ROSTER.agents[::-1] if is_turned else ROSTER.agents
    head = train(Roster(ROSTER.key, agents), WordEncoder())
    assert head is not None
    return head


def judged(head: VectorHead, text: str, *agents: str) -> Judgement:
    return head.judge(text, WordEncoder().encode([text])[0], frozenset(agents) or ROSTER.names)


def test_training_twice_gives_the_same_bits() -> None:
    again = train(ROSTER, WordEncoder())

    assert again is not None
    np.testing.assert_array_equal(again.head.weights, head_of().head.weights)
    assert again.thresholds == head_of().thresholds


@given(Texts)
def test_the_order_of_agents_changes_nothing(text: str) -> None:
    straight, turned = judged(head_of(), text), judged(head_of(is_turned=True), text)

    assert abs(straight.probability - turned.probability) < 1e-3
    assert straight.agent == turned.agent or abs(straight.probability - 0.5) < 1e-3


@given(Texts)
def test_an_agent_that_may_not_be_chosen_is_not(text: str) -> None:
    assert judged(head_of(), text, "network").agent == "network"


@given(Texts)
def test_probabilities_of_candidates_sum_to_one(text: str) -> None:
    candidates = judged(head_of(), text).candidates

    assert abs(sum(each.probability for each in candidates) - 1) < 1e-3
