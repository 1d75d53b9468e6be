"""How familiar a text is to a head: whether it is anything that its classes are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmos.core.scoring.head import TEMPERATURE

if TYPE_CHECKING:
    from lmos.core.scoring.features import Matrix

_NEAREST = 3
_GENERIC_WEIGHT = np.float32(0.3)
_SURENESS_WEIGHT = np.float32(0.05)
_LEAST = np.float32(1e-9)


def familiarity(logits: Matrix, generic: Matrix, surest: Matrix) -> Matrix:
    """
    How much each text resembles what the head was trained on, rather than anything else, shape (n,).

    It is the log-sum-exp of the logits in units of cosine similarity, about the similarity to the nearest
    class, less a part of what it has in common with generic texts, and a little less where no group is
    surely the right one. Probabilities cannot say this, for they sum to one for any text.

    Args:
        logits: Of each class, shape (n, classes).
        generic: What `likeness_to_generic` found, shape (n,).
        surest: Probability of the most probable group, shape (n,).

    Source:
        docs/decisions/0020-evened-features.md
    """
    top = logits.max(axis=-1)
    energy = (top + np.log(np.exp(logits - top[:, None]).sum(axis=-1))) / TEMPERATURE
    sureness = np.log(np.maximum(surest, _LEAST))
    found: Matrix = energy - _GENERIC_WEIGHT * generic + _SURENESS_WEIGHT * sureness
    return found


def likeness_to_generic(features: Matrix, generic: Matrix) -> Matrix:
    """
    How much texts are like the generic ones that they resemble most, shape (n,).

    Args:
        features: Of the texts, shape (n, features).
        generic: Of texts that are about anything, shape (m, features); without any, the likeness is 0.
    """
    return _mean_of_largest(features @ generic.T)


def likeness_among_generic(generic: Matrix) -> Matrix:
    """How much each generic text is like the others that it resembles most, shape (m,)."""
    likeness = generic @ generic.T
    np.fill_diagonal(likeness, -np.inf)
    return _mean_of_largest(likeness)


def _mean_of_largest(likeness: Matrix) -> Matrix:
    if likeness.shape[1] <= _NEAREST:
        return np.zeros(len(likeness), dtype=np.float32)
    largest: Matrix = np.partition(likeness, -_NEAREST, axis=1)[:, -_NEAREST:].mean(axis=1)
    return largest
