"""Examples of classes, and the names that say the same."""

import numpy as np

from lmos.core.scoring import Examples, unit
from lmos.core.scoring.names import fitting_names

AXES = np.eye(4, 6, dtype=np.float32)
CLASSES = np.repeat(np.arange(4), 3)
FEATURES = unit(AXES[CLASSES] + 0.1 * np.random.default_rng(3).standard_normal((12, 6)).astype(np.float32))


def test_a_name_fits_when_it_is_closest_to_its_own_examples() -> None:
    assert fitting_names(AXES, FEATURES, CLASSES).all()


def test_names_that_mean_other_classes_are_left_out() -> None:
    names = AXES[[1, 0, 2, 3]]

    assert Examples.of(FEATURES, CLASSES, names).named.tolist() == [2, 3]


def test_a_class_may_have_no_name() -> None:
    names = AXES.copy()
    names[1] = 0

    assert Examples.of(FEATURES, CLASSES, names).named.tolist() == [0, 2, 3]


def test_among_many_classes_a_name_may_come_third() -> None:
    count = 40
    features = np.eye(count, dtype=np.float32)
    names = features.copy()
    names[0, 1:3] = 1.5
    names[1, 3:6] = 1.5

    fitting = fitting_names(names, features, np.arange(count))

    assert fitting.tolist() == [True, False, *[True] * (count - 2)]


def test_what_is_held_out_is_not_trained_on() -> None:
    held = np.arange(12) == CLASSES * 3
    rest = Examples.of(FEATURES, CLASSES, AXES).without(held)

    assert len(rest.classes) == 8
    assert rest.head().weights.shape == (4, 6)


def test_a_name_draws_its_class_towards_it() -> None:
    lone = np.array([[1, 0, 0, 0], [0, 1, 0, 0]], dtype=np.float32)
    named = np.array([[1, 0, 1, 0], [0, 1, 0, 1]], dtype=np.float32)
    asked = np.array([[0, 0, 1, 0]], dtype=np.float32)

    plain = Examples.of(lone, np.arange(2), np.zeros_like(named)).head()
    called = Examples.of(lone, np.arange(2), unit(named)).head()

    assert plain.logits(asked)[0, 0] == 0 < called.logits(asked)[0, 0]
