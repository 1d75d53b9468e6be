"""Channels: from the Agents that there are to a ChannelRouting and a status."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from lmos.core.errors import InvalidInput, LmosError
from lmos.core.planning.plan import Apply, Change, Plan, RecordEvent
from lmos.core.planning.routings import differs, routing_for
from lmos.core.planning.status import event, stated, write_status
from lmos.core.resolver import (
    Resolution,
    Unresolved,
    miss_text,
    near_misses,
    range_of,
    reason_text,
    related,
    resolve,
    serves,
)
from lmos.core.resources import ChannelStatus, Condition, ResolveStatus, condition_of
from lmos.core.resources.conditions import ACCEPTED, READY, RESOLVED
from lmos.core.resources.labels import CHANNEL, TENANT
from lmos.core.versions import InvalidRange

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lmos.core.planning.snapshot import Snapshot
    from lmos.core.resources import Agent, Channel, ChannelRouting, RequiredCapability

MAX_EXPLAINED = 5
"""A status explains at most so many unresolved requirements; `lmos explain` all of them."""


class UnresolvedCapabilities(LmosError):
    """A Channel requires Capabilities that no installed Agent provides."""

    code: ClassVar[str] = "UnresolvedCapabilities"
    exit_status: ClassVar[int] = 3

    def __init__(self, channel: str, reasons: Sequence[str]) -> None:
        more = len(reasons) - MAX_EXPLAINED
        ending = f" And {more} more." if more > 0 else ""
        super().__init__(
            f"Channel {channel} is not resolved. {' '.join(reasons[:MAX_EXPLAINED])}{ending}",
            hint=f"Install such an Agent, or see what would help: lmos explain {channel}",
        )


class MissingLabels(LmosError):
    """A Channel lacks the labels by which users reach it."""

    code: ClassVar[str] = "MissingLabels"
    exit_status: ClassVar[int] = 2

    def __init__(self, channel: str, labels: Sequence[str]) -> None:
        super().__init__(
            f"Channel {channel} has no label {' and no label '.join(labels)}.",
            hint="Label the Channel with its tenant and its channel.",
        )


class RejectedRequirements(InvalidInput):
    """Requirements of a Channel cannot be met because their ranges cannot be read; the others count."""

    code: ClassVar[str] = InvalidRange.code

    def __init__(self, channel: Channel, rejected: Sequence[RequiredCapability]) -> None:
        named = ", ".join(f"{required.name or required.id} {required.version!r}" for required in rejected)
        super().__init__(
            f"Channel {channel.name} requires Capabilities in ranges that cannot be read: {named}.",
            hint="Write for example ^1.2.0, >=1.0.0 <2.0.0, 1.x, [1.0,2.0) or 1.0.0 || 2.0.0.",
        )


def plan_channels(snapshot: Snapshot, now: datetime) -> Plan:
    """The Plan for all Channels of a Snapshot, in order of namespace and name."""
    routings = {(routing.namespace, routing.name): routing for routing in snapshot.routings}
    channels = {(channel.namespace, channel.name): channel for channel in snapshot.channels}
    plans = [
        plan_channel(channel, snapshot.agents, routings.get(key), now)
        for key, channel in sorted(channels.items())
    ]
    return Plan(tuple(change for plan in plans for change in plan.changes))


def plan_channel(
    channel: Channel, agents: Sequence[Agent], routing: ChannelRouting | None, now: datetime
) -> Plan:
    """
    What it takes for `channel` to be published as it resolves now.

    Args:
        channel: The Channel with its present status.
        agents: At least all Agents of its namespace.
        routing: Its present ChannelRouting, None where there is none.
        now: For conditions and Events.

    Returns:
        In this order and only where something differs: the ChannelRouting, with those Wires that there are
        even while others are missing; the status; an Event where the Channel became resolved or unresolved.

    Source:
        Contract §1.3; conditions and Events from DESIGN.
    """
    if channel.metadata.deletion_timestamp is not None:
        return Plan()
    concerned = related(channel, agents)
    able = [agent for agent in concerned if serves(agent, channel)]
    resolution = resolve(channel.spec.required_capabilities, able)
    changes: list[Change] = []
    desired = routing_for(channel, resolution.wires)
    if differs(routing, desired):
        changes.append(Apply(desired.to_manifest()))
    status = _status(channel, concerned, resolution, now)
    if status != channel.status:
        changes.append(write_status(channel, status))
        changes.extend(_events(channel, status, now))
    return Plan(tuple(changes))


def channel_problems(channel: Channel) -> tuple[LmosError, ...]:
    """What in the Channel itself does not count: missing labels, ranges that cannot be read."""
    labels = [label for label in (TENANT, CHANNEL) if not channel.metadata.labels.get(label)]
    problems: list[LmosError] = [MissingLabels(channel.name, labels)] if labels else []
    unreadable = [one for one in channel.spec.required_capabilities if range_of(one) is None]
    if unreadable:
        problems.append(RejectedRequirements(channel, unreadable))
    return tuple(problems)


def _status(
    channel: Channel, agents: Sequence[Agent], resolution: Resolution, now: datetime
) -> ChannelStatus:
    generation = channel.metadata.generation
    present = channel.status.conditions if channel.status else ()
    accepted = _statement(ACCEPTED, "Accepted", "", channel_problems(channel), generation)
    resolved = _statement(
        RESOLVED,
        "Resolved",
        _wired(resolution),
        () if resolution.is_resolved else (_unresolved(channel, agents, resolution),),
        generation,
    )
    failing = next((one for one in (accepted, resolved) if one.status == "False"), None)
    ready = Condition(
        type=READY,
        status="False" if failing else "True",
        reason=failing.reason if failing else "Ready",
        observed_generation=generation,
    )
    return ChannelStatus(
        resolve_status=ResolveStatus.RESOLVED if resolution.is_resolved else ResolveStatus.UNRESOLVED,
        unresolved_required_capabilities=tuple(missing.required for missing in resolution.unresolved),
        conditions=stated(present, (accepted, resolved, ready), now),
        observed_generation=generation,
    )


def _statement(
    condition_type: str, reason: str, message: str, problems: Sequence[LmosError], generation: int | None
) -> Condition:
    return Condition(
        type=condition_type,
        status="False" if problems else "True",
        reason=problems[0].code if problems else reason,
        message=" ".join(problem.message for problem in problems) or message,
        observed_generation=generation,
    )


def _wired(resolution: Resolution) -> str:
    providers = {wire.agent.name for wire in resolution.wires}
    return f"Capabilities wired: {len(resolution.wires)}, Agents: {len(providers)}."


def _unresolved(channel: Channel, agents: Sequence[Agent], resolution: Resolution) -> UnresolvedCapabilities:
    reasons = [_explained(missing, channel, agents) for missing in resolution.unresolved]
    return UnresolvedCapabilities(channel.name, reasons)


def _explained(missing: Unresolved, channel: Channel, agents: Sequence[Agent]) -> str:
    # Similar names are left to `lmos explain`: they would make every Channel depend on every Agent.
    nearest = near_misses(missing.required, channel, agents)[:1]
    near = "".join(f" Nearest: {miss_text(miss, channel)}." for miss in nearest)
    return f"{missing.required}: {reason_text(missing.reason, missing.required)}{near}"


def _events(channel: Channel, status: ChannelStatus, now: datetime) -> list[RecordEvent]:
    before = channel.status.resolve_status if channel.status else None
    condition = condition_of(status.conditions, RESOLVED)
    if condition is None or before == status.resolve_status:
        return []
    kind: Literal["Normal", "Warning"] = "Normal" if condition.status == "True" else "Warning"
    return [event(channel, kind, condition.reason, condition.message, occasion=now.isoformat(), now=now)]
