"""Examples are encoded once."""

from typing import TYPE_CHECKING

import numpy as np

from lmos.router.remembering import RememberingEncoder
from lmos.testing.encoder import WordEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Listing(WordEncoder):
    """Lists what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: "Sequence[str]") -> "NDArray[np.float32]":
        self.asked += texts
        return super().encode(texts)


def test_a_text_is_encoded_once_and_comes_out_the_same() -> None:
    encoder = Listing()
    remembering = RememberingEncoder(encoder)

    first = remembering.encode(["a bill", "a fault", "a bill"])
    again = remembering.encode(["a fault", "a contract"])

    assert encoder.asked == ["a bill", "a fault", "a contract"]
    np.testing.assert_array_equal(first, WordEncoder().encode(["a bill", "a fault", "a bill"]))
    np.testing.assert_array_equal(again[0], first[1])


def test_what_was_asked_for_longest_ago_is_forgotten_first() -> None:
    encoder = Listing()
    remembering = RememberingEncoder(encoder, most=2)
    for text in ("one", "two", "one", "three"):
        remembering.encode([text])

    remembering.encode(["one"])
    remembering.encode(["two"])

    assert encoder.asked == ["one", "two", "three", "two"]
