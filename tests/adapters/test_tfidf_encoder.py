"""Embeddings without a model."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lmos.adapters.tfidf_encoder import DIMENSIONS, TfidfEncoder

encode = TfidfEncoder().encode


def test_texts_with_the_same_rare_words_are_closer_than_those_with_the_same_frequent_ones() -> None:
    bill, rare, frequent = encode(
        ["what is on my bill", "a bill for us", "what is on my mind, grandmother Hedwig"]
    )

    assert bill @ rare > bill @ frequent


def test_forms_of_a_word_resemble_each_other() -> None:
    one, many, other = encode(["Rechnung", "Rechnungen", "Vertrag"])

    assert one @ many > 0.4 > one @ other


def test_nothing_but_marks_has_no_direction() -> None:
    assert not encode(["", "?!"]).any()
    assert encode([]).shape == (0, DIMENSIONS)


@given(st.lists(st.text(max_size=50), max_size=4))
def test_every_text_is_a_unit_or_nothing_whatever_stands_beside_it(texts: list[str]) -> None:
    rows = encode(texts)
    lengths = np.linalg.norm(rows, axis=1)

    assert np.all(np.isclose(lengths, 1, rtol=1e-5) | (lengths == 0))
    for text, row in zip(texts, rows, strict=True):
        np.testing.assert_array_equal(encode([text])[0], row)
