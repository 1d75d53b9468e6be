"""The default stage: a head trained on the Agents' own examples, over sentence embeddings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmos.core.scoring import (
    FeatureMap,
    Goal,
    Head,
    Matrix,
    Thresholds,
    calibrate,
    familiarity,
    group_probabilities,
    ngram_counts,
    restricted,
    softmax,
    train_head,
    unit,
)
from lmos.router.decision import Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from lmos.ports.models import Encoder
    from lmos.router.roster import Roster, RosterCapability

ELSEWHERE = ""
"""Stands for an Agent where a Capability is one that the Channel does not offer."""

_CANDIDATES = 5


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
        probabilities = restricted(softmax(logits[0]), may)
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


def train(roster: Roster, encoder: Encoder, goal: Goal | None = None) -> VectorHead | None:
    """
    Train and calibrate a head for `roster`; None when it has no Capability at all.

    A Capability without examples is represented by the mean of a few phrasings of its name and
    description.
    """
    offered = [(agent.name, can) for agent in roster.agents for can in agent.capabilities]
    if not offered:
        return None
    known = [*offered, *((ELSEWHERE, can) for can in roster.elsewhere)]
    labels = tuple((agent, can.name) for agent, can in known)
    embeddings, counts, classes = _examples([can for _, can in known], encoder)
    feature_map = FeatureMap.fit(embeddings, counts)
    features = feature_map(embeddings, counts)
    agents = tuple(sorted({agent for agent, _ in labels}))
    groups = np.array([agents.index(agent) for agent, _ in labels], dtype=np.intp)
    return VectorHead(
        roster.fingerprint,
        labels,
        agents,
        groups,
        feature_map,
        train_head(features, classes, len(labels)),
        calibrate(features, classes, groups, goal or Goal()),
    )


def _examples(
    capabilities: Sequence[RosterCapability], encoder: Encoder
) -> tuple[Matrix, Matrix, NDArray[np.intp]]:
    """Embeddings, n-gram counts and class of each example, in the order of the Capabilities."""
    texts = [can.examples or _phrasings(can) for can in capabilities]
    flat = [text for group in texts for text in group]
    embeddings, counts = encoder.encode(flat), ngram_counts(flat)
    rows: list[tuple[Matrix, Matrix]] = []
    start = 0
    for can, group in zip(capabilities, texts, strict=True):
        here = slice(start, start + len(group))
        start += len(group)
        if can.examples:
            rows.append((embeddings[here], counts[here]))
        else:
            rows.append(
                (unit(embeddings[here].mean(axis=0, keepdims=True)), counts[here].sum(axis=0, keepdims=True))
            )
    classes = np.repeat(np.arange(len(rows)), [len(row) for row, _ in rows])
    return np.vstack([row for row, _ in rows]), np.vstack([row for _, row in rows]), classes


def _phrasings(can: RosterCapability) -> tuple[str, ...]:
    """Ways to say what a Capability does, for want of examples."""
    name = " ".join(re.split(r"[-_./:\s]+", can.name)).strip()
    described = (can.description, f"{name}: {can.description}") if can.description else ()
    return (name, f"I have a question about {name}", *described)
