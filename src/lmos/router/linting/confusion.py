"""What the router mistakes: examples that a head trained without them sends to another Agent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmos.core.scoring import group_probabilities, softmax
from lmos.router.linting.examples import folded
from lmos.router.linting.findings import Finding, Rule, Severity, Subject
from lmos.router.roster import Roster
from lmos.router.training import learn, lesson_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from lmos.core.resources import Agent
    from lmos.core.scoring import Examples, Matrix
    from lmos.ports.models import Encoder
    from lmos.router.training import Lesson

OFTEN, VERY_OFTEN = 0.2, 0.3
"""Shares of two Capabilities' examples that are taken for the other's: a warning, an error."""

SURE = 0.95
"""So sure of the wrong Agent, the router will hardly ask back."""

CLEARLY = 0.15
"""So much more like the other Agent's example than like its own, in cosine similarity, it looks misplaced."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """
    An example that is sent to another Agent.

    Attributes:
        example, nearest: The example, and the one of `sent_to` that is most like it.
        meant_for, sent_to: Classes.
        probability: Of the Agent of `sent_to`, 0 to 1.
        is_nearer: Whether `nearest` is clearly more like it than any other example of its own Capability.
    """

    example: str
    nearest: str
    meant_for: int
    sent_to: int
    probability: float
    is_nearer: bool


def confusions(meeting: Sequence[Agent], encoder: Encoder) -> Iterator[Finding]:
    """
    Capabilities of two Agents that are mistaken for each other, and single examples that go astray.

    Judged as the router is calibrated: each example by a head trained without it. Capabilities of the same
    name, and examples that stand at both Agents, are left to the rules that say so.
    """
    agents = {agent.name: agent for agent in meeting}
    roster = Roster.of_agents("lint", meeting)
    lesson = lesson_of(roster, encoder) if len(roster.names) > 1 else None
    if lesson is None:
        return
    subjects = [Subject.of(agents[name], capability) for name, capability in lesson.labels]
    said = lesson.examples.classes[lesson.examples.is_said]
    sizes = np.bincount(said, minlength=len(lesson.labels)).tolist()
    between: defaultdict[tuple[int, int], list[Mistake]] = defaultdict(list)
    for mistake in _mistakes(lesson, roster):
        between[mistake.meant_for, mistake.sent_to].append(mistake)
    for (ours, theirs), mistakes in between.items():
        back = between.get((theirs, ours), [])
        share = (len(mistakes) + len(back)) / (sizes[ours] + sizes[theirs])
        if not back or share < OFTEN:
            yield from (_sent_elsewhere(each, subjects) for each in mistakes)
        elif ours < theirs:
            yield _overlapping(subjects[ours], subjects[theirs], share, mistakes, back)


def _mistakes(lesson: Lesson, roster: Roster) -> Iterator[Mistake]:
    """Every held-out example whose most probable Agent is not its own."""
    held = lesson.held_out()
    head = learn(lesson, roster, held).head
    examples, groups = lesson.examples, lesson.groups
    features = head.feature_map(examples.texts.embeddings, examples.texts.counts)
    by_class = softmax(np.float32(head.thresholds.sharpness) * held.logits)
    by_agent = group_probabilities(by_class, groups, len(lesson.agents))
    chosen = by_agent.argmax(axis=1)
    astray = np.flatnonzero(chosen != groups[examples.classes[held.indices]])
    for position in astray.tolist():
        row, agent = int(held.indices[position]), int(chosen[position])
        ours = int(examples.classes[row])
        theirs = int(np.where(groups == agent, by_class[position], -1).argmax())
        near, likeness = _most_like(row, theirs, features, examples)
        nearest = lesson.said[near] if examples.is_said[near] else ""
        same_name = lesson.labels[ours][1] == lesson.labels[theirs][1]
        if same_name or folded(lesson.said[row]) == folded(nearest):
            continue
        yield Mistake(
            lesson.said[row],
            nearest,
            ours,
            theirs,
            float(by_agent[position, agent]),
            likeness > _most_like(row, ours, features, examples)[1] + CLEARLY,
        )


def _most_like(row: int, label: int, features: Matrix, examples: Examples) -> tuple[int, float]:
    """The other example of a class that is most like one, and how much; names of classes do not count."""
    others: NDArray[np.intp] = np.flatnonzero((examples.classes == label) & (examples.importance >= 1))
    others = others[others != row]
    likeness = features[others] @ features[row]
    return int(others[likeness.argmax()]), float(likeness.max())


def _sent_elsewhere(mistake: Mistake, subjects: Sequence[Subject]) -> Finding:
    ours, theirs = subjects[mistake.meant_for], subjects[mistake.sent_to]
    is_misplaced = mistake.is_nearer and mistake.probability >= SURE
    near = f", whose “{mistake.nearest}” is most like it" if mistake.nearest else ""
    return Finding(
        Rule.SENT_ELSEWHERE,
        Severity.WARNING if is_misplaced else Severity.NOTE,
        f"“{mistake.example}” of {ours.capability} of Agent {ours.name} would go to {theirs.capability} of"
        f" Agent {theirs.name}, {mistake.probability:.0%} sure{near}.",
        f"Move it to Agent {theirs.name} if it belongs there; else give {ours.capability} more examples of"
        " this kind.",
        ours,
        theirs,
        (mistake.example,),
        (mistake.nearest,) if mistake.nearest else (),
        round(mistake.probability, 4),
    )


def _overlapping(
    ours: Subject, theirs: Subject, share: float, there: Sequence[Mistake], back: Sequence[Mistake]
) -> Finding:
    return Finding(
        Rule.OVERLAPPING,
        Severity.ERROR if share >= VERY_OFTEN else Severity.WARNING,
        f"{ours.capability} of Agent {ours.name} and {theirs.capability} of Agent {theirs.name} are mistaken"
        f" for each other: {share:.0%} of their examples are sent to the wrong one.",
        "Make them one Capability of one Agent, or sharpen the examples of both by what only that one does.",
        ours,
        theirs,
        tuple(mistake.example for mistake in there),
        tuple(mistake.example for mistake in back),
    )
