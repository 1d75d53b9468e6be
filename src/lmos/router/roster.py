"""The Agents among which a Turn is routed, with what each can do."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Self

from lmos.router.settings import RouterSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lmos.core.resources import Agent


@dataclass(frozen=True, slots=True)
class RosterCapability:
    """One Capability of an Agent as the router sees it."""

    name: str
    description: str = ""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RosterAgent:
    """One Agent of a ChannelRouting; `name` is what a decision names."""

    name: str
    description: str = ""
    capabilities: tuple[RosterCapability, ...] = ()


@dataclass(frozen=True)
class Roster:
    """
    The Agents of one ChannelRouting.

    Attributes:
        key: Which routing this is: one head is kept for each key.
        agents: Its Agents, by name.
        routing_version: The ChannelRouting's resourceVersion, for the record.
        elsewhere: Capabilities that this Channel does not offer and others do, with examples: known so
            that a question for one of them is recognised, never chosen.
    """

    key: str
    agents: tuple[RosterAgent, ...]
    routing_version: str = ""
    elsewhere: tuple[RosterCapability, ...] = ()
    settings: RouterSettings = field(default_factory=RouterSettings)

    @classmethod
    def of_agents(cls, key: str, agents: Iterable[Agent]) -> Self:
        """All these Agents with everything they provide; versions of one Capability count as one."""
        ordered = sorted(agents, key=lambda agent: agent.name)
        return cls(key, tuple(_as_it_says(agent) for agent in ordered))

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything that a head is trained on and calibrated for."""
        parts = (
            [asdict(agent) for agent in self.agents],
            [asdict(can) for can in self.elsewhere],
            asdict(self.settings.goal),
        )
        content = json.dumps(parts, ensure_ascii=False)
        return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()[:16]

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the Agents."""
        return frozenset(agent.name for agent in self.agents)

    def capability(self, agent: str, name: str) -> RosterCapability | None:
        """One Capability of an Agent; None where there is no such."""
        of_agent = (each.capabilities for each in self.agents if each.name == agent)
        return next((can for capabilities in of_agent for can in capabilities if can.name == name), None)


def name_in_words(name: str) -> str:
    """A name such as `view-bill` as words."""
    return " ".join(re.split(r"[-_./:\s]+", name)).strip()


def _as_it_says(agent: Agent) -> RosterAgent:
    examples: dict[str, dict[str, None]] = {}
    descriptions: dict[str, str] = {}
    for provided in agent.spec.provided_capabilities:
        descriptions[provided.name] = provided.description
        examples[provided.name] = examples.get(provided.name, {}) | dict.fromkeys(provided.examples)
    return RosterAgent(
        agent.name,
        agent.spec.description,
        tuple(
            RosterCapability(name, descriptions[name], tuple(told)) for name, told in sorted(examples.items())
        ),
    )
