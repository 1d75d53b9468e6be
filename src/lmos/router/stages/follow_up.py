"""The current Agent, where a message goes on with the last one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lmos.router.follow_up import reads_as_follow_up
from lmos.router.stages.vector import by_thresholds

if TYPE_CHECKING:
    from lmos.router.decision import RouteDecision, StageName
    from lmos.router.inquiry import Inquiry


class FollowUpStage:
    """
    Stays with the current Agent when the message leans on the last one and fits that Agent with it.

    A message that by itself points clearly to another Agent is a change of topic.
    """

    name: StageName = "follow-up"

    async def decide(self, inquiry: Inquiry, weighed: RouteDecision) -> RouteDecision | None:  # noqa: ARG002 - of Stage
        """The current Agent, where the message goes on with what it answered."""
        request = inquiry.request
        if request.current_agent not in inquiry.roster.names or not request.earlier:
            return None
        if not reads_as_follow_up(request.text):
            return None
        head = await inquiry.head()
        alone = await inquiry.judged(request.text)
        both = await inquiry.judged(f"{request.earlier[-1]} {request.text}")
        if head is None or alone is None or both is None:
            return None
        alone_decision = by_thresholds(alone, head, inquiry, self.name)
        together = by_thresholds(both, head, inquiry, self.name)
        changes_topic = alone_decision.agent not in {None, request.current_agent}
        if changes_topic or together.agent != request.current_agent:
            return None
        return replace(together, reason="It goes on with the last question, which this Agent answered.")
