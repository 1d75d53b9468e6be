"""Thresholds from held-out examples."""

import numpy as np
import pytest

from lmos.core.scoring import (
    Examples,
    Goal,
    Thresholds,
    calibrate,
    expected_calibration_error,
    familiarity,
    softmax,
    unit,
)
from lmos.core.scoring.calibration import confidence_for


def clusters(per_class: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    centres = np.eye(4, 16, dtype=np.float32)
    classes = np.repeat(np.arange(4), per_class)
    noise = rng.standard_normal((len(classes), 16)).astype(np.float32)
    return unit(centres[classes] + spread * noise), classes


def test_the_confidence_is_the_lowest_that_still_reaches_the_precision() -> None:
    confidences = np.array([0.9, 0.8, 0.7, 0.6], dtype=np.float32)

    assert confidence_for(confidences, np.array([True, True, False, True]), 0.75) == pytest.approx(0.6)
    assert confidence_for(confidences, np.array([True, True, False, True]), 1.0) == pytest.approx(0.8)


def test_where_no_confidence_reaches_the_precision_nothing_is_answered() -> None:
    confidences = np.array([0.9, 0.8], dtype=np.float32)

    assert confidence_for(confidences, np.array([False, True]), 0.9) == 1.0


def examples(per_class: int, spread: float) -> Examples:
    features, classes = clusters(per_class, spread)
    return Examples.of(features, classes, np.zeros((4, 16), dtype=np.float32))


def test_few_examples_leave_the_cautious_defaults() -> None:
    assert calibrate(examples(per_class=3, spread=0.1), np.arange(4), Goal()) == Thresholds()


def test_the_stated_share_of_known_questions_is_turned_away() -> None:
    given = examples(per_class=50, spread=0.15)

    thresholds = calibrate(given, np.arange(4), Goal(false_rejection=0.1))

    assert thresholds.held_out == 200
    stricter = calibrate(given, np.arange(4), Goal(false_rejection=0.3))
    assert stricter.familiarity > thresholds.familiarity


def test_where_classes_overlap_probabilities_are_less_sharp() -> None:
    clear = calibrate(examples(per_class=50, spread=0.1), np.arange(4), Goal())
    blurred = calibrate(examples(per_class=50, spread=0.6), np.arange(4), Goal())

    assert blurred.sharpness < clear.sharpness


@pytest.mark.parametrize("spread", [0.2, 0.4])
def test_probabilities_come_true_as_often_as_they_say(spread: float) -> None:
    known = examples(per_class=40, spread=spread)
    features, classes = clusters(per_class=200, spread=spread)
    sharpness = np.float32(calibrate(known, np.arange(4), Goal()).sharpness)

    probabilities = softmax(sharpness * known.head().logits(features))
    hits = probabilities.argmax(axis=1) == classes

    assert expected_calibration_error(probabilities.max(axis=1), hits) < 0.06


def test_familiarity_grows_with_the_nearest_class() -> None:
    near, far = familiarity(np.array([[12.0, 0.0], [3.0, 2.0]], dtype=np.float32))

    assert near > far
