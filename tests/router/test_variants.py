"""Simpler ways to choose an Agent, measured like the router."""

import pytest

from lmos.router import Roster
from lmos.router.evaluation import Evaluation, NothingToRoute
from lmos.router.questions import Question
from lmos.router.variants import VariantName, evaluate_variant, variant_of
from lmos.testing.clock import FrozenClock
from lmos.testing.encoder import WordEncoder
from tests.router.rosters import ROSTER

QUESTIONS = (
    Question(text="why is my bill so high", agent="billing", capability="view-bill"),
    Question(text="the internet connection is down", agent="network", capability="report-fault"),
    Question(text="welches Gericht soll ich heute kochen", agent=None),
)


def evaluated(name: VariantName) -> Evaluation:
    return evaluate_variant(name, ROSTER, QUESTIONS, WordEncoder(), FrozenClock())


@pytest.mark.parametrize("name", list(VariantName))
def test_every_variant_finds_an_agent_by_its_examples(name: VariantName) -> None:
    figures = evaluated(name).figures()

    assert (figures["agent_accuracy"], figures["capability_accuracy"]) == (1.0, 1.0)


@pytest.mark.parametrize("name", [VariantName.NEIGHBOUR, VariantName.CENTROID, VariantName.VOTE])
def test_variants_without_a_threshold_answer_everything(name: VariantName) -> None:
    figures = evaluated(name).figures()

    assert (figures["answered"], figures["oos_asked_back"]) == (1.0, 0.0)


def test_the_ranker_of_the_original_abstains_by_its_limits() -> None:
    evaluation = evaluated(VariantName.RANKER)
    billing = evaluation.judged[0].decision

    assert evaluation.figures()["oos_asked_back"] == 1.0
    assert billing.likeliest is not None
    assert billing.likeliest.agent == "billing"


def test_the_head_is_a_variant_like_the_others() -> None:
    head = variant_of(VariantName.HEAD, ROSTER, WordEncoder())
    judged = head.judge(QUESTIONS[0].text, WordEncoder().encode([QUESTIONS[0].text])[0])

    assert judged.agent == "billing"
    assert head.thresholds.held_out > 0


@pytest.mark.parametrize("name", list(VariantName))
def test_probabilities_are_shares(name: VariantName) -> None:
    assert all(0 <= judged.decision.probability <= 1 for judged in evaluated(name).judged)


def test_without_capabilities_there_is_no_variant() -> None:
    with pytest.raises(NothingToRoute):
        variant_of(VariantName.VOTE, Roster("none", ()), WordEncoder())
