"""Examples of classes, and the names that say the same."""

import numpy as np

from lmos.core.scoring import unit
from lmos.core.scoring.names import fitting_names
from tests.core.scoring.builders import DIMENSIONS, examples, wordless

AXES = np.eye(4, DIMENSIONS, dtype=np.float32)
CLASSES = np.repeat(np.arange(4), 3)
FEATURES = unit(AXES[CLASSES] + 0.1 * np.random.default_rng(3).standard_normal((12, DIMENSIONS)))


def named(names: np.ndarray) -> list[int]:
    made = examples(CLASSES, names=names)
    return [int(label) for label in made.classes[made.importance < 1]]


def test_a_name_fits_when_it_is_closest_to_its_own_examples() -> None:
    assert fitting_names(AXES, FEATURES, CLASSES).all()
    assert named(AXES) == [0, 1, 2, 3]


def test_names_that_mean_other_classes_are_left_out() -> None:
    assert named(AXES[[1, 0, 2, 3]]) == [2, 3]


def test_among_many_classes_a_name_may_come_third() -> None:
    count = 40
    features = np.eye(count, dtype=np.float32)
    names = features.copy()
    names[0, 1:3] = 1.5
    names[1, 3:6] = 1.5

    fitting = fitting_names(names, features, np.arange(count))

    assert fitting.tolist() == [True, False, *[True] * (count - 2)]


def test_what_is_held_out_is_not_trained_on() -> None:
    rest = examples(CLASSES).without(np.arange(12) == CLASSES * 3)

    assert len(rest.classes) == 8
    assert len(rest.model().head.weights) == 4


def test_a_class_counts_the_same_however_many_examples_it_has() -> None:
    between = wordless(unit(AXES[:1] + AXES[1:2]))

    def preference(*sizes: int) -> float:
        model = examples(np.repeat(np.arange(2), sizes), spread=0.3).model()
        one, other = model.head.logits(model.features(between))[0]
        return float(abs(one - other))

    assert preference(4, 400) < 2 * preference(4, 4)
