"""What the head sees of a text: its embedding, centred and evened out, beside hashed n-grams."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Matrix = NDArray[np.float32]
"""Numbers in single precision; each use states its shape."""

BUCKETS = 1024
"""Width of the hashed part."""

NGRAM_SCALE = np.float32(0.6)
"""Weight of the hashed part beside the embedding's 1.0."""

EVENING = 0.1
"""How far embeddings are evened out: 0 not at all, 1 until examples of a class differ equally everywhere."""

_WORD = re.compile(r"\w+")
_CHARACTER_SIZES = (3, 4)
_LONGEST_TEXT = 2000
_PIECE = 4096


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """
    How texts become features: fitted on the examples of one head, then fixed.

    Attributes:
        mean: Mean embedding of the examples, shape (d,).
        evening: Makes the directions in which examples of one class differ count less, shape (d, d).
        idf: Inverse document frequency of each bucket, shape (BUCKETS,).
    """

    mean: Matrix
    evening: Matrix
    idf: Matrix

    @classmethod
    def fit(cls, embeddings: Matrix, counts: Matrix, classes: NDArray[np.intp]) -> FeatureMap:
        """
        Fit on examples.

        Args:
            embeddings: Unit embeddings of the examples, shape (n, d).
            counts: Their `ngram_counts`, shape (n, BUCKETS).
            classes: Class of each, shape (n,), from 0 on, none left out.
        """
        seen = np.count_nonzero(counts, axis=0)
        idf = np.log((1 + len(counts)) / (1 + seen)) + 1
        return cls(embeddings.mean(axis=0), _evening(embeddings, classes), idf.astype(np.float32))

    def __call__(self, embeddings: Matrix, counts: Matrix) -> Matrix:
        """
        Features of some texts, shape (n, d + BUCKETS): a unit part and a part of length NGRAM_SCALE.

        Args:
            embeddings: Unit embeddings, shape (n, d), from the same encoder as in `fit`.
            counts: `ngram_counts` of the same texts, shape (n, BUCKETS).
        """
        dimensions = embeddings.shape[1]
        features = np.empty((len(embeddings), dimensions + BUCKETS), dtype=np.float32)
        # In pieces, as there may be a hundred thousand texts.
        for piece in _pieces(len(features)):
            features[piece, :dimensions] = unit((embeddings[piece] - self.mean) @ self.evening)
            features[piece, dimensions:] = NGRAM_SCALE * unit(counts[piece] * self.idf)
        return features


def unit(rows: NDArray[np.floating]) -> Matrix:
    """Rows scaled to length one, in single precision; a zero row stays zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32, copy=False)


def class_sums(rows: Matrix, classes: NDArray[np.intp], count: int, weights: Matrix | None = None) -> Matrix:
    """
    The sum of the rows of each class, shape (count, columns).

    Args:
        rows: Shape (n, columns).
        classes: Class of each row, shape (n,), from 0 to count - 1.
        count: Number of classes.
        weights: By which rows are multiplied, shape (n,); each 1 where not given.
    """
    sums = np.zeros((count, rows.shape[1]), dtype=np.float32)
    for piece in _pieces(len(rows)):
        weighted = rows[piece] if weights is None else rows[piece] * weights[piece, None]
        np.add.at(sums, classes[piece], weighted)
    return sums


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


def _pieces(count: int) -> Iterator[slice]:
    return (slice(start, start + _PIECE) for start in range(0, count, _PIECE))


def _evening(embeddings: Matrix, classes: NDArray[np.intp]) -> Matrix:
    """
    A matrix after which examples of one class differ a little more evenly in all directions.

    It is a root of the inverse of their covariance, shrunk towards the same variance in every direction:
    what people say besides what they mean, such as politeness, differs most and tells least.
    """
    count = int(classes.max()) + 1
    sizes = np.bincount(classes, minlength=count).astype(np.float32)
    means = class_sums(embeddings, classes, count) / sizes[:, None]
    dimensions = embeddings.shape[1]
    covariance = np.zeros((dimensions, dimensions), dtype=np.float32)
    for piece in _pieces(len(embeddings)):
        apart = embeddings[piece] - means[classes[piece]]
        covariance += apart.T @ apart
    average = covariance.trace() / dimensions
    even = np.eye(dimensions, dtype=np.float32)
    if average <= np.finfo(np.float32).eps:
        return even
    shrunk = np.float32(EVENING / average) * covariance + np.float32(1 - EVENING) * even
    root: Matrix = np.linalg.inv(np.linalg.cholesky(shrunk)).T.astype(np.float32)
    return np.ascontiguousarray(root)


def _ngrams(text: str) -> list[bytes]:
    words = _WORD.findall(text.casefold()[:_LONGEST_TEXT])
    grams = [f"w{word}" for word in words]
    grams += [f"b{first} {second}" for first, second in pairwise(words)]
    line = f" {' '.join(words)} "
    for size in _CHARACTER_SIZES:
        grams += [line[start : start + size] for start in range(len(line) - size + 1)]
    return [gram.encode(errors="surrogatepass") for gram in grams]
