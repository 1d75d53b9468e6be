"""What a stated precision costs."""

from dataclasses import replace

import numpy as np
import pytest

from lmos.core.resources.labels import ROUTER_SETTINGS
from lmos.router import Roster, RosterAgent, RosterCapability, RouterSettings
from lmos.router.calibrating import CalibrationReport, TooFewExamples, calibration_report
from lmos.router.evaluation import NothingToRoute
from lmos.testing.encoder import WordEncoder
from tests.router.rosters import BILLS, FAULTS, ROSTER


def report(settings: RouterSettings | None = None, roster: Roster = ROSTER) -> CalibrationReport:
    return calibration_report(replace(roster, settings=settings or RouterSettings()), WordEncoder())


def two_agents(first: tuple[str, ...], second: tuple[str, ...]) -> Roster:
    can = (RosterCapability("answer", "", first),), (RosterCapability("answer", "", second),)
    return Roster("two", (RosterAgent("one", "", can[0]), RosterAgent("other", "", can[1])))


def test_every_example_is_judged_by_a_head_that_has_not_seen_it() -> None:
    told = report().to_json()

    assert told["held_out"] == len(BILLS) + len(FAULTS)
    assert 0.8 < told["agent_accuracy"] < 1.0
    assert told["is_reached"]


def test_what_is_answered_is_right_as_often_as_stated() -> None:
    answers = report(RouterSettings(precision=0.9)).answers

    assert answers.is_answered.any()
    assert answers.hits[answers.is_answered].mean() >= 0.9
    assert (answers.is_familiar | ~answers.is_answered).all()


def test_coverage_falls_as_the_accuracy_that_is_wanted_rises() -> None:
    told = report().to_json()
    coverage = [told[f"coverage_at_{percent}"] for percent in (90, 95, 98, 99)]

    assert coverage == sorted(coverage, reverse=True)


@pytest.mark.parametrize("let_through", [0.1, 0.5])
def test_the_stated_share_of_generic_texts_is_let_through(let_through: float) -> None:
    told = report(RouterSettings(letThrough=let_through)).to_json()

    assert told["let_through"] == pytest.approx(let_through, abs=0.02)


def test_where_every_example_reads_like_the_other_agents_no_precision_is_reached() -> None:
    # In another order, an example's twin is never held out with it.
    found = report(roster=two_agents(BILLS, (*BILLS[1:], BILLS[0])))

    assert not found.is_reached
    assert not found.answers.is_answered.any()
    assert found.to_json()["answered_accuracy"] is None


def test_too_few_examples_say_how_many_are_needed() -> None:
    with pytest.raises(
        TooFewExamples, match="There are 4 examples that can be held out; 21 are needed"
    ) as caught:
        report(roster=two_agents(BILLS[:2], FAULTS[:2]))

    assert caught.value.exit_status == 2


def test_without_capabilities_there_is_nothing_to_calibrate() -> None:
    with pytest.raises(NothingToRoute):
        report(roster=Roster("none", ()))


@pytest.mark.parametrize(
    "settings",
    [
        RouterSettings(),
        RouterSettings(precision=0.9, letThrough=0.2),
        RouterSettings(falseRejection=0.1, stages=frozenset({"vector", "llm"})),
    ],
)
def test_the_annotation_says_the_same_settings(settings: RouterSettings) -> None:
    written = report(settings).to_json()["annotation"]

    assert "precision" in written
    assert RouterSettings.of({ROUTER_SETTINGS: written}) == settings


def test_the_same_agents_give_the_same_report() -> None:
    first, second = report(), report()

    np.testing.assert_array_equal(first.answers.probabilities, second.answers.probabilities)
    assert first.to_json() == second.to_json()
