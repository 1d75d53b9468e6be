"""CLINC150 as Agents and questions, grouped in several ways."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmos.router import Roster, RosterAgent, RosterCapability
from lmos.router.questions import Question

DATA = Path(__file__).parents[2].parent / "shared" / "datasets" / "clinc150"
OUT_OF_SCOPE = {"val": ("oos_val", "oos_train"), "test": ("oos_test",)}


@dataclass(frozen=True, slots=True)
class Grouping:
    """
    How intents become Agents.

    Attributes:
        examples: Fewest and most examples a Capability, drawn from the training split.
        agents: How many Agents the Capabilities are dealt to by chance; 0 leaves them with their domains.
        capabilities: How many of the 150, drawn by chance; questions for the others are out of scope.
        seed: Of everything that is drawn.
    """

    examples: tuple[int, int]
    agents: int = 0
    capabilities: int = 150
    seed: int = 0


GROUPINGS = {
    "10 examples a Capability": Grouping((10, 10)),
    "3 examples a Capability": Grouping((3, 3)),
    "names alone": Grouping((0, 0)),
    "60 Capabilities among 12 Agents, 1 to 15 examples": Grouping(
        (1, 15), agents=12, capabilities=60, seed=1
    ),
    "120 Capabilities among 25 Agents, 10 examples": Grouping((10, 10), agents=25, capabilities=120, seed=2),
    "30 Capabilities among 6 Agents, 20 examples": Grouping((20, 20), agents=6, capabilities=30, seed=3),
    "all 100 examples a Capability": Grouping((100, 100)),
}


def grouped(grouping: Grouping, split: str) -> tuple[Roster, tuple[Question, ...]]:
    """The Agents of a grouping, and the questions of `val` or `test` for them."""
    splits: dict[str, Any] = json.loads((DATA / "data_full.json").read_text())
    domains: dict[str, list[str]] = json.loads((DATA / "domains.json").read_text())
    chance = random.Random(grouping.seed)
    intents = [intent for belonging in domains.values() for intent in belonging]
    chosen = sorted(chance.sample(intents, grouping.capabilities))
    domain_of = {intent: domain for domain, belonging in domains.items() for intent in belonging}
    agent_of = {
        intent: f"agent-{chance.randrange(grouping.agents)}" if grouping.agents else domain_of[intent]
        for intent in chosen
    }
    written: defaultdict[str, list[str]] = defaultdict(list)
    for text, intent in splits["train"]:
        written[intent].append(text)
    capabilities: defaultdict[str, list[RosterCapability]] = defaultdict(list)
    for intent in chosen:
        examples = chance.sample(written[intent], chance.randint(*grouping.examples))
        capabilities[agent_of[intent]].append(RosterCapability(intent, _words(intent), tuple(examples)))
    agents = tuple(RosterAgent(name, _words(name), tuple(can)) for name, can in sorted(capabilities.items()))
    inside = [
        Question(text=text, agent=agent_of.get(intent), capability=intent if intent in agent_of else "")
        for text, intent in splits[split]
    ]
    outside = [Question(text=text, agent=None) for name in OUT_OF_SCOPE[split] for text, _ in splits[name]]
    return Roster("benchmark", agents), (*inside, *outside)


def _words(name: str) -> str:
    return name.replace("_", " ")
