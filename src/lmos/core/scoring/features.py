"""What the head sees of a text: its centred embedding beside hashed n-grams."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Matrix = NDArray[np.float32]
"""Numbers in single precision; each use states its shape."""

BUCKETS = 2048
"""Width of the hashed part."""

NGRAM_SCALE = np.float32(0.6)
"""Weight of the hashed part beside the embedding's 1.0."""

_WORD = re.compile(r"\w+")
_CHARACTER_SIZES = (3, 4)
_LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """
    How texts become features: fitted on the examples of one head, then fixed.

    Attributes:
        mean: Mean embedding of the examples, shape (d,).
        idf: Inverse document frequency of each bucket, shape (BUCKETS,).
    """

    mean: Matrix
    idf: Matrix

    @classmethod
    def fit(cls, embeddings: Matrix, counts: Matrix) -> FeatureMap:
        """
        Fit on examples.

        Args:
            embeddings: Unit embeddings of the examples, shape (n, d).
            counts: Their `ngram_counts`, shape (n, BUCKETS).
        """
        seen = (counts != 0).sum(axis=0)
        idf = np.log((1 + len(counts)) / (1 + seen)) + 1
        return cls(embeddings.mean(axis=0), idf.astype(np.float32))

    def __call__(self, embeddings: Matrix, counts: Matrix) -> Matrix:
        """
        Features of some texts, shape (n, d + BUCKETS): a unit part and a part of length NGRAM_SCALE.

        Args:
            embeddings: Unit embeddings, shape (n, d), from the same encoder as in `fit`.
            counts: `ngram_counts` of the same texts, shape (n, BUCKETS).
        """
        return np.hstack((unit(embeddings - self.mean), NGRAM_SCALE * unit(counts * self.idf)))


def unit(rows: NDArray[np.floating]) -> Matrix:
    """Rows scaled to length one, in single precision; a zero row stays zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32)


def ngram_counts(texts: Sequence[str]) -> Matrix:
    """
    Signed hashed counts of word 1- and 2-grams and of character 3- and 4-grams, shape (n, BUCKETS).

    Counts are damped (sign(c) * log(1 + |c|)), so a repeated word does not drown the rest.
    """
    counts = np.zeros((len(texts), BUCKETS), dtype=np.float32)
    for row, text in enumerate(texts):
        hashes = np.fromiter(map(zlib.crc32, _ngrams(text)), dtype=np.uint32)
        signs = np.where(hashes & np.uint32(1 << 31), 1, -1).astype(np.float32)
        counts[row] = np.bincount(hashes % BUCKETS, weights=signs, minlength=BUCKETS)
    return np.sign(counts) * np.log1p(np.abs(counts))


def _ngrams(text: str) -> list[bytes]:
    words = _WORD.findall(text.casefold()[:_LONGEST_TEXT])
    grams = [f"w{word}" for word in words]
    grams += [f"b{first} {second}" for first, second in pairwise(words)]
    line = f" {' '.join(words)} "
    for size in _CHARACTER_SIZES:
        grams += [line[start : start + size] for start in range(len(line) - size + 1)]
    return [gram.encode() for gram in grams]
