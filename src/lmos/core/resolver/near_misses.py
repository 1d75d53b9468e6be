"""Near misses: what almost meets a requirement, the nearest first."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TYPE_CHECKING

from lmos.core.resolver.match import Mismatch, mismatches, offers, readable_version, serves
from lmos.core.resolver.resolve import range_of
from lmos.core.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lmos.core.resources import Agent, Channel, ProvidedCapability, RequiredCapability
    from lmos.core.versions import Range

SIMILAR = 0.7
"""Names are similar from this ratio of equal characters on (difflib: 2 · matches / all characters)."""


class Miss(StrEnum):
    """What is wrong with an offer, in the order in which near misses are listed."""

    VERSION = "Version"
    TENANT = "Tenant"
    CHANNEL = "Channel"
    SUBSET = "Subset"
    UNREADABLE_VERSION = "UnreadableVersion"
    UNREADABLE_RANGE = "UnreadableRange"
    NAME = "Name"


_LOWEST = Version(0, 0, 0, ("0",))
_RANK = {miss: rank for rank, miss in enumerate(Miss)}
_MISSES = {
    Mismatch.TENANT: Miss.TENANT,
    Mismatch.CHANNEL: Miss.CHANNEL,
    Mismatch.SUBSET: Miss.SUBSET,
}


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A Capability of an Agent that misses a requirement, and in what."""

    agent: Agent
    provided: ProvidedCapability
    version: Version | None
    misses: tuple[Miss, ...]


def near_misses(
    required: RequiredCapability, channel: Channel, agents: Iterable[Agent]
) -> tuple[NearMiss, ...]:
    """
    The offers of the right name that miss `required` in something.

    Fewer misses come first; then right name and wrong version, right version and wrong Tenant, Channel or
    Subset, unreadable version, unreadable range; then the higher version; then the Agent's name.

    Args:
        required: A requirement of `channel`.
        channel: The Channel.
        agents: Agents of its namespace.
    """
    within = range_of(required)
    found = [
        NearMiss(offer.agent, offer.provided, offer.version, misses)
        for offer in offers(required, within, agents)
        if (misses := _misses(offer.agent, channel, offer.version, within))
    ]
    return tuple(_nearest_first(found))


def similar_names(
    required: RequiredCapability, channel: Channel, agents: Iterable[Agent]
) -> tuple[NearMiss, ...]:
    """
    What would meet `required` under a similar name, or under an equal id, the most similar first.

    Args:
        required: A requirement of `channel`.
        channel: The Channel.
        agents: Agents of its namespace; those that may not serve it are left out.
    """
    within = range_of(required)
    if within is None:
        return ()
    likeness = _Likeness(required)
    found = [
        (degree, NearMiss(agent, provided, version, (Miss.NAME,)))
        for agent in agents
        if serves(agent, channel)
        for provided in agent.spec.provided_capabilities
        if (degree := likeness.of(provided)) >= SIMILAR
        if (version := readable_version(provided)) is not None and version in within
    ]
    found.sort(key=lambda item: (-item[0], item[1].agent.name))
    return tuple(miss for _, miss in found)


def _misses(
    agent: Agent, channel: Channel, version: Version | None, within: Range | None
) -> tuple[Miss, ...]:
    found = [_MISSES[mismatch] for mismatch in mismatches(agent, channel)]
    if version is None:
        found.append(Miss.UNREADABLE_VERSION)
    elif within is None:
        found.append(Miss.UNREADABLE_RANGE)
    elif version not in within:
        found.append(Miss.VERSION)
    return tuple(sorted(found, key=_RANK.__getitem__))


def _nearest_first(found: list[NearMiss]) -> list[NearMiss]:
    found.sort(key=lambda miss: miss.agent.name)
    found.sort(key=lambda miss: miss.version or _LOWEST, reverse=True)
    found.sort(key=lambda miss: (len(miss.misses), [_RANK[one] for one in miss.misses]))
    return found


class _Likeness:
    """How alike names are to the one that is required; it remembers those that it has seen."""

    def __init__(self, required: RequiredCapability) -> None:
        self._required = required
        self._matcher = SequenceMatcher(None, autojunk=False)
        self._matcher.set_seq2((required.name or required.id).casefold())
        self._seen: dict[str, float] = {}

    def of(self, provided: ProvidedCapability) -> float:
        """From 0.0 (nothing in common) to 1.0 (equal but for case, or of one id)."""
        if self._required.id and self._required.id == provided.id:
            return 1.0
        name = provided.name if self._required.name else provided.id
        if name not in self._seen:
            self._seen[name] = self._measured(name.casefold())
        return self._seen[name]

    def _measured(self, name: str) -> float:
        matcher = self._matcher
        matcher.set_seq1(name)
        # The quick ratios are upper bounds.
        bounds = (matcher.real_quick_ratio, matcher.quick_ratio)
        return matcher.ratio() if all(bound() >= SIMILAR for bound in bounds) else 0.0
