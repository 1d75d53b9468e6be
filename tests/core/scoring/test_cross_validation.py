"""Examples judged by heads that have not seen them."""

import numpy as np

from lmos.core.scoring import HeldOut, held_out
from tests.core.scoring.builders import DIMENSIONS, examples, wordless

NOTHING_GENERIC = wordless(np.zeros((0, DIMENSIONS), dtype=np.float32))


def held(*classes: int, enough: int | None = None) -> HeldOut:
    return held_out(examples(np.array(classes)), NOTHING_GENERIC, enough)


def test_every_example_is_judged_once() -> None:
    found = held(0, 0, 0, 0, 0, 1, 1, 2, 2, 2)

    assert sorted(found.indices.tolist()) == list(range(10))
    assert found.logits.shape == (10, 3)


def test_logits_stand_beside_the_example_that_they_judge() -> None:
    classes = np.array([0, 1, 0, 1, 2, 2, 0, 1, 2])
    found = held(*classes)

    assert found.logits.argmax(axis=1).tolist() == classes[found.indices].tolist()


def test_an_example_that_is_alone_in_its_class_is_not_judged() -> None:
    assert 2 not in held(0, 0, 1, 2, 2).indices


def test_where_each_is_alone_nothing_is_judged() -> None:
    found = held(0, 1, 2)

    assert (found.indices.shape, found.logits.shape) == ((0,), (0, 3))


def test_what_a_class_is_called_is_not_judged() -> None:
    named = examples(np.array([0, 0, 1, 1]), names=np.eye(2, DIMENSIONS, dtype=np.float32))

    found = held_out(named, NOTHING_GENERIC)

    assert len(named.classes) == 6
    assert sorted(found.indices.tolist()) == [0, 1, 2, 3]


def test_of_many_examples_some_are_enough() -> None:
    found = held(*[0, 1] * 60, enough=30)

    assert 30 <= len(found.indices) < 60
    assert set(np.array([0, 1] * 60)[found.indices]) == {0, 1}
