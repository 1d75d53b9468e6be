"""A second look at a Plan, which trusts nothing of how it was made."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from lmos.core.errors import LmosError
from lmos.core.planning.routings import host_of
from lmos.core.resolver import is_meant, serves
from lmos.core.resources import Channel, ChannelRouting, kind_of
from lmos.core.resources.kinds import CHANNEL_ROUTING
from lmos.core.versions import InvalidRange, InvalidVersion, Range, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lmos.core.planning.plan import Plan
    from lmos.core.resources import Agent, CapabilityGroup, ChannelRoutingCapability


class UnsoundPlan(LmosError):
    """A Plan would publish something that the Channels and Agents do not bear out."""

    code: ClassVar[str] = "UnsoundPlan"

    def __init__(self, routing: ChannelRouting, defect: str) -> None:
        self.defect = defect
        super().__init__(
            f"The plan for {routing}: {defect}.",
            hint="This is a mistake in planning; keep the routing as it is, and report the manifests.",
        )


def check_plan(plan: Plan, agents: Iterable[Agent], channels: Iterable[Channel]) -> tuple[UnsoundPlan, ...]:
    """
    All defects of the ChannelRoutings that `plan` applies.

    Every Wire is required by its Channel and within its range, every host and endpoint belongs to an Agent
    that may serve the Channel and provides that version, nothing is wired twice.
    """
    agents_by_name = {(agent.namespace, agent.name): agent for agent in agents}
    channels_by_name = {(channel.namespace, channel.name): channel for channel in channels}
    routings = [
        ChannelRouting.from_manifest(manifest)
        for manifest in plan.applied
        if kind_of(manifest) == CHANNEL_ROUTING
    ]
    return tuple(
        UnsoundPlan(routing, defect)
        for routing in routings
        for defect in _defects(routing, channels_by_name, agents_by_name)
    )


def _defects(
    routing: ChannelRouting,
    channels: dict[tuple[str, str], Channel],
    agents: dict[tuple[str, str], Agent],
) -> Iterator[str]:
    channel = channels.get((routing.namespace, routing.name))
    if channel is None:
        yield "there is no such Channel"
        return
    for group in routing.spec.capability_groups:
        agent = agents.get((routing.namespace, group.name))
        if agent is None or not serves(agent, channel):
            yield f"no Agent {group.name} may serve the Channel"
        else:
            for capability in group.capabilities:
                yield from _wire_defects(capability, group, agent, channel)
    yield from _wired_twice(routing, channel)


def _wire_defects(
    wired: ChannelRoutingCapability, group: CapabilityGroup, agent: Agent, channel: Channel
) -> Iterator[str]:
    if (wired.host, wired.endpoint) != (host_of(agent), agent.spec.endpoint):
        yield f"{wired.host} is no address of Agent {group.name}"
    provided = [
        one
        for one in agent.spec.provided_capabilities
        if (one.id, one.name, one.version) == (wired.id, wired.name, wired.provided_version)
    ]
    if not provided:
        yield f"Agent {group.name} does not provide {wired.name} {wired.provided_version}"
    if not any(
        required.version == wired.required_version and is_meant(one, required)
        for required in channel.spec.required_capabilities
        for one in provided
    ):
        yield f"the Channel does not require {wired.name} {wired.required_version}"
    if not _is_within(wired):
        yield f"{wired.name} {wired.provided_version} is not within {wired.required_version}"


def _is_within(wired: ChannelRoutingCapability) -> bool:
    try:
        return Version.parse(wired.provided_version) in Range.parse(wired.required_version)
    except (InvalidVersion, InvalidRange):
        return False


def _wired_twice(routing: ChannelRouting, channel: Channel) -> Iterator[str]:
    groups = Counter(group.name for group in routing.spec.capability_groups)
    yield from (f"Agent {name} has two groups" for name, count in groups.items() if count > 1)
    wires = Counter(
        (wired.id, wired.name, wired.required_version)
        for group in routing.spec.capability_groups
        for wired in group.capabilities
    )
    for (identifier, name, version), count in wires.items():
        asked = sum(
            required.version == version
            and (required.name == name if required.name else required.id == identifier)
            for required in channel.spec.required_capabilities
        )
        if count > max(asked, 1):
            yield f"{name} {version} is wired twice"
