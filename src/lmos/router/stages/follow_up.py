"""The current Agent, where a message goes on with the last one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lmos.router.follow_up import reason_to_stay
from lmos.router.stages.vector import by_thresholds

if TYPE_CHECKING:
    from lmos.router.decision import RouteDecision, StageName
    from lmos.router.inquiry import Inquiry


class FollowUpStage:
    """
    Stays with the current Agent when the message leans on what was said last.

    A message that by itself points clearly to another Agent is a change of topic.
    """

    name: StageName = "follow-up"

    async def decide(self, inquiry: Inquiry, weighed: RouteDecision) -> RouteDecision | None:
        """The current Agent, where the message goes on with what it answered."""
        request = inquiry.request
        if request.current_agent not in inquiry.roster.names or not request.earlier:
            return None
        if weighed.stage == "choice":
            # Who turns our offer down does not speak to the Agent of before.
            return None
        head, alone = await inquiry.head(), await inquiry.judged(request.text)
        if head is None or alone is None:
            return None
        # Where the router asked back, the question was not the Agent's.
        asked = request.last_reply if request.choices is None else ""
        reason = reason_to_stay(
            request.text, alone, head.thresholds, current=request.current_agent, last_reply=asked
        )
        if reason is None:
            return None
        both = await inquiry.judged(f"{request.earlier[-1]} {request.text}")
        capability = both.capability if both and both.agent == request.current_agent else ""
        weighed_alone = by_thresholds(alone, head, inquiry, self.name)
        return replace(weighed_alone, agent=request.current_agent, capability=capability, reason=reason)
