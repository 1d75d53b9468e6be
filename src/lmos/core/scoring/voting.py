"""The original's two ways to choose an Agent by the examples closest to a text, for comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring.features import Matrix

VOTES = 5
"""Examples that have a vote."""


@dataclass(frozen=True, slots=True)
class RankerLimits:
    """
    What the classifier's ranker asks for; all bounds are inclusive.

    Attributes:
        retrieved: How many of the closest examples are looked at.
        total: Lowest sum of the best group's scores.
        mean: Lowest mean of them; 0.8 in the original's code, 0.5 in the settings that it ships.
        distance: How far its sum must be above the second one's.
        relative_distance: The same, divided by the best group's number of examples.
    """

    retrieved: int = 15
    total: float = 5.0
    mean: float = 0.5
    distance: float = 4.0
    relative_distance: float = 0.3


SHIPPED = RankerLimits()
"""As the original's runtime is configured."""

IN_CODE = RankerLimits(retrieved=10, mean=0.8)
"""As the original's code has it where nothing is configured."""


@dataclass(frozen=True, slots=True)
class Vote:
    """
    What the closest examples say together.

    Attributes:
        group: The best group.
        weight: What speaks for it: its share of votes, or its sum of scores.
        is_accepted: Whether it is enough.
    """

    group: int
    weight: float
    is_accepted: bool = True


def closest_vote(similarities: Matrix, groups: NDArray[np.intp]) -> Vote:
    """
    The group that most of the VOTES closest examples belong to; of several, the one of the closest example.

    Args:
        similarities: Cosine of the text to each example, shape (n,), n at least 1.
        groups: Group of each example, shape (n,).

    Source:
        The original's legacy vector resolver: top 5 by cosine, no threshold.
    """
    voters = groups[np.argsort(-similarities, kind="stable")[:VOTES]]
    votes = np.bincount(voters)
    first = next(int(group) for group in voters if votes[group] == votes.max())
    return Vote(first, float(votes[first] / len(voters)))


def ranked_vote(similarities: Matrix, groups: NDArray[np.intp], limits: RankerLimits = SHIPPED) -> Vote:
    """
    The group with the highest sum of scores among the closest examples, accepted where it is well ahead.

    A score is (cosine + 1) / 2. One example alone is accepted whatever its score.

    Args:
        similarities: Cosine of the text to each example, shape (n,), n at least 1.
        groups: Group of each example, shape (n,).
        limits: What is enough.

    Source:
        The original's embedding classifier, its ranker for a single Agent.
    """
    closest = np.argsort(-similarities, kind="stable")[: limits.retrieved]
    scores, members = (similarities[closest] + 1) / 2, groups[closest]
    totals = np.bincount(members, weights=scores)
    order = np.argsort(-totals, kind="stable")
    best = int(order[0])
    total, hits = float(totals[best]), int((members == best).sum())
    if len(closest) == 1:
        return Vote(best, total)
    is_accepted = total >= limits.total and total / hits >= limits.mean
    if len(np.unique(members)) > 1:
        distance = total - float(totals[order[1]])
        is_accepted &= distance >= limits.distance and distance / hits >= limits.relative_distance
    return Vote(best, total, is_accepted)
