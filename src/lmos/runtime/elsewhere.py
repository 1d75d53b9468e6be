"""What the Agents of a namespace can do besides what a Channel offers, lest it be mistaken for that."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from lmos.router import RosterCapability

if TYPE_CHECKING:
    from collections.abc import Container

    from lmos.core.resources import Manifest
    from lmos.ports.informer import Key

MOST_ELSEWHERE = 200
"""Where a namespace provides more Capabilities with examples, none is added: training would take too long."""


class Elsewhere:
    """
    The Capabilities with examples of each namespace.

    Source:
        docs/decisions/0013-capabilities-elsewhere.md
    """

    def __init__(self) -> None:
        self._provided: defaultdict[str, dict[str, dict[str, tuple[str, ...]]]] = defaultdict(dict)

    def learn(self, key: Key, agent: Manifest | None) -> bool:
        """Take in an Agent as it is now, None where it is gone; says whether its examples changed."""
        there = self._provided[key.namespace]
        provided = agent["spec"].get("providedCapabilities", ()) if agent else ()
        examples = {each["name"]: tuple(each["examples"]) for each in provided if each.get("examples")}
        changed = there.get(key.name, {}) != examples
        there.pop(key.name, None)
        if examples:
            there[key.name] = examples
        return changed

    def besides(self, namespace: str, offered: Container[str]) -> tuple[RosterCapability, ...]:
        """The Capabilities of a namespace that are not among the names `offered`, each name once."""
        told: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for _, examples in sorted(self._provided[namespace].items()):
            for name, said in examples.items():
                if name not in offered:
                    told[name] |= dict.fromkeys(said)
        if len(told) > MOST_ELSEWHERE:
            return ()
        return tuple(RosterCapability(name, "", tuple(told[name])) for name in sorted(told))
