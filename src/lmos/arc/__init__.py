"""
The framework for Agents: a name, Capabilities with examples, and functions that answer.

    from lmos.arc import Agent, Turn

    billing = Agent("billing-agent", description="Answers questions about bills", channels=["web"])

    @billing.capability("view-bill", examples=["how much is my bill", "wie hoch ist meine Rechnung"])
    async def view_bill(turn: Turn) -> str:
        return "Your bill is 42 euros."

`lmos agent run FILE` serves it; `lmos.arc.testing.ask` asks it in a test.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lmos.arc.agent import Agent, Handler
from lmos.arc.capability import Capability
from lmos.arc.load import load_agents
from lmos.arc.runner import Runner
from lmos.arc.turn import Turn

if TYPE_CHECKING:
    from lmos.arc.descriptions import describe_file
    from lmos.arc.serving import run_file, serve

__all__ = [
    "Agent",
    "Capability",
    "Handler",
    "Runner",
    "Turn",
    "describe_file",
    "load_agents",
    "run_file",
    "serve",
]

_LATER = {"describe_file": "descriptions", "run_file": "serving", "serve": "serving"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the module's own names
    """Import the server when it is first used: declaring and testing an Agent needs none."""
    if name in _LATER:
        return getattr(import_module(f"lmos.arc.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
