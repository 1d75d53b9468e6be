"""What mattered for a decision: words, examples, and what limits saying so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmos.router import Roster, RosterCapability, RouteDecision, Router, RouteRequest
from lmos.router.explaining import MOST_EXAMPLES, MOST_PIECES, explanation_of
from lmos.router.training import train
from lmos.testing.clock import FrozenClock
from lmos.testing.encoder import WordEncoder
from tests.router.rosters import BILLS, FAULTS, ROSTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lmos.router.explaining import Explanation

ENCODER = WordEncoder()
HEAD = train(ROSTER, ENCODER)
BILLED = RouteDecision("billing", "vector", "", capability="view-bill", head=ROSTER.fingerprint)
WINES = RosterCapability("choose-wine", "Chooses a wine", ("which wine goes with fish", "a dry white wine"))


class CountingEncoder(WordEncoder):
    """Remembers how many texts each call had."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls.append(len(texts))
        return super().encode(texts)


def explained(
    text: str, decision: RouteDecision = BILLED, roster: Roster = ROSTER, read_with: str = ""
) -> Explanation:
    head = HEAD if roster is ROSTER else train(roster, ENCODER)
    assert head is not None
    return explanation_of(text, decision, head, ENCODER, roster, read_with)


def test_the_word_without_which_the_agent_is_least_probable_mattered_most() -> None:
    explanation = explained("hello dear machine show the bill")

    most = max(explanation.words, key=lambda each: each.probability)
    assert most.words == "bill"
    assert most.probability > 0.1
    assert " ".join(each.words for each in explanation.words) == "hello dear machine show the bill"


def test_words_of_a_sure_decision_are_told_apart_by_their_odds() -> None:
    explanation = explained("show my bill please and send my bill again")

    falls = {each.words: each for each in explanation.words}
    assert falls["bill"].probability < 0.001
    assert falls["bill"].log_odds > falls["and"].log_odds


def test_a_word_that_no_example_knows_makes_the_text_less_familiar() -> None:
    explanation = explained("how much is my bill grandmother")

    familiar = {each.words: each.familiarity for each in explanation.words}
    assert familiar["grandmother"] < 0 < familiar["bill"]


def test_a_word_that_speaks_for_another_agent_makes_the_chosen_one_more_probable_without_it() -> None:
    explanation = explained("my bill while the internet is slow")

    assert next(each for each in explanation.words if each.words == "internet").probability < 0


def test_the_nearest_examples_are_of_the_capability_and_of_its_best_rival() -> None:
    explanation = explained("why is my bill so high")

    ours, rivals = explanation.examples[:MOST_EXAMPLES], explanation.examples[MOST_EXAMPLES:]
    assert ours[0].text == "why is my bill so high this month"
    assert {(each.agent, each.capability) for each in ours} == {("billing", "view-bill")}
    assert {(each.agent, each.capability) for each in rivals} == {("network", "report-fault")}
    assert len(ours) == len(rivals) == MOST_EXAMPLES
    assert [each.similarity for each in ours] == sorted((each.similarity for each in ours), reverse=True)
    assert -1 <= rivals[-1].similarity < ours[0].similarity <= 1.0001


def test_without_a_chosen_agent_it_is_about_the_likeliest() -> None:
    explanation = explained("is my bill an outage or a bill", RouteDecision(None, "clarify", "", head="x"))

    assert explanation.agent == "billing"
    assert "No Agent was chosen; this is about the likeliest one." in explanation.notes


def test_what_reads_like_a_capability_elsewhere_is_explained_by_its_examples() -> None:
    roster = replace(ROSTER, elsewhere=(WINES,))
    asked_back = RouteDecision(None, "clarify", "", head=roster.fingerprint)
    explanation = explained("which wine goes with fish", asked_back, roster)

    assert (explanation.agent, explanation.capability) == ("", "choose-wine")
    assert explanation.examples[0].text == "which wine goes with fish"


def test_a_follow_up_is_weighed_with_the_message_that_it_goes_on_with() -> None:
    stayed = replace(BILLED, stage="follow-up")
    explanation = explained("and why?", stayed, read_with="how much is my bill")

    assert explanation.read_with == "how much is my bill"
    assert explanation.probability > explained("and why?", stayed).probability
    assert [each.words for each in explanation.words] == ["and", "why?"]


def test_a_head_of_before_is_named() -> None:
    explanation = explained("show my bill", replace(BILLED, head="gone"))

    assert (explanation.decided_by, explanation.head) == ("gone", ROSTER.fingerprint)
    assert explanation.notes == (
        f"Head gone has decided; this is by the head as it is now, {ROSTER.fingerprint}.",
    )


def test_an_agent_that_has_left_is_named() -> None:
    roster = Roster("left", ROSTER.agents[1:])
    explanation = explained("show my bill", replace(BILLED, head=roster.fingerprint), roster)

    assert explanation.agent == "network"
    assert explanation.notes == (
        "billing serves this Channel no longer; this is about the likeliest Agent now.",
    )


def test_after_a_hand_over_it_is_about_the_agent_that_the_router_chose() -> None:
    assert explained("show my bill", BILLED.handed_over("network")).agent == "billing"


@pytest.mark.parametrize("text", ["bill", "", "   "])
def test_without_several_words_no_word_is_left_out(text: str) -> None:
    explanation = explained(text)

    assert explanation.words == ()
    assert explanation.examples


def test_of_a_single_agent_there_is_no_rival() -> None:
    roster = Roster("one", ROSTER.agents[:1])
    explanation = explained("show my bill", replace(BILLED, head=roster.fingerprint), roster)

    assert {each.agent for each in explanation.examples} == {"billing"}
    assert explanation.probability == 1.0
    assert {(each.probability, each.log_odds) for each in explanation.words} == {(0.0, 0.0)}


def test_a_long_text_is_left_out_in_runs_of_words_in_one_batch() -> None:
    encoder = CountingEncoder()
    text = " ".join(f"word{number}" for number in range(100))
    assert HEAD is not None
    explanation = explanation_of(text, BILLED, HEAD, encoder, ROSTER)

    assert len(explanation.words) == MOST_PIECES
    assert " ".join(each.words for each in explanation.words) == text
    assert encoder.calls == [1 + MOST_PIECES, 1 + len(BILLS) + len(FAULTS)]


@given(st.text(max_size=300), st.sampled_from(["", "how much is my bill"]))
@settings(max_examples=40, deadline=None)
def test_any_text_is_explained_alike_each_time(text: str, read_with: str) -> None:
    explanation = explained(text, read_with=read_with)

    assert explanation == explained(text, read_with=read_with)
    assert len(explanation.words) <= MOST_PIECES
    assert 0 <= explanation.probability <= 1


@pytest.mark.parametrize(
    ("request_", "note"),
    [
        (RouteRequest("hello", explicit_agent="billing"), "The caller named the Agent"),
        (RouteRequest("how much is my bill"), ""),
    ],
)
async def test_the_router_explains_what_it_has_decided(request_: RouteRequest, note: str) -> None:
    router = Router(ENCODER, FrozenClock())
    decision = await router.route(request_, ROSTER)
    explanation = await router.explain(request_.text, decision, ROSTER)
    await router.aclose()

    assert "".join(explanation.notes).startswith(note)
    assert bool(explanation.words) == bool(decision.head)
    assert abs(explanation.probability - (decision.probability if decision.head else 0)) < 0.001


async def test_a_channel_without_capabilities_has_nothing_to_explain() -> None:
    router = Router(ENCODER, FrozenClock())
    explanation = await router.explain("hello", BILLED, Roster("empty", ()))
    await router.aclose()

    assert explanation.notes == ("There is no trained head for this Channel.",)
