"""One of the ten CLINC150 Agents: `DOMAIN` says which; it answers with the Capability it was asked for."""

import json
import os
from pathlib import Path

from lmos.arc import Agent, Capability, Turn

_domain = os.environ["DOMAIN"]
_examples: dict[str, list[str]] = json.loads(Path(f"{_domain}.json").read_text())

agent = Agent(
    _domain.replace("_", "-"),
    description=f"Answers questions about {_domain.replace('_', ' ')}",
    channels=["web"],
    capabilities=[
        Capability(intent.replace("_", "-"), "1.0.0", intent.replace("_", " "), tuple(examples))
        for intent, examples in _examples.items()
    ],
)


@agent.handler
async def answer(turn: Turn) -> str:
    """Say which Capability answers."""
    return turn.capability.name if turn.capability else "?"
