"""The original's ways to choose, with what is known to follow from them."""

import numpy as np
import pytest

from lmos.core.scoring.voting import IN_CODE, SHIPPED, RankerLimits, Vote, closest_vote, ranked_vote

BILLS, FAULTS = 0, 1


def ranked(*hits: int, score: float = 0.9, limits: RankerLimits = SHIPPED) -> Vote:
    """So many examples of each group, all with the same score."""
    groups = np.repeat(np.arange(len(hits)), hits)
    return ranked_vote(np.full(len(groups), 2 * score - 1), groups, limits)


@pytest.mark.parametrize(
    ("similarities", "groups", "wanted"),
    [
        ([0.9, 0.5, 0.4, 0.3, 0.2], [BILLS, FAULTS, FAULTS, FAULTS, BILLS], FAULTS),
        ([0.9, 0.8, 0.7, 0.6], [FAULTS, BILLS, BILLS, FAULTS], FAULTS),
        ([0.9, 0.8, 0.1, 0.1, 0.1, 0.1, 0.1], [BILLS, BILLS, FAULTS, BILLS, FAULTS, FAULTS, FAULTS], BILLS),
        ([-0.9], [FAULTS], FAULTS),
    ],
    ids=["most of five", "a tie goes to the closest", "the sixth has no vote", "however far"],
)
def test_the_five_closest_examples_vote(similarities: list[float], groups: list[int], wanted: int) -> None:
    assert closest_vote(np.array(similarities), np.array(groups)).group == wanted


@pytest.mark.parametrize(
    ("hits", "limits", "is_accepted"),
    [
        ((10, 5), SHIPPED, True),
        ((9, 6), SHIPPED, False),
        ((7, 3), IN_CODE, False),
        ((5,), SHIPPED, False),
        ((6,), SHIPPED, True),
        ((1,), SHIPPED, True),
    ],
)
def test_at_a_score_of_nine_tenths(hits: tuple[int, ...], limits: RankerLimits, is_accepted: bool) -> None:
    assert ranked(*hits, limits=limits).is_accepted is is_accepted


def test_a_single_example_is_accepted_whatever_its_score() -> None:
    assert ranked(1, score=0.0).is_accepted


@pytest.mark.parametrize(("limits", "is_accepted"), [(SHIPPED, True), (IN_CODE, False)])
def test_the_mean_that_is_asked_for_differs_between_code_and_settings(
    limits: RankerLimits,
    is_accepted: bool,
) -> None:
    assert ranked(10, score=0.7, limits=limits).is_accepted is is_accepted


def test_bounds_are_inclusive() -> None:
    assert ranked(10, score=0.5).is_accepted
    assert ranked(8, score=0.5, limits=RankerLimits(total=4.0)).is_accepted
    assert not ranked(8, score=0.5).is_accepted


def test_only_the_closest_are_retrieved() -> None:
    similarities = np.concatenate((np.full(15, 0.8), np.full(20, 0.7)))
    groups = np.repeat([BILLS, FAULTS], [15, 20])

    vote = ranked_vote(similarities, groups)

    assert (vote.group, vote.is_accepted) == (BILLS, True)
    assert vote.weight == pytest.approx(13.5)
