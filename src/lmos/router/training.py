"""From the Agents of a ChannelRouting to a trained and calibrated head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmos.core.scoring import (
    Calibration,
    Examples,
    Matrix,
    Texts,
    calibrate,
    held_out,
    likeness_among_generic,
    ngram_counts,
)
from lmos.router.generic import generic_texts
from lmos.router.language import language_of
from lmos.router.roster import name_in_words
from lmos.router.vector import ELSEWHERE, VectorHead

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring import HeldOut
    from lmos.ports.models import Encoder
    from lmos.router.roster import Roster, RosterCapability

ENOUGH_HELD_OUT = 750
"""Held-out examples that thresholds rest on; more would take longer and hardly change them."""

_WORDINGS = {
    "en": ("can you help me with {}", "what is my {}", "how do I {}"),
    "de": ("können Sie mir bei {} helfen", "was ist mein {}", "wie geht {}"),
}


@dataclass(frozen=True, slots=True)
class Lesson:
    """
    What is to be learned of a roster.

    Attributes:
        labels: Agent and Capability of each class.
        agents: The distinct Agents, sorted.
        groups: The Agent of each class, as an index into `agents`, shape (classes,).
        said: The text of each of the first rows of `examples`; the others are what Capabilities are called.
        examples: As the head sees them.
        generic: Texts that are about anything.
    """

    labels: tuple[tuple[str, str], ...]
    agents: tuple[str, ...]
    groups: NDArray[np.intp]
    said: tuple[str, ...]
    examples: Examples
    generic: Texts

    def held_out(self, enough: int | None = None) -> HeldOut:
        """Examples judged by heads that have not seen them; all, or `enough` of them."""
        return held_out(self.examples, self.generic, enough)


@dataclass(frozen=True, slots=True)
class Trained:
    """A head, and how it was calibrated."""

    head: VectorHead
    calibration: Calibration


def train(roster: Roster, encoder: Encoder) -> VectorHead | None:
    """Train and calibrate a head for `roster`; None when it has no Capability at all."""
    lesson = lesson_of(roster, encoder)
    return learn(lesson, roster).head if lesson else None


def lesson_of(roster: Roster, encoder: Encoder) -> Lesson | None:
    """
    What is to be learned of `roster`; None when it has no Capability at all.

    A Capability without examples is represented by a few phrasings of its name and description; one with
    examples has its name and description as one more, where they fit.
    """
    offered = [(agent.name, can) for agent in roster.agents for can in agent.capabilities]
    if not offered:
        return None
    known = [*offered, *((ELSEWHERE, can) for can in roster.elsewhere)]
    labels = tuple((agent, can.name) for agent, can in known)
    agents = tuple(sorted({agent for agent, _ in labels}))
    place = {agent: index for index, agent in enumerate(agents)}
    texts = [can.examples or _phrasings(agent, can) for agent, can in known]
    said = tuple(text for group in texts for text in group)
    called, generic = [_called(can) for _, can in known], generic_texts()
    groups = np.array([place[agent] for agent, _ in labels], dtype=np.intp)
    encoded = _encoded([*said, *called, *generic], encoder)
    start = len(said) + len(called)
    examples = Examples.of(
        encoded[: len(said)],
        np.repeat(np.arange(len(known)), [len(group) for group in texts]),
        np.repeat([bool(can.examples) for _, can in known], [len(group) for group in texts]),
        encoded[len(said) : start],
        groups,
    )
    return Lesson(labels, agents, groups, said, examples, encoded[start:].copied())


def learn(lesson: Lesson, roster: Roster, held: HeldOut | None = None) -> Trained:
    """
    A head for `roster`, whose `lesson` this is, with thresholds that reach its goal.

    Args:
        lesson: What `lesson_of` made of it.
        roster: Its name and settings are the head's.
        held: What the lesson's `held_out` found, where that is known already.
    """
    model = lesson.examples.model()
    generic = model.features(lesson.generic)
    held = held or lesson.held_out(ENOUGH_HELD_OUT)
    calibration = calibrate(
        (held.logits, held.generic),
        lesson.groups[lesson.examples.classes[held.indices]],
        (model.head.logits(generic), likeness_among_generic(generic)),
        lesson.groups,
        roster.settings.goal,
    )
    head = VectorHead(
        roster.fingerprint,
        lesson.labels,
        lesson.agents,
        lesson.groups,
        model.feature_map,
        model.head,
        generic,
        calibration.thresholds,
    )
    return Trained(head, calibration)


def _encoded(texts: list[str], encoder: Encoder) -> Texts:
    # All in one call: encoders are faster on many.
    embeddings: Matrix = encoder.encode(texts)
    return Texts(embeddings, ngram_counts(texts))


def _called(can: RosterCapability) -> str:
    """What a Capability is called and does, as one text."""
    name = name_in_words(can.name)
    told = can.description.strip()
    return f"{name}: {told}" if told and told.casefold() != name.casefold() else name


def _phrasings(agent: str, can: RosterCapability) -> tuple[str, ...]:
    """Ways in which users could ask for what a Capability does, for want of examples."""
    name = name_in_words(can.name)
    told = can.description.strip()
    asked = [wording.format(name) for wording in _WORDINGS[language_of(f"{name} {told}")]]
    belongs = (f"{name_in_words(agent)}: {name}",) if agent else ()
    described = (told, f"{name}: {told}") if told and told.casefold() != name.casefold() else ()
    return (name, *asked, *belongs, *described)
