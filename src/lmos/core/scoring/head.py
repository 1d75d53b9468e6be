"""The trained head: a softmax over Capabilities that starts at their centroids and is held near them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmos.core.scoring.features import unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring.features import Matrix

TEMPERATURE = np.float32(12.0)
PULL = 0.3
"""Strength of the pull towards a class's centroid, divided by the class's number of examples."""

STEPS = 40
LEARNING_RATE = 0.005


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
    features: Matrix, classes: NDArray[np.intp], count: int, weights: Matrix | None = None
) -> Head:
    """
    Fit a head to examples with Adam, without any chance in it.

    Args:
        features: Examples, shape (n, features).
        classes: The class of each example, shape (n,), from 0 to count - 1; each class has at least one.
        count: Number of classes.
        weights: How much each example counts, shape (n,); each 1 where not given.

    Source:
        docs/decisions/0006-routing-head.md
    """
    counts = np.ones(len(classes), dtype=np.float32) if weights is None else weights
    sizes = np.bincount(classes, minlength=count).astype(np.float32)
    truth = np.zeros((len(classes), count), dtype=np.float32)
    truth[np.arange(len(classes)), classes] = 1
    centroids = unit((truth * counts[:, None]).T @ features)
    # What an example pulls, and what a centroid does, per step.
    push = (counts / counts.sum() * TEMPERATURE)[:, None]
    pull = (np.float32(PULL / count) / sizes)[:, None]
    rows, first, second = centroids.copy(), np.zeros_like(centroids), np.zeros_like(centroids)
    for step in range(1, STEPS + 1):
        wrong = (softmax(TEMPERATURE * (features @ rows.T)) - truth) * push
        gradient = wrong.T @ features + pull * (rows - centroids)
        first += (gradient - first) * np.float32(0.1)
        second += (gradient**2 - second) * np.float32(0.001)
        rate = np.float32(LEARNING_RATE * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step))
        rows -= rate * first / (np.sqrt(second) + np.float32(1e-8))
    return Head(rows)
