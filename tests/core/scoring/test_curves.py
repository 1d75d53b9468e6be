"""Probabilities and what came true, as curves."""

import numpy as np
import pytest

from lmos.core.scoring import coverage_at, expected_calibration_error
from lmos.core.scoring.curves import coverage_risk, reliability
from lmos.core.scoring.figures import BINS

SURE = np.array([0.9, 0.9, 0.7, 0.6], dtype=np.float32)
HITS = np.array([True, True, False, True])


def test_a_bin_says_what_was_claimed_and_what_came_true() -> None:
    found = reliability(
        np.array([0.95, 1.0, 0.98, 0.1], dtype=np.float32), np.array([True, False, True, False])
    )

    assert found.counts[-1] == 3
    assert found.claimed[-1] == pytest.approx(2.93 / 3)
    assert found.true[-1] == pytest.approx(2 / 3)
    assert (found.counts.sum(), len(found.counts)) == (4, BINS)


def test_the_calibration_error_is_the_mean_distance_of_bins() -> None:
    chance = np.random.default_rng(3)
    probabilities = chance.random(500, dtype=np.float32)
    hits = chance.random(500) < probabilities**2
    found = reliability(probabilities, hits)

    distance = (np.abs(found.claimed - found.true) * found.counts).sum() / 500
    assert distance == pytest.approx(expected_calibration_error(probabilities, hits), abs=1e-6)


def test_each_threshold_has_its_coverage_and_its_risk() -> None:
    curve = coverage_risk(SURE, HITS)

    np.testing.assert_allclose(curve.coverage, [0.5, 0.75, 1.0])
    np.testing.assert_allclose(curve.risk, [0, 1 / 3, 1 / 4])


@pytest.mark.parametrize("accuracy", [0.5, 0.7, 0.75, 0.99])
def test_the_curve_agrees_with_the_coverage_at_an_accuracy(accuracy: float) -> None:
    curve = coverage_risk(SURE, HITS)
    within = curve.coverage[1 - curve.risk >= accuracy - 1e-6]

    assert within.max(initial=0) == pytest.approx(coverage_at(accuracy, SURE, HITS))


def test_without_judgements_there_is_no_curve() -> None:
    nothing = np.empty(0, dtype=np.float32)

    assert len(coverage_risk(nothing, nothing.astype(np.bool_)).coverage) == 0
    assert reliability(nothing, nothing.astype(np.bool_)).counts.sum() == 0
