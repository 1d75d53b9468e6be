"""What the head sees of a text."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lmos.core.scoring import FeatureMap, ngram_counts, unit
from lmos.core.scoring.features import BUCKETS, NGRAM_SCALE


def test_texts_that_differ_in_case_and_punctuation_look_the_same() -> None:
    loud, quiet = ngram_counts(["HOW much, is my Bill?!", "how much is my bill"])

    np.testing.assert_array_equal(loud, quiet)


def test_word_order_matters() -> None:
    one, other = ngram_counts(["cancel my bill", "bill my cancel"])

    assert not np.array_equal(one, other)


def test_a_text_without_words_has_no_ngrams() -> None:
    assert not ngram_counts(["", "?!", "…"]).any()


def test_features_are_a_unit_part_and_a_scaled_part() -> None:
    rng = np.random.default_rng(0)
    embeddings = unit(rng.standard_normal((4, 8)).astype(np.float32))
    counts = ngram_counts(["a bill", "two bills", "a contract", "no signal"])

    features = FeatureMap.fit(embeddings, counts, np.array([0, 0, 1, 2]))(embeddings, counts)

    assert features.shape == (4, 8 + BUCKETS)
    np.testing.assert_allclose(np.linalg.norm(features[:, :8], axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(features[:, 8:], axis=1), NGRAM_SCALE, rtol=1e-5)


def test_directions_in_which_examples_of_a_class_differ_count_less() -> None:
    rng = np.random.default_rng(0)
    classes = np.repeat(np.arange(2), 50)
    spread = np.array([0.1, 3.0, 0.1, 0.1])
    points = np.eye(2, 4)[classes] + spread * rng.standard_normal((100, 4))
    embeddings, none = unit(points.astype(np.float32)), np.zeros((100, BUCKETS), dtype=np.float32)

    evening = FeatureMap.fit(embeddings, none, classes).evening

    lengths = np.linalg.norm(np.eye(4, dtype=np.float32) @ evening, axis=1)
    assert lengths[1] < lengths[0]


def test_where_every_class_has_one_example_embeddings_stay_as_they_are() -> None:
    embeddings, none = np.eye(3, 4, dtype=np.float32), np.zeros((3, BUCKETS), dtype=np.float32)

    np.testing.assert_array_equal(FeatureMap.fit(embeddings, none, np.arange(3)).evening, np.eye(4))


@given(st.text(max_size=200))
def test_any_text_has_finite_counts(text: str) -> None:
    counts = ngram_counts([text])

    assert counts.shape == (1, BUCKETS)
    assert np.isfinite(counts).all()
