"""The default stage: a head trained on the Agents' own examples, over sentence embeddings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmos.core.scoring import (
    Examples,
    FeatureMap,
    Head,
    Matrix,
    Thresholds,
    calibrate,
    familiarity,
    group_probabilities,
    ngram_counts,
    restricted,
    softmax,
    unit,
)
from lmos.router.decision import Candidate
from lmos.router.language import language_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from lmos.ports.models import Encoder
    from lmos.router.roster import Roster, RosterCapability

ELSEWHERE = ""
"""Stands for an Agent where a Capability is one that the Channel does not offer."""

_CANDIDATES = 5

_WORDINGS = {
    "en": ("can you help me with {}", "what is my {}", "how do I {}"),
    "de": ("können Sie mir bei {} helfen", "was ist mein {}", "wie geht {}"),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    What a head makes of a text: candidates best first, and how familiar the text is.

    `agent` is ELSEWHERE when the text reads most like a Capability that the Channel does not offer.
    """

    agent: str
    capability: str
    probability: float
    familiarity: float
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class VectorHead:
    """
    A trained head for one roster.

    Attributes:
        fingerprint: Of the roster it was trained on.
        labels: Agent and Capability of each class.
        agents: The distinct Agents, sorted; `groups` index into it.
        groups: The Agent of each class, shape (classes,).
    """

    fingerprint: str
    labels: tuple[tuple[str, str], ...]
    agents: tuple[str, ...]
    groups: NDArray[np.intp]
    feature_map: FeatureMap
    head: Head
    thresholds: Thresholds

    def knows(self, allowed: AbstractSet[str]) -> bool:
        """Whether it was trained on any of these Agents."""
        return not allowed.isdisjoint(self.agents)

    def judge(self, text: str, embedding: NDArray[np.float32], allowed: AbstractSet[str]) -> Judgement:
        """
        Rank the Agents in `allowed` for `text`.

        Args:
            text: The user's words.
            embedding: Of `text`, by the encoder this head was trained with, shape (d,).
            allowed: Names of the Agents that may be chosen, at least one that it `knows`; the head may
                know others from before.
        """
        may = np.fromiter(
            (agent == ELSEWHERE or agent in allowed for agent, _ in self.labels), dtype=np.bool_
        )
        logits = self.head.logits(self.feature_map(embedding[None, :], ngram_counts([text])))
        probabilities = restricted(softmax(np.float32(self.thresholds.sharpness) * logits[0]), may)
        by_agent = group_probabilities(probabilities[None, :], self.groups, len(self.agents))[0]
        best = int(by_agent.argmax())
        order = np.argsort(-probabilities, kind="stable")
        candidates = tuple(
            Candidate(self.labels[index][0], self.labels[index][1], round(float(probabilities[index]), 4))
            for index in order[:_CANDIDATES]
            if may[index]
        )
        return Judgement(
            agent=self.agents[best],
            capability=self.labels[next(index for index in order if self.groups[index] == best)][1],
            probability=float(by_agent[best]),
            familiarity=float(familiarity(np.where(may, logits, -np.inf))[0]),
            candidates=candidates,
        )


def train(roster: Roster, encoder: Encoder) -> VectorHead | None:
    """
    Train and calibrate a head for `roster`; None when it has no Capability at all.

    A Capability without examples is represented by the mean of a few phrasings of its name and
    description; one with examples has its name and description as one more, where they fit.
    """
    offered = [(agent.name, can) for agent in roster.agents for can in agent.capabilities]
    if not offered:
        return None
    known = [*offered, *((ELSEWHERE, can) for can in roster.elsewhere)]
    labels = tuple((agent, can.name) for agent, can in known)
    feature_map, examples = examples_of(known, encoder)
    agents = tuple(sorted({agent for agent, _ in labels}))
    groups = np.array([agents.index(agent) for agent, _ in labels], dtype=np.intp)
    return VectorHead(
        roster.fingerprint,
        labels,
        agents,
        groups,
        feature_map,
        examples.head(),
        calibrate(examples, groups, roster.settings.goal),
    )


def examples_of(
    known: Sequence[tuple[str, RosterCapability]], encoder: Encoder
) -> tuple[FeatureMap, Examples]:
    """
    Agents' Capabilities as classes, in their order, and the feature map fitted on their examples.

    A Capability without examples counts as one example: the mean of phrasings of its name and description.
    """
    capabilities = [can for _, can in known]
    texts = [can.examples or _phrasings(agent, can) for agent, can in known]
    called = [_called(can) for can in capabilities]
    flat = [text for group in texts for text in group]
    # All in one call: encoders are faster on many.
    encoded, counted = encoder.encode([*flat, *called]), ngram_counts([*flat, *called])
    rows: list[tuple[Matrix, Matrix]] = []
    start = 0
    for can, group in zip(capabilities, texts, strict=True):
        here = slice(start, start + len(group))
        start += len(group)
        embeddings, counts = encoded[here], counted[here]
        if not can.examples:
            embeddings = unit(embeddings.mean(axis=0, keepdims=True))
            counts = counts.sum(axis=0, keepdims=True)
        rows.append((embeddings, counts))
    classes = np.repeat(np.arange(len(rows)), [len(embeddings) for embeddings, _ in rows])
    embeddings, counts = (np.vstack(parts) for parts in zip(*rows, strict=True))
    feature_map = FeatureMap.fit(embeddings, counts)
    names = feature_map(encoded[start:], counted[start:])
    names[[not can.examples for can in capabilities]] = 0
    return feature_map, Examples.of(feature_map(embeddings, counts), classes, names)


def _called(can: RosterCapability) -> str:
    """What a Capability is called and does, as one text."""
    name = _words_of(can.name)
    told = can.description.strip()
    return f"{name}: {told}" if told and told.casefold() != name.casefold() else name


def _phrasings(agent: str, can: RosterCapability) -> tuple[str, ...]:
    """Ways in which users could ask for what a Capability does, for want of examples."""
    name = _words_of(can.name)
    told = can.description.strip()
    asked = [wording.format(name) for wording in _WORDINGS[language_of(f"{name} {told}")]]
    belongs = (f"{_words_of(agent)}: {name}",) if agent else ()
    described = (told, f"{name}: {told}") if told and told.casefold() != name.casefold() else ()
    return (name, *asked, *belongs, *described)


def _words_of(name: str) -> str:
    """A name such as `view-bill` as words."""
    return " ".join(re.split(r"[-_./:\s]+", name)).strip()
