"""What a stated precision costs, judged on examples that neither trained the head nor set its thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import yaml

from lmos.core.errors import InvalidInput, LmosError
from lmos.core.scoring import calibrate, coverage_at, expected_calibration_error, likeness_among_generic
from lmos.core.scoring.calibration import FEWEST_HELD_OUT, Ranked
from lmos.core.scoring.curves import ACCURACIES
from lmos.router.evaluation import NothingToRoute
from lmos.router.training import learn, lesson_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring import Goal, HeldOut, Matrix, Thresholds
    from lmos.ports.models import Encoder
    from lmos.router.roster import Roster
    from lmos.router.settings import RouterSettings
    from lmos.router.training import Lesson

FEWEST = FEWEST_HELD_OUT + 1
"""Held-out examples without which nothing can be reported."""

_PARTS = 4


class TooFewExamples(InvalidInput):
    """There are not enough examples of Agents to set thresholds by."""

    code: ClassVar[str] = "TooFewExamples"

    def __init__(self, held_out: int) -> None:
        super().__init__(
            f"There are {held_out} examples that can be held out; {FEWEST} are needed, all but one of them to"
            " set thresholds by.",
            hint="Give Capabilities two examples and more; until then cautious defaults hold.",
        )


class PrecisionOutOfReach(LmosError):
    """However few questions were answered, too many of the answers would be wrong."""

    code: ClassVar[str] = "PrecisionOutOfReach"

    def __init__(self, precision: float) -> None:
        super().__init__(
            f"A precision of {precision:g} cannot be reached: even the surest answers are wrong more often.",
            hint="Look for overlapping Capabilities with `lmos lint agents`, add examples, or ask for less.",
        )


@dataclass(frozen=True, slots=True)
class Answers:
    """
    What became of held-out examples under thresholds that other examples had set.

    Attributes:
        probabilities: Of the most probable Agent, shape (n,).
        hits: Whether that is the right one, shape (n,).
        is_familiar: Whether the example reached the familiarity that is wanted, shape (n,).
        is_answered: … and the probability too, shape (n,).
    """

    probabilities: Matrix
    hits: NDArray[np.bool_]
    is_familiar: NDArray[np.bool_]
    is_answered: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """
    What a Channel's Agents come to under a goal.

    Attributes:
        settings: What was stated.
        thresholds: Set by all held-out examples.
        is_reached: Whether any threshold on all held-out examples reaches the stated precision.
        answers: How held-out examples fared.
        let_through: Share of generic texts that pass as familiar, each compared with the others.
    """

    settings: RouterSettings
    thresholds: Thresholds
    is_reached: bool
    answers: Answers
    let_through: float

    def to_json(self) -> dict[str, Any]:
        """
        Shares from 0 to 1, thresholds, and the settings as a Channel's annotation says them.

        `answered`: held-out examples that get an Agent; `answered_accuracy`: those of them with the right
        one, None where none is answered; `turned_away`: those that are not familiar enough. `let_through`:
        generic texts that are. `coverage_at_…` and `ece`: of the probabilities.
        """
        answers, thresholds = self.answers, self.thresholds
        right = answers.hits[answers.is_answered]
        coverage = {
            f"coverage_at_{100 * accuracy:.0f}": _rounded(
                coverage_at(accuracy, answers.probabilities, answers.hits)
            )
            for accuracy in ACCURACIES
        }
        return {
            "precision": self.settings.precision,
            "is_reached": self.is_reached,
            "held_out": len(answers.hits),
            "agent_accuracy": _rounded(answers.hits.mean()),
            "ece": _rounded(expected_calibration_error(answers.probabilities, answers.hits)),
            **coverage,
            "answered": _rounded(answers.is_answered.mean()),
            "answered_accuracy": _rounded(right.mean()) if len(right) else None,
            "turned_away": _rounded((~answers.is_familiar).mean()),
            "let_through": _rounded(self.let_through),
            "thresholds": {
                "probability": _rounded(thresholds.confidence),
                "familiarity": _rounded(thresholds.familiarity),
                "sharpness": _rounded(thresholds.sharpness),
            },
            "annotation": _written(self.settings),
        }


def calibration_report(roster: Roster, encoder: Encoder) -> CalibrationReport:
    """
    Cross-validate a head for `roster` on all examples of its Agents, and set thresholds for its goal.

    Raises:
        NothingToRoute: `roster` has no Capability.
        TooFewExamples: Fewer examples can be held out than thresholds need.
    """
    lesson = lesson_of(roster, encoder)
    if lesson is None:
        raise NothingToRoute
    held = lesson.held_out()
    if len(held.indices) < FEWEST:
        raise TooFewExamples(len(held.indices))
    trained = learn(lesson, roster, held)
    calibration, thresholds = trained.calibration, trained.calibration.thresholds
    familiar = calibration.known >= thresholds.familiarity
    reached = coverage_at(
        roster.settings.precision, calibration.probabilities[familiar], calibration.hits[familiar]
    )
    texts = trained.head.generic
    generic = trained.head.head.logits(texts), likeness_among_generic(texts)
    return CalibrationReport(
        settings=roster.settings,
        thresholds=thresholds,
        is_reached=reached > 0,
        answers=_answers(lesson, held, generic, roster.settings.goal),
        let_through=float((calibration.unknown >= thresholds.familiarity).mean()),
    )


def _answers(lesson: Lesson, held: HeldOut, generic: tuple[Matrix, Matrix], goal: Goal) -> Answers:
    """
    Each quarter of the held-out examples under the thresholds that the others set.

    Where three quarters are too few to set thresholds by, it is each example under those that all others set.
    """
    right = lesson.groups[lesson.examples.classes[held.indices]]
    several = len(right) * (_PARTS - 1) // _PARTS >= FEWEST_HELD_OUT
    count = _PARTS if several else len(right)
    parts = np.arange(len(right)) % count
    probabilities = np.empty(len(right), dtype=np.float32)
    hits, is_familiar, is_answered = (np.empty(len(right), dtype=np.bool_) for _ in range(3))
    for part in range(count):
        here, there = parts == part, parts != part
        set_by_others = calibrate(
            (held.logits[there], held.generic[there]), right[there], generic, lesson.groups, goal
        ).thresholds
        ranked = Ranked.of(held.logits[here], held.generic[here], lesson.groups, set_by_others.sharpness)
        probabilities[here] = ranked.probabilities.max(axis=1)
        hits[here] = ranked.probabilities.argmax(axis=1) == right[here]
        is_familiar[here] = ranked.familiarity >= set_by_others.familiarity
        is_answered[here] = is_familiar[here] & (probabilities[here] >= set_by_others.confidence)
    return Answers(probabilities, hits, is_familiar, is_answered)


def _written(settings: RouterSettings) -> str:
    """A Channel's annotation that says these settings, and the precision even if it is the default."""
    told = settings.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if "stages" in told:
        told["stages"] = sorted(told["stages"])
    written: str = yaml.safe_dump({"precision": settings.precision} | told, sort_keys=False)
    return written


def _rounded(share: float | np.floating[Any]) -> float:
    return round(float(share), 4)
