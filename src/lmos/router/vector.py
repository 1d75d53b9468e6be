"""The default stage's head: trained on the Agents' own examples, over sentence embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from lmos.core.scoring import (
    FeatureMap,
    Head,
    Matrix,
    Model,
    Texts,
    Thresholds,
    familiarity,
    group_probabilities,
    likeness_to_generic,
    ngram_counts,
    restricted,
    softmax,
)
from lmos.router.decision import Candidate

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

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
class Weighed:
    """
    What a head makes of some texts.

    Attributes:
        may_be_chosen: Which of its classes, shape (classes,).
        of_classes: The probability of each class, shape (n, classes).
        of_agents: The probability of each Agent, shape (n, agents).
        familiarity: Of each text, shape (n,).
    """

    may_be_chosen: NDArray[np.bool_]
    of_classes: Matrix
    of_agents: Matrix
    familiarity: Matrix


@dataclass(frozen=True, slots=True)
class VectorHead:
    """
    A trained head for one roster.

    Attributes:
        fingerprint: Of the roster it was trained on.
        labels: Agent and Capability of each class.
        agents: The distinct Agents, sorted; `groups` index into it.
        groups: The Agent of each class, shape (classes,).
        generic: Features of generic texts, shape (m, features).
    """

    fingerprint: str
    labels: tuple[tuple[str, str], ...]
    agents: tuple[str, ...]
    groups: NDArray[np.intp]
    feature_map: FeatureMap
    head: Head
    generic: Matrix
    thresholds: Thresholds

    def knows(self, allowed: AbstractSet[str]) -> bool:
        """Whether it was trained on any of these Agents."""
        return not allowed.isdisjoint(self.agents)

    def judge(self, text: str, embedding: NDArray[np.float32], allowed: frozenset[str]) -> Judgement:
        """
        Rank the Agents in `allowed` for `text`.

        Args:
            text: The user's words.
            embedding: Of `text`, by the encoder this head was trained with, shape (d,).
            allowed: Names of the Agents that may be chosen, at least one that it `knows`; the head may
                know others from before.
        """
        weighed = self.weigh(Texts(embedding[None, :], ngram_counts([text])), allowed)
        probabilities, by_agent = weighed.of_classes[0], weighed.of_agents[0]
        best = int(by_agent.argmax())
        largest = np.argpartition(-probabilities, min(_CANDIDATES, len(probabilities)) - 1)[:_CANDIDATES]
        candidates = tuple(
            Candidate(agent, capability, round(float(probabilities[index]), 4))
            for index in largest[np.argsort(-probabilities[largest], kind="stable")]
            if weighed.may_be_chosen[index]
            for agent, capability in (self.labels[index],)
        )
        return Judgement(
            agent=self.agents[best],
            capability=self.labels[int(np.where(self.groups == best, probabilities, -1).argmax())][1],
            probability=float(by_agent[best]),
            familiarity=float(weighed.familiarity[0]),
            candidates=candidates,
        )

    def weigh(self, texts: Texts, allowed: frozenset[str]) -> Weighed:
        """
        How probable each class and each Agent in `allowed` is for some texts, and how familiar these are.

        Args:
            texts: By the encoder this head was trained with, at least one.
            allowed: Names of the Agents that may be chosen, at least one that it `knows`.
        """
        features = self.features(texts)
        may = _may_be_chosen(self.agents, allowed)[self.groups]
        logits = np.where(may, self.head.logits(features), np.float32(-np.inf))
        of_classes = restricted(softmax(np.float32(self.thresholds.sharpness) * logits), may)
        of_agents = group_probabilities(of_classes, self.groups, len(self.agents))
        generic = likeness_to_generic(features, self.generic)
        return Weighed(may, of_classes, of_agents, familiarity(logits, generic, of_agents.max(axis=1)))

    def features(self, texts: Texts) -> Matrix:
        """Texts as it sees them, shape (n, features)."""
        return Model(self.feature_map, self.head).features(texts)


@lru_cache(maxsize=256)
def _may_be_chosen(agents: tuple[str, ...], allowed: frozenset[str]) -> NDArray[np.bool_]:
    """Which of a head's Agents may be chosen, shape (agents,); asked for every Turn of a Channel."""
    return np.array([agent == ELSEWHERE or agent in allowed for agent in agents], dtype=np.bool_)
