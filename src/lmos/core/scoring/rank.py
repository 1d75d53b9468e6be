"""From probabilities of Capabilities to a ranking of Agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring.features import Matrix


def group_probabilities(probabilities: Matrix, groups: NDArray[np.intp], count: int) -> Matrix:
    """
    Sum the probabilities of classes into those of their groups.

    Args:
        probabilities: Of each class, shape (n, classes).
        groups: Group of each class, shape (classes,), from 0 to count - 1.
        count: Number of groups.

    Returns:
        Shape (n, count); rows still sum to one.
    """
    if len(probabilities) == 1:
        return np.bincount(groups, weights=probabilities[0], minlength=count).astype(np.float32)[None, :]
    member = np.zeros((len(groups), count), dtype=np.float32)
    member[np.arange(len(groups)), groups] = 1
    return probabilities @ member


def restricted(probabilities: Matrix, allowed: NDArray[np.bool_]) -> Matrix:
    """
    Probabilities with the classes outside `allowed` taken out and the rest scaled to sum to one.

    Args:
        probabilities: Of each class, shape (n, classes) or (classes,).
        allowed: Which classes may be chosen, shape (classes,).
    """
    kept: Matrix = np.where(allowed, probabilities, np.float32(0))
    total: Matrix = kept.sum(axis=-1, keepdims=True)
    total[total == 0] = 1
    return kept / total
