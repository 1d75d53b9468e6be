"""What an Agent says about itself: to operators (capabilities.json) and to other agents (A2A cards)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lmos.arc.ensemble import Ensemble
from lmos.arc.load import load_agents

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lmos.arc.agent import Agent
    from lmos.arc.capability import Capability

A2A_VERSION = "0.3.0"


def capabilities_document(ensemble: Ensemble) -> dict[str, Any]:
    """
    The body of `/.well-known/capabilities.json`, every field present.

    Several Agents at one address are described as one that provides all their Capabilities: the operator
    makes one Agent resource of a Deployment.
    """
    agents = tuple(ensemble.agents.values())
    everywhere = any(not agent.tenants for agent in agents)
    return {
        "id": _name(agents),
        "description": _description(agents),
        "supportedTenants": [] if everywhere else _united(agent.tenants for agent in agents),
        "supportedChannels": _united(agent.channels for agent in agents),
        "capabilities": [_capability(capability) for agent in agents for capability in agent.capabilities],
    }


def describe_file(path: str | Path) -> list[dict[str, Any]]:
    """
    What each Agent in a file says about itself, as its `capabilities.json` would.

    Raises:
        AgentFileNotFound, AgentFileBroken, NoAgentsInFile, InvalidAgent: The file cannot be served.
    """
    return [capabilities_document(Ensemble([agent])) for agent in load_agents(path)]


def card(ensemble: Ensemble, url: str) -> dict[str, Any]:
    """
    The A2A card for `/.well-known/agent.json` and `/.well-known/agent-card.json`.

    Args:
        ensemble: The Agents at this address.
        url: Where the card was asked for, without a path. There is no A2A endpoint yet, only the card.
    """
    agents = tuple(ensemble.agents.values())
    return {
        "protocolVersion": A2A_VERSION,
        "name": _name(agents),
        "description": _description(agents),
        "url": url,
        "version": agents[0].version,
        "capabilities": {"streaming": False, "pushNotifications": False, "stateTransitionHistory": False},
        "defaultInputModes": ["text"],
        "defaultOutputModes": ["text"],
        "skills": [_skill(capability) for agent in agents for capability in agent.capabilities],
    }


def _name(agents: tuple[Agent, ...]) -> str:
    return agents[0].name if len(agents) == 1 else "multi-agent"


def _description(agents: tuple[Agent, ...]) -> str:
    if len(agents) == 1:
        return agents[0].description
    return f"Multiple Agents: {', '.join(agent.name for agent in agents)}"


def _united(groups: Iterable[tuple[str, ...]]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for name in group))


def _capability(capability: Capability) -> dict[str, Any]:
    return {
        "id": capability.name,
        "name": capability.name,
        "version": capability.version,
        "description": capability.description,
        "examples": list(capability.examples),
    }


def _skill(capability: Capability) -> dict[str, Any]:
    return {
        "id": capability.name,
        "name": capability.name,
        "description": capability.description,
        "tags": [],
        "examples": list(capability.examples),
        "inputModes": ["text"],
        "outputModes": ["text"],
    }
