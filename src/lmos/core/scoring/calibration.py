"""From held-out examples to probabilities that come true, and the two thresholds to abstain by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmos.core.scoring.head import TEMPERATURE, softmax
from lmos.core.scoring.rank import group_probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring.examples import Examples
    from lmos.core.scoring.features import Matrix

FOLDS = 4
FEWEST_HELD_OUT = 20
"""With fewer held-out examples than this, the cautious defaults below hold instead."""

DEFAULT_CONFIDENCE = 0.5
DEFAULT_FAMILIARITY = 0.25
DEFAULT_SHARPNESS = 1.3

_SHARPNESSES = np.geomspace(0.5, 4.0, 32)
_WEIGHT_OF_DEFAULT = 10.0
"""In held-out examples: with few of them, the sharpness stays near the default."""


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

    confidence: float = DEFAULT_CONFIDENCE
    familiarity: float = DEFAULT_FAMILIARITY
    sharpness: float = DEFAULT_SHARPNESS
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


@dataclass(frozen=True, slots=True)
class HeldOut:
    """
    How examples are judged by heads that have not seen them.

    Attributes:
        indices: Which examples, shape (n,).
        logits: What the head trained without it makes of each, shape (n, classes).
    """

    indices: NDArray[np.intp]
    logits: Matrix


def held_out(examples: Examples) -> HeldOut:
    """
    Judge every example by a head trained without it, in cross-validation.

    Every class's examples are dealt into FOLDS in their order; each fold is judged by a head trained on
    the others. Classes with a single example cannot be held out.
    """
    turns = _position_in_class(examples.classes)
    several = np.bincount(examples.classes, minlength=examples.count)[examples.classes] > 1
    indices = [np.empty(0, dtype=np.intp)]
    logits = [np.empty((0, examples.count), dtype=np.float32)]
    for fold in range(FOLDS):
        held = (turns % FOLDS == fold) & several
        if held.any():
            indices.append(np.flatnonzero(held))
            logits.append(examples.without(held).head().logits(examples.features[held]))
    return HeldOut(np.concatenate(indices), np.concatenate(logits))


def calibrate(
    examples: Examples, groups: NDArray[np.intp], goal: Goal, held: HeldOut | None = None
) -> Thresholds:
    """
    Thresholds that reach `goal` on examples the head has not seen, and the sharpness that fits them.

    Args:
        examples: What the head is trained on.
        groups: Group of each class, shape (classes,); a Capability's Agent.
        goal: What to reach.
        held: What `held_out` found of `examples`, where that is known already.
    """
    held = held or held_out(examples)
    if len(held.indices) < FEWEST_HELD_OUT:
        return Thresholds()
    logits, right = held.logits, groups[examples.classes[held.indices]]
    sharpness = _sharpness_for(logits, groups, right)
    known = familiarity(logits)
    floor = float(np.quantile(known, goal.false_rejection))
    answered = known >= floor
    probabilities = group_probabilities(
        softmax(np.float32(sharpness) * logits), groups, int(groups.max()) + 1
    )
    hits = probabilities.argmax(axis=1) == right
    confidence = confidence_for(probabilities.max(axis=1)[answered], hits[answered], goal.precision)
    return Thresholds(confidence, floor, sharpness, len(known))


def _sharpness_for(logits: Matrix, groups: NDArray[np.intp], right: NDArray[np.intp]) -> float:
    """
    The sharpness under which the right groups are most probable, held near the default by a prior.

    Args:
        logits: Of held-out examples, shape (n, classes).
        groups: Group of each class, shape (classes,).
        right: The right group of each example, shape (n,).
    """
    losses = []
    for sharpness in _SHARPNESSES:
        probabilities = group_probabilities(
            softmax(np.float32(sharpness) * logits), groups, int(groups.max()) + 1
        )
        found = probabilities[np.arange(len(right)), right]
        prior = _WEIGHT_OF_DEFAULT * np.log(sharpness / DEFAULT_SHARPNESS) ** 2
        losses.append(prior - np.log(np.maximum(found, np.finfo(np.float32).tiny)).sum())
    return float(_SHARPNESSES[int(np.argmin(losses))])


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


def _position_in_class(classes: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each example, how many of its class came before it."""
    positions = np.zeros(len(classes), dtype=np.intp)
    seen: dict[int, int] = {}
    for index, label in enumerate(classes.tolist()):
        positions[index] = seen.get(label, 0)
        seen[label] = positions[index] + 1
    return positions
