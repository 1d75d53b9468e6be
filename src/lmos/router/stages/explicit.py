"""The Agent that the caller names."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lmos.core.errors import NotFound
from lmos.router.decision import RouteDecision

if TYPE_CHECKING:
    from lmos.router.decision import StageName
    from lmos.router.inquiry import Inquiry
    from lmos.router.roster import Roster


class AgentNotInRouting(NotFound):
    """The Agent that a request names does not serve its Channel."""

    code: ClassVar[str] = "AgentNotInRouting"

    def __init__(self, agent: str, roster: Roster) -> None:
        serving = ", ".join(sorted(roster.names)) or "none"
        super().__init__(
            f"No agent found with the name {agent}", hint=f"Agents that serve this Channel: {serving}."
        )


class ExplicitStage:
    """Takes the Agent that the caller names; it must be one of the routing's."""

    name: StageName = "explicit"

    async def decide(self, inquiry: Inquiry, weighed: RouteDecision) -> RouteDecision | None:  # noqa: ARG002 - of Stage
        """
        That Agent.

        Raises:
            AgentNotInRouting: It does not serve the Channel.
        """
        agent = inquiry.request.explicit_agent
        if not agent:
            return None
        if agent not in inquiry.roster.names:
            raise AgentNotInRouting(agent, inquiry.roster)
        return RouteDecision(
            agent,
            self.name,
            "The request names this Agent.",
            probability=1.0,
            language=inquiry.language,
        )
