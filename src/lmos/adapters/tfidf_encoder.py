"""Embeddings without a model: weighted words and their parts, hashed."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

DIMENSIONS = 1024

_WORD = re.compile(r"\w+")
_PART_SIZES = (3, 4, 5)
_LONGEST_TEXT = 2000
_LONGEST_WORD = 40
_FREQUENT_WEIGHT = 0.3

# Words of which nearly every text has some, in English and German. Their inverse document frequency is
# stated here, because an embedding must not depend on which other texts there are.
_FREQUENT = frozenset(
    """
    a about am an and any are as at be by can could did do does for from has have how i if in is it me my
    no not of on or please some that the there this to want was what when where which who why will with
    would you your
    als am an auf aus bei bin bitte das dass dem den der des die du ein eine einen einer er es für hat
    habe ich ihr im in ist kann mein meine meinen mich mir mit nicht noch oder sie sind um und von wann
    war was welche wer wie wir wird wo zu zum zur
    """.split()
)


class TfidfEncoder:
    """1,024 dimensions, any language that puts spaces between words; knows no meaning, needs nothing."""

    name = "tfidf-1"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit embeddings, shape (n, 1024), zero for a text without words; 2,000 characters count."""
        sums = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            for term, weight in _terms(text[:_LONGEST_TEXT]):
                hashed = zlib.crc32(term.encode(errors="surrogatepass"))
                sums[row, hashed % DIMENSIONS] += weight if hashed >> 31 else -weight
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return (sums / np.where(lengths == 0, 1, lengths)).astype(np.float32)


def _terms(text: str) -> Iterator[tuple[str, float]]:
    """Each word, and its parts, which together weigh as much as it does."""
    for word in _WORD.findall(text.casefold()):
        weight = _FREQUENT_WEIGHT if word in _FREQUENT else 1.0
        yield f"w{word}", weight
        marked = f"<{word[:_LONGEST_WORD]}>"
        parts = [
            marked[start : start + size] for size in _PART_SIZES for start in range(len(marked) - size + 1)
        ]
        for part in parts:
            # The parts' directions are independent, so their weights add up by their squares.
            yield part, weight / len(parts) ** 0.5
