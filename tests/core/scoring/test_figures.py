"""What is measured of judgements whose right answers are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.core.scoring import auroc, coverage_at, expected_calibration_error, recall_at

Pairs = st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1, max_size=30)


def arrays(pairs: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([sure for sure, _ in pairs], dtype=np.float32), np.array([hit for _, hit in pairs])


def test_probabilities_that_come_true_have_no_calibration_error() -> None:
    sure = np.full(4, 0.75, dtype=np.float32)

    assert expected_calibration_error(sure, np.array([True, True, True, False])) == pytest.approx(0)
    assert expected_calibration_error(sure, np.array([False] * 4)) == pytest.approx(0.75)


def test_coverage_is_the_share_that_may_be_answered_at_that_accuracy() -> None:
    sure = np.array([0.9, 0.8, 0.7, 0.6], dtype=np.float32)
    hits = np.array([True, True, False, True])

    assert coverage_at(1.0, sure, hits) == 0.5
    assert coverage_at(0.75, sure, hits) == 1.0
    assert coverage_at(0.99, sure, ~hits) == 0.0


def test_equal_probabilities_are_answered_together_or_not_at_all() -> None:
    sure = np.array([0.9, 0.9, 0.5], dtype=np.float32)

    assert coverage_at(1.0, sure, np.array([True, False, True])) == 0.0


def test_recall_is_what_falls_below_the_threshold_of_the_stated_share() -> None:
    known = np.arange(100, dtype=np.float32)

    assert recall_at(0.05, known, np.array([-1, 2, 50, 200], dtype=np.float32)) == 0.5


def test_the_area_counts_ties_half() -> None:
    assert auroc(np.array([1.0, 2.0], dtype=np.float32), np.array([0.0], dtype=np.float32)) == 1.0
    assert auroc(np.array([1.0], dtype=np.float32), np.array([1.0], dtype=np.float32)) == 0.5


@given(Pairs)
def test_figures_are_shares(pairs: list[tuple[float, bool]]) -> None:
    sure, hits = arrays(pairs)

    assert 0 <= expected_calibration_error(sure, hits) <= 1
    assert 0 <= coverage_at(0.99, sure, hits) <= 1


@given(Pairs, Pairs)
def test_the_areas_of_a_comparison_and_its_reverse_sum_to_one(
    one: list[tuple[float, bool]], other: list[tuple[float, bool]]
) -> None:
    left, right = arrays(one)[0], arrays(other)[0]

    assert auroc(left, right) + auroc(right, left) == pytest.approx(1)
