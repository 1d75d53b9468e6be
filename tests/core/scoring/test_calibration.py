"""Thresholds from held-out examples."""

import numpy as np
import pytest

from lmos.core.scoring import (
    Calibration,
    Goal,
    Thresholds,
    calibrate,
    expected_calibration_error,
    held_out,
    likeness_among_generic,
    softmax,
)
from lmos.core.scoring.calibration import DEFAULT_CONFIDENCE, confidence_for
from tests.core.scoring.builders import DIMENSIONS, around, examples, wordless

GROUPS = np.arange(4)
GENERIC = wordless(around(np.arange(8, 12).repeat(5), 0.5)[:, :DIMENSIONS])


def calibrated(per_class: int, spread: float, goal: Goal | None = None) -> Calibration:
    given = examples(np.repeat(np.arange(4), per_class), spread)
    model, held = given.model(), held_out(given, GENERIC)
    generic = model.features(GENERIC)
    return calibrate(
        (held.logits, held.generic),
        given.classes[held.indices],
        (model.head.logits(generic), likeness_among_generic(generic)),
        GROUPS,
        goal or Goal(),
    )


def test_the_confidence_is_the_lowest_that_still_reaches_the_precision() -> None:
    confidences = np.repeat(np.array([0.9, 0.8, 0.7, 0.6], dtype=np.float32), 1000)
    came_true = np.repeat([True, True, False, False], 1000)

    assert confidence_for(confidences, came_true, 0.6) == pytest.approx(0.7)
    assert confidence_for(confidences, came_true, 0.97) == pytest.approx(0.8)


def test_a_single_mistake_among_few_does_not_move_the_confidence_far() -> None:
    confidences = np.append(np.linspace(0.999, 0.95, 40), np.full(40, 0.1)).astype(np.float32)
    came_true = np.append(np.arange(40) != 1, np.zeros(40, dtype=np.bool_))

    assert confidence_for(confidences, came_true, 0.96) == confidences[39]


def test_where_all_is_right_the_confidence_is_no_more_than_the_default() -> None:
    confidences = np.full(30, 0.999, dtype=np.float32)

    assert confidence_for(confidences, np.ones(30, dtype=np.bool_), 0.98) == DEFAULT_CONFIDENCE


def test_where_no_confidence_reaches_the_precision_nothing_is_answered() -> None:
    confidences = np.array([0.9, 0.8], dtype=np.float32)

    assert confidence_for(confidences, np.array([False, True]), 0.95) == 1.0


def test_few_examples_leave_the_cautious_defaults() -> None:
    assert calibrated(per_class=3, spread=0.1).thresholds == Thresholds.cautious(4)


def test_the_more_classes_the_more_familiar_a_text_must_be_by_default() -> None:
    assert Thresholds.cautious(2).familiarity < Thresholds.cautious(200).familiarity


def test_the_stated_share_of_known_questions_is_turned_away() -> None:
    lenient = calibrated(50, 0.15, Goal(false_rejection=0.1))
    strict = calibrated(50, 0.15, Goal(false_rejection=0.3))

    assert lenient.thresholds.held_out == 200
    assert (lenient.known < lenient.thresholds.familiarity).mean() == pytest.approx(0.1)
    assert (strict.known < strict.thresholds.familiarity).mean() == pytest.approx(0.3)


def test_a_stated_share_of_generic_questions_is_let_through() -> None:
    calibration = calibrated(50, 0.15, Goal(let_through=0.25))

    assert (calibration.unknown >= calibration.thresholds.familiarity).mean() == pytest.approx(0.25)


def test_where_classes_overlap_probabilities_are_less_sharp() -> None:
    clear, blurred = calibrated(50, 0.1), calibrated(50, 0.6)

    assert blurred.thresholds.sharpness < clear.thresholds.sharpness


@pytest.mark.parametrize("spread", [0.2, 0.4])
def test_probabilities_come_true_as_often_as_they_say(spread: float) -> None:
    classes = np.repeat(np.arange(4), 200)
    model = examples(np.repeat(np.arange(4), 40), spread).model()
    sharpness = np.float32(calibrated(40, spread).thresholds.sharpness)

    probabilities = softmax(
        sharpness * model.head.logits(model.features(wordless(around(classes, spread, 8))))
    )
    hits = probabilities.argmax(axis=1) == classes

    assert expected_calibration_error(probabilities.max(axis=1), hits) < 0.06
