"""Whether a text is anything that the classes are about."""

import numpy as np

from lmos.core.scoring import familiarity, likeness_among_generic, likeness_to_generic

SURE = np.ones(1, dtype=np.float32)
NOT_GENERIC = np.zeros(1, dtype=np.float32)


def of(*logits: float, generic: float = 0.0, surest: float = 1.0) -> float:
    found = familiarity(
        np.array([logits], dtype=np.float32), NOT_GENERIC + np.float32(generic), SURE * np.float32(surest)
    )
    return float(found[0])


def test_it_grows_with_the_nearest_class() -> None:
    assert of(12.0, 0.0) > of(3.0, 2.0)


def test_what_resembles_generic_texts_is_less_familiar() -> None:
    assert of(6.0, 0.0, generic=0.5) < of(6.0, 0.0, generic=0.1)


def test_where_no_group_is_surely_right_it_is_a_little_less() -> None:
    assert of(6.0, 6.0, surest=0.5) < of(6.0, 6.0, surest=1.0)


def test_likeness_is_to_the_nearest_few() -> None:
    generic = np.eye(5, dtype=np.float32)
    text = np.array([[1.0, 1.0, 1.0, 0.0, 0.0]], dtype=np.float32)

    assert likeness_to_generic(text, generic) == 1.0


def test_without_generic_texts_nothing_is_like_them() -> None:
    assert not likeness_to_generic(
        np.ones((2, 3), dtype=np.float32), np.zeros((0, 3), dtype=np.float32)
    ).any()


def test_a_generic_text_is_not_compared_with_itself() -> None:
    assert not likeness_among_generic(np.eye(5, dtype=np.float32)).any()
