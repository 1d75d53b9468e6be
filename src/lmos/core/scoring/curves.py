"""Probabilities beside what came true, as curves: how reliable they are, what answering more risks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmos.core.scoring.figures import BINS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring.features import Matrix

ACCURACIES = (0.90, 0.95, 0.98, 0.99)
"""Shares of right answers for which is said how many questions can be answered."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """
    Judgements sorted into bins of equal width by their probability.

    Attributes:
        counts: Judgements in each bin, shape (BINS,).
        claimed: Their mean probability, shape (BINS,); 0 in an empty bin.
        true: The share of them that was right, shape (BINS,); 0 in an empty bin.
    """

    counts: NDArray[np.intp]
    claimed: Matrix
    true: Matrix


@dataclass(frozen=True, slots=True)
class CoverageRisk:
    """
    What is risked where only the surest judgements are answered, one point for each threshold there is.

    Attributes:
        coverage: Share of judgements that are answered, rising to 1, shape (k,).
        risk: Share of the answered ones that are wrong, shape (k,).
    """

    coverage: Matrix
    risk: Matrix


def reliability(probabilities: Matrix, hits: NDArray[np.bool_]) -> Reliability:
    """
    How often judgements were right, by how probable they were said to be.

    Args:
        probabilities: Of the chosen answer, shape (n,).
        hits: Whether it was right, shape (n,).
    """
    bins = np.minimum((probabilities * BINS).astype(np.intp), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    some = np.maximum(counts, 1)
    claimed = np.bincount(bins, weights=probabilities, minlength=BINS) / some
    true = np.bincount(bins, weights=hits, minlength=BINS) / some
    return Reliability(counts, claimed.astype(np.float32), true.astype(np.float32))


def coverage_risk(probabilities: Matrix, hits: NDArray[np.bool_]) -> CoverageRisk:
    """
    The share answered and the share of mistakes among them, from the highest threshold to the lowest.

    Judgements of the same probability are taken together, as one threshold would.

    Args:
        probabilities: Of the chosen answer, shape (n,).
        hits: Whether it was right, shape (n,).

    Source:
        El-Yaniv and Wiener, On the Foundations of Noise-free Selective Classification, JMLR 2010.
    """
    order = np.argsort(-probabilities, kind="stable")
    ordered = probabilities[order]
    answered = np.arange(1, len(order) + 1)
    is_last_of_equals = np.append(ordered[:-1] != ordered[1:], np.ones(min(1, len(order)), dtype=np.bool_))
    wrong = np.cumsum(~hits[order])
    return CoverageRisk(
        (answered / max(1, len(order)))[is_last_of_equals].astype(np.float32),
        (wrong / answered)[is_last_of_equals].astype(np.float32),
    )
