"""Simpler ways to choose an Agent, and the original's two, beside the trained head: for comparison alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np

from lmos.core.scoring import Thresholds, unit
from lmos.core.scoring.features import class_sums
from lmos.core.scoring.voting import IN_CODE, SHIPPED, closest_vote, ranked_vote
from lmos.router.decision import Candidate, RouteDecision
from lmos.router.evaluation import Evaluation, Judged, NothingToRoute
from lmos.router.language import language_of
from lmos.router.stages.vector import with_figures
from lmos.router.training import learn, lesson_of
from lmos.router.vector import ELSEWHERE, Judgement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from lmos.core.scoring import Matrix
    from lmos.core.scoring.voting import RankerLimits
    from lmos.ports.clock import Clock
    from lmos.ports.models import Encoder
    from lmos.router.questions import Question
    from lmos.router.roster import Roster
    from lmos.router.training import Lesson
    from lmos.router.vector import VectorHead

_ALWAYS = Thresholds(confidence=0.0, familiarity=-1.0)
_NEVER_AT_ZERO = Thresholds(confidence=float(np.finfo(np.float32).tiny), familiarity=-1.0)


class Variant(Protocol):
    """Ranks the Agents of a roster for a text, or abstains."""

    @property
    def thresholds(self) -> Thresholds:
        """What a judgement must reach; below, the variant abstains."""
        ...

    def judge(self, text: str, embedding: NDArray[np.float32]) -> Judgement:
        """The best Agent for `text`, whose embedding has shape (d,), how sure that is and how familiar."""
        ...


class VariantName(StrEnum):
    """Which variant."""

    HEAD = "head"
    NEIGHBOUR = "neighbour"
    CENTROID = "centroid"
    VOTE = "vote"
    RANKER = "ranker"
    RANKER_IN_CODE = "ranker-in-code"


@dataclass(frozen=True, slots=True)
class Known:
    """
    Embeddings of which the Agents are known.

    Attributes:
        labels: Agent and Capability of each row.
        agents: The Agent of each row by number, shape (n,).
        rows: Unit embeddings, shape (n, d).
    """

    labels: tuple[tuple[str, str], ...]
    agents: NDArray[np.intp]
    rows: Matrix

    @classmethod
    def examples_of(cls, lesson: Lesson) -> Known:
        """Every example; names are none."""
        classes = lesson.examples.classes[: len(lesson.said)]
        rows = lesson.examples.texts.embeddings[: len(lesson.said)]
        return cls(tuple(lesson.labels[each] for each in classes), lesson.groups[classes], rows)

    @classmethod
    def centroids_of(cls, lesson: Lesson) -> Known:
        """The direction of the mean of each Capability's examples."""
        classes = lesson.examples.classes[: len(lesson.said)]
        rows = lesson.examples.texts.embeddings[: len(lesson.said)]
        return cls(lesson.labels, lesson.groups, unit(class_sums(rows, classes, len(lesson.labels))))


@dataclass(frozen=True, slots=True)
class Learned:
    """The trained head, among all Agents of its roster."""

    head: VectorHead
    names: frozenset[str]

    @property
    def thresholds(self) -> Thresholds:
        """As calibrated."""
        return self.head.thresholds

    def judge(self, text: str, embedding: NDArray[np.float32]) -> Judgement:
        """As the head does."""
        return self.head.judge(text, embedding, self.names)


@dataclass(frozen=True, slots=True)
class Closest:
    """The Agent of the closest row, however far: nearest neighbour, or nearest centroid."""

    known: Known
    thresholds: Thresholds = _ALWAYS

    def judge(self, text: str, embedding: NDArray[np.float32]) -> Judgement:  # noqa: ARG002 - of Variant
        """The cosine is both the probability and the familiarity."""
        cosines = self.known.rows @ embedding
        closest = int(cosines.argmax())
        cosine = float(cosines[closest])
        return _judgement(self.known.labels[closest], max(0.0, cosine), cosine)


@dataclass(frozen=True, slots=True)
class Voted:
    """
    The Agent that the closest examples vote for.

    Without limits it is the original's vote of five, which always answers; with limits its ranker, whose
    probability is 0 where they are not kept.
    """

    known: Known
    limits: RankerLimits | None = None

    @property
    def thresholds(self) -> Thresholds:
        """None but the ranker's own limits."""
        return _NEVER_AT_ZERO if self.limits else _ALWAYS

    def judge(self, text: str, embedding: NDArray[np.float32]) -> Judgement:  # noqa: ARG002 - of Variant
        """The Agent's share of the vote is the probability, its closest example's cosine the familiarity."""
        cosines, agents = self.known.rows @ embedding, self.known.agents
        if self.limits is None:
            vote = closest_vote(cosines, agents)
            probability = vote.weight
        else:
            vote = ranked_vote(cosines, agents, self.limits)
            probability = vote.weight / self.limits.retrieved if vote.is_accepted else 0.0
        closest = int(np.where(agents == vote.group, cosines, -np.inf).argmax())
        return _judgement(self.known.labels[closest], probability, float(cosines[closest]))


_MADE_OF: dict[VariantName, Callable[[Lesson], Variant]] = {
    VariantName.NEIGHBOUR: lambda lesson: Closest(Known.examples_of(lesson)),
    VariantName.CENTROID: lambda lesson: Closest(Known.centroids_of(lesson)),
    VariantName.VOTE: lambda lesson: Voted(Known.examples_of(lesson)),
    VariantName.RANKER: lambda lesson: Voted(Known.examples_of(lesson), SHIPPED),
    VariantName.RANKER_IN_CODE: lambda lesson: Voted(Known.examples_of(lesson), IN_CODE),
}


def variant_of(name: VariantName, roster: Roster, encoder: Encoder) -> Variant:
    """
    A variant that knows the Agents of `roster`.

    Raises:
        NothingToRoute: They have no Capability.
    """
    lesson = lesson_of(roster, encoder)
    if lesson is None:
        raise NothingToRoute
    if name is VariantName.HEAD:
        return Learned(learn(lesson, roster).head, roster.names)
    return _MADE_OF[name](lesson)


def evaluate_variant(
    name: VariantName, roster: Roster, questions: Sequence[Question], encoder: Encoder, clock: Clock
) -> Evaluation:
    """
    Let a variant judge every question by itself: what was said before is not looked at.

    Raises:
        NothingToRoute: `roster` has no Capability.
    """
    started = clock.monotonic()
    variant = variant_of(name, roster, encoder)
    train_seconds = clock.monotonic() - started

    def decide(text: str) -> RouteDecision:
        asked = clock.monotonic()
        judgement = variant.judge(text, encoder.encode([text])[0])
        return _decision(judgement, variant.thresholds, text, clock.monotonic() - asked)

    return Evaluation(
        tuple([Judged(question, decide(question.text)) for question in questions]), train_seconds
    )


def _judgement(label: tuple[str, str], probability: float, familiarity: float) -> Judgement:
    return Judgement(*label, probability, familiarity, (Candidate(*label, round(probability, 4)),))


def _decision(judgement: Judgement, wanted: Thresholds, text: str, seconds: float) -> RouteDecision:
    is_sure = (
        judgement.agent != ELSEWHERE
        and judgement.familiarity >= wanted.familiarity
        and judgement.probability >= wanted.confidence
    )
    agent, reason = (judgement.agent, "It is the closest.") if is_sure else (None, "It is not close enough.")
    unfounded = RouteDecision(agent, "vector", reason, language=language_of(text), seconds=seconds)
    return with_figures(unfounded, judgement, wanted)
