"""What a Channel says about itself to other agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmos.core.protocols.a2a.question import EXTENSION

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEXT = ["text/plain"]


@dataclass(frozen=True, slots=True)
class Skill:
    """A Capability of the Channel; `agent` provides it."""

    name: str
    description: str
    agent: str
    examples: tuple[str, ...] = ()


def card_of(name: str, version: str, url: str, skills: Iterable[Skill]) -> dict[str, Any]:
    """
    The Agent card of a Channel.

    Args:
        name: Tenant and Channel.
        version: The Channel's.
        url: Where it is asked.
        skills: What it can do.
    """
    return {
        "name": name,
        "description": f"The Agents of the Channel {name}; each message goes to the one that fits.",
        "version": version,
        "supportedInterfaces": [{"url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
        "capabilities": {
            "streaming": True,
            "pushNotifications": False,
            "extensions": [{"uri": EXTENSION, "description": "What of a Turn has no place in A2A."}],
        },
        "defaultInputModes": _TEXT,
        "defaultOutputModes": _TEXT,
        "skills": [
            {
                "id": skill.name,
                "name": skill.name,
                "description": skill.description or skill.name,
                "tags": [skill.agent],
                "examples": list(skill.examples),
            }
            for skill in skills
        ],
    }
