"""From held-out examples to the two thresholds below which the router abstains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmos.core.scoring.head import TEMPERATURE, softmax, train_head
from lmos.core.scoring.rank import group_probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring.features import Matrix
    from lmos.core.scoring.head import Head

FOLDS = 4
FEWEST_HELD_OUT = 20
"""With fewer held-out examples than this, the cautious defaults below hold instead."""

DEFAULT_CONFIDENCE = 0.5
DEFAULT_FAMILIARITY = 0.28


@dataclass(frozen=True, slots=True)
class Goal:
    """
    What the thresholds must reach on held-out examples.

    Attributes:
        precision: Share of answered questions that reach the right group.
        false_rejection: Share of known questions that may be turned away as unfamiliar.
    """

    precision: float = 0.98
    false_rejection: float = 0.05


@dataclass(frozen=True, slots=True)
class Thresholds:
    """
    When to answer.

    Attributes:
        confidence: Lowest probability of the best group: is it this one rather than another?
        familiarity: Lowest `familiarity` of the text: is it anything we know at all?
        held_out: How many held-out examples they rest on; 0 for the defaults.
    """

    confidence: float = DEFAULT_CONFIDENCE
    familiarity: float = DEFAULT_FAMILIARITY
    held_out: int = 0


def familiarity(logits: Matrix) -> Matrix:
    """
    How much each text resembles anything the head was trained on, shape (n,).

    It is the log-sum-exp of the logits in units of cosine similarity: about the similarity to the
    nearest class, a little more where several are near. Probabilities cannot say this, for they sum
    to one for any text.
    """
    top = logits.max(axis=-1)
    resemblance: Matrix = (top + np.log(np.exp(logits - top[:, None]).sum(axis=-1))) / TEMPERATURE
    return resemblance


def calibrate(
    features: Matrix, classes: NDArray[np.intp], groups: NDArray[np.intp], goal: Goal
) -> Thresholds:
    """
    Thresholds that reach `goal` on examples the head has not seen.

    Every class's examples are dealt into FOLDS in their order; each fold is judged by a head trained on
    the others. Classes with a single example cannot be held out.

    Args:
        features: Examples, shape (n, features).
        classes: Class of each example, shape (n,).
        groups: Group of each class, shape (classes,); a Capability's Agent.
        goal: What to reach.
    """
    turns = _position_in_class(classes)
    sizes = np.bincount(classes, minlength=len(groups))
    if (sizes[classes] > 1).sum() < FEWEST_HELD_OUT:
        return Thresholds()
    confidences, hits, familiarities = [], [], []
    for fold in range(FOLDS):
        held = (turns % FOLDS == fold) & (sizes[classes] > 1)
        if not held.any():
            continue
        head, present = _head_without(held, features, classes)
        logits = head.logits(features[held])
        probabilities = group_probabilities(softmax(logits), groups[present], int(groups.max()) + 1)
        confidences.append(probabilities.max(axis=1))
        hits.append(probabilities.argmax(axis=1) == groups[classes[held]])
        familiarities.append(familiarity(logits))
    known = np.concatenate(familiarities)
    floor = float(np.quantile(known, goal.false_rejection))
    answered = known >= floor
    confidence = confidence_for(
        np.concatenate(confidences)[answered], np.concatenate(hits)[answered], goal.precision
    )
    return Thresholds(confidence, floor, len(known))


def confidence_for(confidences: Matrix, hits: NDArray[np.bool_], precision: float) -> float:
    """
    The lowest confidence at which the answers at or above it reach `precision`.

    Args:
        confidences: Probability of the chosen group, shape (n,).
        hits: Whether that group was right, shape (n,).
        precision: Share of right answers wanted.

    Returns:
        A threshold between 0 and 1; 1.0 where none reaches it.
    """
    order = np.argsort(-confidences, kind="stable")
    reached = np.cumsum(hits[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(reached >= precision)
    return float(confidences[order][enough[-1]]) if len(enough) else 1.0


def _head_without(
    held: NDArray[np.bool_], features: Matrix, classes: NDArray[np.intp]
) -> tuple[Head, NDArray[np.intp]]:
    """A head trained on the rest, and the classes that its rows stand for."""
    present, renumbered = np.unique(classes[~held], return_inverse=True)
    return train_head(features[~held], renumbered, len(present)), present


def _position_in_class(classes: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each example, how many of its class came before it."""
    positions = np.zeros(len(classes), dtype=np.intp)
    seen: dict[int, int] = {}
    for index, label in enumerate(classes.tolist()):
        positions[index] = seen.get(label, 0)
        seen[label] = positions[index] + 1
    return positions
