"""From held-out examples to probabilities that come true, and the two thresholds to abstain by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from lmos.core.scoring.figures import last_of_equals
from lmos.core.scoring.head import TEMPERATURE, softmax
from lmos.core.scoring.rank import group_probabilities
from lmos.core.scoring.resemblance import familiarity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring.features import Matrix

FEWEST_HELD_OUT = 20
"""With fewer held-out examples than this, the cautious defaults below hold instead."""

DEFAULT_CONFIDENCE = 0.5
DEFAULT_SHARPNESS = 1.3
_BELOW_CHANCE = 0.05
"""In cosine similarity: how far below what as many classes that resemble nothing would come to."""

_SHARPNESSES = np.geomspace(0.5, 4.0, 32)
_WEIGHT_OF_DEFAULT = 10.0
"""In held-out examples: with few of them, the sharpness stays near the default."""

_WEIGHT_OF_CLAIM = 100.0
"""In held-out examples: with few of them, precision is rather what confidences say than what came true."""


@dataclass(frozen=True, slots=True)
class Goal:
    """
    What the thresholds must reach on held-out examples.

    Attributes:
        precision: Share of answered questions that reach the right group.
        false_rejection: Share of known questions that may be turned away as unfamiliar.
        let_through: Share of questions out of scope that may pass as familiar; where it is stated, it decides
            instead of `false_rejection`.
    """

    precision: float = 0.98
    false_rejection: float = 0.05
    let_through: float | None = None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """
    When to answer, and how sure an answer is.

    Attributes:
        confidence: Lowest probability of the best group: is it this one rather than another?
        familiarity: Lowest `familiarity` of the text: is it anything we know at all?
        sharpness: By what logits are multiplied for probabilities that come true as often as they say.
        held_out: How many held-out examples they rest on; 0 for the defaults.
    """

    confidence: float
    familiarity: float
    sharpness: float = DEFAULT_SHARPNESS
    held_out: int = 0

    @classmethod
    def cautious(cls, classes: int) -> Self:
        """
        Defaults for so many classes, at which about one question in twenty is turned away.

        Familiarity sums over classes, so the more there are the more familiar anything is.
        """
        floor = float(np.log(classes) / TEMPERATURE) - _BELOW_CHANCE
        return cls(DEFAULT_CONFIDENCE, floor)


@dataclass(frozen=True, slots=True)
class Ranked:
    """
    Texts as a head ranks the groups for them.

    Attributes:
        probabilities: Of each group, shape (n, groups).
        familiarity: Of each text, shape (n,).
    """

    probabilities: Matrix
    familiarity: Matrix

    @classmethod
    def of(cls, logits: Matrix, generic: Matrix, groups: NDArray[np.intp], sharpness: float) -> Ranked:
        """
        Rank by logits.

        Args:
            logits: Of each class, shape (n, classes).
            generic: How much each text is like generic ones, shape (n,).
            groups: Group of each class, shape (classes,).
            sharpness: By what logits are multiplied.
        """
        shares = softmax(np.float32(sharpness) * logits)
        probabilities = group_probabilities(shares, groups, int(groups.max()) + 1)
        return cls(probabilities, familiarity(logits, generic, probabilities.max(axis=1)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """
    Thresholds, and the held-out examples that they rest on.

    Attributes:
        thresholds: What was found.
        probabilities: Of the most probable group of each held-out example, shape (n,).
        hits: Whether that was the right one, shape (n,).
        known: Familiarity of each held-out example, shape (n,).
        unknown: Familiarity of each generic text, shape (m,).
    """

    thresholds: Thresholds
    probabilities: Matrix
    hits: NDArray[np.bool_]
    known: Matrix
    unknown: Matrix


def calibrate(
    held: tuple[Matrix, Matrix],
    right: NDArray[np.intp],
    generic: tuple[Matrix, Matrix],
    groups: NDArray[np.intp],
    goal: Goal,
) -> Calibration:
    """
    Thresholds that reach `goal` on examples the head has not seen, and the sharpness that fits them.

    Args:
        held: Logits of held-out examples, shape (n, classes), and how much they are like generic texts, (n,).
        right: The right group of each, shape (n,).
        generic: The same two of generic texts, shapes (m, classes) and (m,), each compared with the others.
        groups: Group of each class, shape (classes,); a Capability's Agent.
        goal: What to reach.
    """
    few = len(right) < FEWEST_HELD_OUT
    sharpness = DEFAULT_SHARPNESS if few else _sharpness_for(held[0], groups, right)
    known = Ranked.of(*held, groups, sharpness)
    unknown = Ranked.of(*generic, groups, sharpness).familiarity
    hits = known.probabilities.argmax(axis=1) == right
    best = known.probabilities.max(axis=1)
    if few:
        return Calibration(Thresholds.cautious(len(groups)), best, hits, known.familiarity, unknown)
    if goal.let_through is None or not len(unknown):
        floor = float(np.quantile(known.familiarity, goal.false_rejection))
    else:
        floor = float(np.quantile(unknown, 1 - goal.let_through))
    answered = known.familiarity >= floor
    confidence = confidence_for(best[answered], hits[answered], goal.precision)
    return Calibration(
        Thresholds(confidence, floor, sharpness, len(right)), best, hits, known.familiarity, unknown
    )


def _sharpness_for(logits: Matrix, groups: NDArray[np.intp], right: NDArray[np.intp]) -> float:
    """
    The sharpness under which the right groups are most probable, held near the default by a prior.

    Args:
        logits: Of held-out examples, shape (n, classes).
        groups: Group of each class, shape (classes,).
        right: The right group of each example, shape (n,).
    """
    losses = []
    is_right = groups[None, :] == right[:, None]
    for sharpness in _SHARPNESSES:
        found = softmax(np.float32(sharpness) * logits).sum(axis=1, where=is_right)
        prior = _WEIGHT_OF_DEFAULT * np.log(sharpness / DEFAULT_SHARPNESS) ** 2
        losses.append(prior - np.log(np.maximum(found, np.finfo(np.float32).tiny)).sum())
    return float(_SHARPNESSES[int(np.argmin(losses))])


def confidence_for(confidences: Matrix, hits: NDArray[np.bool_], precision: float) -> float:
    """
    The lowest confidence at which the answers at or above it reach `precision`.

    One wrong answer more or less among few would move it far, so they are taken together with what their
    confidences claim.

    Args:
        confidences: Probability of the chosen group, shape (n,).
        hits: Whether that group was right, shape (n,).
        precision: Share of right answers wanted.

    Returns:
        A threshold between 0 and 1; 1.0 where none reaches it, and no more than the default where all
        together do, for then nothing tells how low it may be.
    """
    order = np.argsort(-confidences, kind="stable")
    count = np.arange(1, len(order) + 1)
    claimed = np.cumsum(confidences[order]) / count
    reached = (np.cumsum(hits[order]) + _WEIGHT_OF_CLAIM * claimed) / (count + _WEIGHT_OF_CLAIM)
    enough = np.flatnonzero((reached >= precision) & last_of_equals(confidences[order]))
    if not len(enough):
        return 1.0
    lowest = float(confidences[order][enough[-1]])
    return min(lowest, DEFAULT_CONFIDENCE) if enough[-1] == len(order) - 1 else lowest
