"""Which Agents may serve a Channel, and which of their Capabilities are offers for a requirement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lmos.core.versions import InvalidVersion, Range, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lmos.core.resources import Agent, Channel, ProvidedCapability, RequiredCapability


class Mismatch(StrEnum):
    """Why an Agent may not serve a Channel."""

    TENANT = "Tenant"
    CHANNEL = "Channel"
    SUBSET = "Subset"


@dataclass(frozen=True, slots=True)
class Offer:
    """A Capability of an Agent that is meant by a requirement; `version` is None where it is unreadable."""

    agent: Agent
    provided: ProvidedCapability
    version: Version | None
    is_in_range: bool


def mismatches(agent: Agent, channel: Channel) -> tuple[Mismatch, ...]:
    """
    Everything that keeps `agent` from serving `channel`, in the order Tenant, Channel, Subset.

    An Agent that names no Tenant serves every Tenant; one that names no Channel serves none.

    Source:
        Contract §1.4a.
    """
    found: list[Mismatch] = []
    tenants = agent.spec.supported_tenants
    if tenants and channel.tenant not in tenants:
        found.append(Mismatch.TENANT)
    if not channel.channel or channel.channel not in agent.spec.supported_channels:
        found.append(Mismatch.CHANNEL)
    if agent.subset != channel.subset:
        found.append(Mismatch.SUBSET)
    return tuple(found)


def serves(agent: Agent, channel: Channel) -> bool:
    """Whether `agent` may serve `channel`: same namespace, and no mismatch."""
    return agent.namespace == channel.namespace and not mismatches(agent, channel)


def related(channel: Channel, agents: Iterable[Agent]) -> list[Agent]:
    """
    The Agents of the Channel's namespace that provide something it requires, by name.

    Nobody else can take part in resolving it, and looking further at these alone is what makes planning among
    thousands of Agents quick. The order is that of the API, which breaks ties.
    """
    wanted = frozenset(map(requirement_key, channel.spec.required_capabilities))
    found = [
        agent
        for agent in agents
        if agent.namespace == channel.namespace and not wanted.isdisjoint(capability_keys(agent))
    ]
    return sorted(found, key=lambda agent: agent.name)


def capability_keys(agent: Agent) -> frozenset[str]:
    """Everything that a requirement may say to mean a Capability of `agent`; compare `requirement_key`."""
    provided = agent.spec.provided_capabilities
    return frozenset((*(f"name {one.name}" for one in provided), *(f"id {one.id}" for one in provided)))


def requirement_key(required: RequiredCapability) -> str:
    """What a requirement says to mean a Capability: its name, or its id where it has no name."""
    return f"name {required.name}" if required.name else f"id {required.id}"


def is_meant(provided: ProvidedCapability, required: RequiredCapability) -> bool:
    """Whether names are equal; by id where the requirement gives an id and no name."""
    if required.name:
        return provided.name == required.name
    return provided.id == required.id


def offers(required: RequiredCapability, within: Range | None, agents: Iterable[Agent]) -> Iterator[Offer]:
    """
    All offers of `agents` for `required`, in their order.

    Args:
        required: The requirement.
        within: Its range, None where that cannot be read; nothing is then in range.
        agents: Agents of one namespace.
    """
    for agent in agents:
        for provided in agent.spec.provided_capabilities:
            if is_meant(provided, required):
                version = readable_version(provided)
                is_in_range = version is not None and within is not None and version in within
                yield Offer(agent, provided, version, is_in_range)


def readable_version(provided: ProvidedCapability) -> Version | None:
    """The version of a provided Capability, None where it cannot be read."""
    try:
        return Version.parse(provided.version)
    except InvalidVersion:
        return None
