"""Messages that come together are encoded together; one that comes alone waits for nobody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lmos.router.batching import LARGEST_BATCH, BatchingEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class CountingEncoder:
    """Encodes a number as itself, and remembers what came together; cannot read what is no number."""

    name = "counting"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.batches.append(list(texts))
        return np.array([[float(text)] for text in texts], dtype=np.float32).reshape(len(texts), 1)


async def test_what_comes_in_one_round_is_encoded_together() -> None:
    counting = CountingEncoder()
    encoder = BatchingEncoder(counting)

    rows = await asyncio.gather(*(encoder.encode(text) for text in "123"))

    assert [float(row[0]) for row in rows] == [1, 2, 3]
    assert counting.batches == [["1", "2", "3"]]


async def test_many_are_encoded_in_batches_between_which_the_loop_goes_on() -> None:
    counting = CountingEncoder()
    encoder = BatchingEncoder(counting)
    texts = [str(number) for number in range(2 * LARGEST_BATCH + 1)]

    rows = await asyncio.gather(*(encoder.encode(text) for text in texts))

    assert [float(row[0]) for row in rows] == [float(text) for text in texts]
    assert [len(batch) for batch in counting.batches] == [LARGEST_BATCH, LARGEST_BATCH, 1]


async def test_one_that_was_cancelled_is_not_encoded() -> None:
    counting = CountingEncoder()
    encoder = BatchingEncoder(counting)
    gone, there = encoder.encode("1"), encoder.encode("2")
    gone.cancel()

    await there

    assert counting.batches == [["2"]]


async def test_each_hears_what_the_encoder_failed_with() -> None:
    encoder = BatchingEncoder(CountingEncoder())
    both = [encoder.encode("1"), encoder.encode("no number")]

    for each in both:
        with pytest.raises(ValueError, match="no number"):
            await each
    assert float((await encoder.encode("3"))[0]) == 3
