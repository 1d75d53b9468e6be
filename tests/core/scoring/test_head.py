"""The trained head and its ranking."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lmos.core.scoring import group_probabilities, restricted, softmax, train_head, unit

POINTS = unit(
    np.array([[1, 0.1, 0], [1, 0, 0.1], [0, 1, 0.1], [0.1, 1, 0], [0, 0.1, 1], [0.1, 0, 1]], dtype=np.float32)
)
CLASSES = np.array([0, 0, 1, 1, 2, 2])


def test_examples_are_told_apart() -> None:
    head = train_head(POINTS, CLASSES, np.arange(3))

    np.testing.assert_array_equal(head.probabilities(POINTS).argmax(axis=1), CLASSES)


def test_training_twice_gives_the_same_bits() -> None:
    np.testing.assert_array_equal(
        train_head(POINTS, CLASSES, np.arange(3)).weights, train_head(POINTS, CLASSES, np.arange(3)).weights
    )


def test_a_mistake_within_a_group_weighs_less() -> None:
    points, classes = np.vstack((POINTS, POINTS[2:3])), np.append(CLASSES, 0)

    apart = train_head(points, classes, np.arange(3)).probabilities(POINTS[2:3])[0]
    together = train_head(points, classes, np.array([0, 0, 1])).probabilities(POINTS[2:3])[0]

    assert together[1] > apart[1]


def test_permuting_classes_permutes_probabilities() -> None:
    straight = train_head(POINTS, CLASSES, np.arange(3)).probabilities(POINTS)
    turned = train_head(POINTS, 2 - CLASSES, np.arange(3)).probabilities(POINTS)

    np.testing.assert_allclose(straight, turned[:, ::-1], rtol=1e-4)


@given(st.lists(st.floats(-40, 40, width=32), min_size=2, max_size=8))
def test_probabilities_sum_to_one(logits: list[float]) -> None:
    np.testing.assert_allclose(softmax(np.array([logits], dtype=np.float32)).sum(), 1, rtol=1e-5)


def test_an_agent_has_the_sum_of_its_capabilities() -> None:
    by_agent = group_probabilities(np.array([[0.2, 0.3, 0.5]], dtype=np.float32), np.array([0, 0, 1]), 2)

    np.testing.assert_allclose(by_agent, [[0.5, 0.5]])


def test_classes_that_are_not_allowed_get_nothing() -> None:
    left = restricted(np.array([0.6, 0.3, 0.1], dtype=np.float32), np.array([False, True, True]))

    np.testing.assert_allclose(left, [0, 0.75, 0.25], rtol=1e-6)
