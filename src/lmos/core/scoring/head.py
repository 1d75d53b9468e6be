"""The trained head: a softmax over Capabilities that starts at their centroids and is held near them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from lmos.core.scoring.features import class_sums, unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring.features import Matrix

TEMPERATURE = np.float32(12.0)
PULL = 0.3
"""Strength of the pull towards a class's centroid, divided by the class's number of examples."""

STEPS = 40
LEARNING_RATE = 0.005
BATCH = 1024
"""Examples a step looks at, at least; there are at least two of each class on average."""

GROUP_SHARE = np.float32(0.5)
"""How much of the loss is that of groups: an Agent is asked, whichever of its Capabilities was found."""

_LEAST = np.float32(1e-9)

MOST_WORK = 2e12
"""Multiplications and additions that training may take; where it would take more, the centroids stand."""


@dataclass(frozen=True, slots=True)
class Head:
    """
    Weights of a softmax over classes.

    Attributes:
        weights: One row a class, shape (classes, features).
    """

    weights: Matrix

    def logits(self, features: Matrix) -> Matrix:
        """Scores of each class, shape (n, classes), for features of shape (n, features)."""
        scores: Matrix = TEMPERATURE * (features @ self.weights.T)
        return scores

    def probabilities(self, features: Matrix) -> Matrix:
        """Probabilities of each class, shape (n, classes); rows sum to one."""
        return softmax(self.logits(features))


def softmax(logits: Matrix) -> Matrix:
    """Probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Matrix = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def train_head(
    features: Matrix,
    classes: NDArray[np.intp],
    groups: NDArray[np.intp],
    weights: Matrix | None = None,
) -> Head:
    """
    Fit a head to examples with Adam, without any chance in it.

    It is to find the right group as much as the right class.

    Args:
        features: Examples, shape (n, features).
        classes: The class of each example, shape (n,); each class has at least one.
        groups: Group of each class, shape (classes,).
        weights: How much each example counts, shape (n,); each 1 where not given.

    Source:
        docs/decisions/0006-routing-head.md, 0020-evened-features.md
    """
    count = len(groups)
    counts = np.ones(len(classes), dtype=np.float32) if weights is None else weights
    centroids = unit(class_sums(features, classes, count, counts))
    parts = max(1, len(classes) // max(BATCH, 2 * count))
    if 4.0 * STEPS * len(classes) / parts * centroids.size > MOST_WORK:
        return Head(centroids)
    # Those of each class are spread evenly over the parts.
    dealt = position_in_class(classes) % parts
    batches = [
        _Batch.of(features, classes, groups, counts, np.flatnonzero(dealt == part)) for part in range(parts)
    ]
    # What a centroid pulls per step.
    sizes = np.bincount(classes, minlength=count).astype(np.float32)
    pull = (np.float32(PULL / count) / sizes)[:, None]
    rows, first, second = centroids.copy(), np.zeros_like(centroids), np.zeros_like(centroids)
    for step in range(1, STEPS + 1):
        gradient = batches[step % parts].gradient(rows) + pull * (rows - centroids)
        first += (gradient - first) * np.float32(0.1)
        second += (gradient**2 - second) * np.float32(0.001)
        rate = np.float32(LEARNING_RATE * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step))
        rows -= rate * first / (np.sqrt(second) + np.float32(1e-8))
    return Head(rows)


@dataclass(frozen=True, slots=True)
class _Batch:
    """
    The examples that a step looks at.

    Attributes:
        features: Shape (n, features).
        classes: The right class of each, shape (n,).
        in_group: Which classes are of the right group, shape (n, classes).
        push: How much each counts, shape (n, 1).
    """

    features: Matrix
    classes: NDArray[np.intp]
    in_group: NDArray[np.bool_]
    push: Matrix

    @classmethod
    def of(
        cls,
        features: Matrix,
        classes: NDArray[np.intp],
        groups: NDArray[np.intp],
        counts: Matrix,
        seen: NDArray[np.intp],
    ) -> Self:
        """Those of all examples whose rows are `seen`; where that is all of them, nothing is copied."""
        is_whole = len(seen) == len(features)
        right, push = classes[seen], counts[seen] / counts[seen].sum() * TEMPERATURE
        in_group = groups[None, :] == groups[right][:, None]
        return cls(features if is_whole else features[seen], right, in_group, push[:, None])

    def gradient(self, rows: Matrix) -> Matrix:
        """Of the loss by the head's rows, shape (classes, features)."""
        wrong = softmax(TEMPERATURE * (self.features @ rows.T))
        ours = np.where(self.in_group, wrong, np.float32(0))
        ours *= GROUP_SHARE / np.maximum(ours.sum(axis=1, keepdims=True), _LEAST)
        wrong -= ours
        wrong[np.arange(len(wrong)), self.classes] -= 1 - GROUP_SHARE
        wrong *= self.push
        gradient: Matrix = wrong.T @ self.features
        return gradient


def position_in_class(classes: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each example, how many of its class came before it, shape (n,)."""
    order = np.argsort(classes, kind="stable")
    ordered = classes[order]
    starts = np.searchsorted(ordered, ordered)
    positions = np.empty(len(classes), dtype=np.intp)
    positions[order] = np.arange(len(classes)) - starts
    return positions
