"""The trained head, where it is sure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lmos.router.decision import Candidate, RouteDecision, agent_shares
from lmos.router.vector import ELSEWHERE

if TYPE_CHECKING:
    from lmos.core.scoring import Thresholds
    from lmos.router.decision import StageName
    from lmos.router.inquiry import Inquiry
    from lmos.router.vector import Judgement, VectorHead


_WORD = re.compile(r"\w")

CLEARLY_AHEAD = 4 / 3
"""
How many times as probable as any other Agent the best must be, unless no confidence is asked for.

Two Agents that say the same of themselves get about the same probability, now the one a little more and now
the other: without this, a Turn would go to either by chance wherever the calibrated threshold is low.
"""


class VectorStage:
    """Takes the best Agent if the message is familiar and the Agent clearly ahead."""

    name: StageName = "vector"

    async def decide(self, inquiry: Inquiry, weighed: RouteDecision) -> RouteDecision | None:  # noqa: ARG002 - of Stage
        """What the head makes of the message by itself; it makes something of every text, even of none."""
        if not _WORD.search(inquiry.request.text):
            return RouteDecision(None, self.name, "The message holds no words.", language=inquiry.language)
        head, judgement = await inquiry.head(), await inquiry.judged(inquiry.request.text)
        if head is None or judgement is None:
            return RouteDecision(None, self.name, "No Agent serves this Channel.", language=inquiry.language)
        return by_thresholds(judgement, head, inquiry, self.name)


def by_thresholds(
    judgement: Judgement, head: VectorHead, inquiry: Inquiry, stage: StageName
) -> RouteDecision:
    """The best Agent where both thresholds are reached, else none and why."""
    wanted = head.thresholds
    if judgement.familiarity < wanted.familiarity:
        agent, reason = None, "This resembles nothing that the Agents of this Channel are known to answer."
    elif judgement.agent == ELSEWHERE:
        agent, reason = None, f"It reads like {judgement.capability}, which this Channel does not offer."
    elif not _is_ahead(judgement, wanted.confidence):
        agent, reason = None, "Several Agents come into question and none is clearly ahead."
    else:
        agent, reason = judgement.agent, f"It reads like the examples of {judgement.capability}."
    unfounded = RouteDecision(agent, stage, reason, language=inquiry.language, head=head.fingerprint)
    return with_figures(unfounded, judgement, wanted)


def with_figures(decision: RouteDecision, judgement: Judgement, wanted: Thresholds) -> RouteDecision:
    """A decision with the figures of the judgement that it rests on, and what these were held against."""
    return replace(
        decision,
        capability=judgement.capability if decision.agent else "",
        probability=judgement.probability,
        threshold=wanted.confidence,
        familiarity=judgement.familiarity,
        familiarity_threshold=wanted.familiarity,
        candidates=judgement.candidates,
        likeliest=Candidate(judgement.agent, judgement.capability, round(judgement.probability, 4)),
    )


def _is_ahead(judgement: Judgement, confidence: float) -> bool:
    """Whether the best Agent is probable enough and clearly before the next; at a confidence of 0 any is."""
    shares = agent_shares(judgement.candidates)
    others = (share for agent, share in shares.items() if agent not in {ELSEWHERE, judgement.agent})
    needed = CLEARLY_AHEAD * max(others, default=0.0) if confidence else 0.0
    return judgement.probability >= max(confidence, needed)
