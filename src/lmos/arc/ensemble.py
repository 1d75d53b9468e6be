"""The Agents of one process, and which of them a Turn is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.arc.dispatch import closest
from lmos.arc.errors import InvalidAgent, UnknownAgent
from lmos.arc.turn import question_at
from lmos.core.conversation import CAPABILITY_KEY, as_mapping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.arc.agent import Agent
    from lmos.core.conversation import AgentRequest


class Ensemble:
    """
    One or more Agents that answer at the same address.

    Raises:
        InvalidAgent: There is none, two share a name, or one has nothing that answers.
    """

    def __init__(self, agents: Sequence[Agent]) -> None:
        self.agents = {agent.name: agent for agent in agents}
        if not agents or len(self.agents) != len(agents):
            raise InvalidAgent(
                "A process serves one Agent or more, each with a name of its own.",
                hint=f"Found: {', '.join(agent.name for agent in agents) or 'none'}.",
            )
        for agent in agents:
            if not agent.can_answer:
                raise InvalidAgent(
                    f"Agent {agent.name!r} has nothing that answers.",
                    hint="Decorate a function with @agent.handler or @agent.capability, or name a model.",
                )

    @property
    def names(self) -> tuple[str, ...]:
        """The Agents' names, in the order of their declaration."""
        return tuple(self.agents)

    def agent_for(self, name: str | None, request: AgentRequest) -> Agent:
        """
        The Agent that `name` says; without a name the one with the routed or closest Capability.

        The original's runtime never says a name, so an Ensemble of several has to choose.

        Raises:
            UnknownAgent: No Agent has that name. The original takes its first Agent then.
        """
        if name is not None:
            if name not in self.agents:
                raise UnknownAgent(name, self.names)
            return self.agents[name]
        first = next(iter(self.agents.values()))
        return first if len(self.agents) == 1 else self._providing(request) or first

    def _providing(self, request: AgentRequest) -> Agent | None:
        routed = as_mapping(request.system_context).get(CAPABILITY_KEY)
        provided = {capability: agent for agent in self.agents.values() for capability in agent.capabilities}
        by_name = {capability.name: agent for capability, agent in provided.items()}
        if routed in by_name:
            return by_name[routed]
        asked = question_at(request)
        best = closest(request.messages[asked].content, tuple(provided)) if asked >= 0 else None
        return provided[best.capability] if best else None
