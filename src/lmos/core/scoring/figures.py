"""How good judgements were: what is measured of probabilities once the right answers are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring.features import Matrix

BINS = 15


def expected_calibration_error(probabilities: Matrix, hits: NDArray[np.bool_]) -> float:
    """
    How far probabilities are from what came true, 0 to 1.

    Judgements are sorted into BINS of equal width by their probability; the error is the distance between
    the mean probability and the share of hits of a bin, averaged over all judgements.

    Args:
        probabilities: Of the chosen answer, shape (n,), n at least 1.
        hits: Whether it was right, shape (n,).

    Source:
        Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    bins = np.minimum((probabilities * BINS).astype(np.intp), BINS - 1)
    claimed = np.bincount(bins, weights=probabilities, minlength=BINS)
    true = np.bincount(bins, weights=hits, minlength=BINS)
    return float(np.abs(claimed - true).sum() / len(hits))


def coverage_at(accuracy: float, probabilities: Matrix, hits: NDArray[np.bool_]) -> float:
    """
    The largest share of judgements, the surest first, of which at least `accuracy` are right.

    Judgements of the same probability are taken together, as one threshold would.

    Args:
        accuracy: 0 to 1.
        probabilities: Of the chosen answer, shape (n,), n at least 1.
        hits: Whether it was right, shape (n,).
    """
    order = np.argsort(-probabilities, kind="stable")
    ordered = probabilities[order]
    reached = np.cumsum(hits[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero((reached >= accuracy) & last_of_equals(ordered))
    return float(enough[-1] + 1) / len(order) if len(enough) else 0.0


def last_of_equals(ordered: Matrix) -> NDArray[np.bool_]:
    """Where in a sorted array, shape (n,), another value follows: a threshold can lie only there."""
    last: NDArray[np.bool_] = np.append(ordered[:-1] != ordered[1:], True)
    return last


def recall_at(false_rejection: float, known: Matrix, unknown: Matrix) -> float:
    """
    The share of unknown texts that are turned away where a stated share of known ones is.

    Args:
        false_rejection: Share of known texts below the threshold, 0 to 1.
        known: How familiar each text is that belongs, shape (n,), n at least 1.
        unknown: How familiar each text is that does not, shape (m,), m at least 1.
    """
    return float((unknown < np.quantile(known, false_rejection)).mean())


def auroc(known: Matrix, unknown: Matrix) -> float:
    """
    How likely a known text is more familiar than an unknown one, ties counted half; 0.5 is chance.

    Args:
        known: How familiar each text is that belongs, shape (n,), n at least 1.
        unknown: How familiar each text is that does not, shape (m,), m at least 1.
    """
    ordered = np.sort(unknown)
    below = np.searchsorted(ordered, known, side="left")
    not_above = np.searchsorted(ordered, known, side="right")
    return float((below + not_above).mean() / 2 / len(unknown))
