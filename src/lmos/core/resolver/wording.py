"""The sentences in which resolution is explained to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.core.resolver.near_misses import Miss, NearMiss
from lmos.core.resolver.remedies import Action, Remedy
from lmos.core.resolver.resolve import Reason
from lmos.core.resources import Strategy

if TYPE_CHECKING:
    from lmos.core.resolver.explain import Explanation, Finding
    from lmos.core.resources import Channel, RequiredCapability


def render(explanation: Explanation) -> list[str]:
    """The whole explanation as lines of plain text."""
    channel = explanation.channel
    wired = sum(finding.wire is not None for finding in explanation.findings)
    status = "RESOLVED" if explanation.is_resolved else "UNRESOLVED"
    lines = [
        f"Channel {channel.namespace}/{channel.name} ({circumstances(channel)}) is {status}.",
        f"{wired} of {len(explanation.findings)} required Capabilities are wired:",
    ]
    for finding in explanation.findings:
        lines.append(f"  {'✓' if finding.wire else '✗'} {message_of(finding)}")
        lines += [f"      near: {miss_text(miss, channel)}" for miss in finding.near_misses]
    if explanation.remedies:
        lines.append("To resolve it:")
        lines += [
            f"  {number}. {remedy_text(remedy, channel)}"
            for number, remedy in enumerate(explanation.remedies, start=1)
        ]
    return lines


def circumstances(channel: Channel) -> str:
    """Whom the Channel serves: `Tenant acme, Channel web, Subset stable`."""
    return (
        f"Tenant {channel.tenant or '(no label)'}, Channel {channel.channel or '(no label)'}, "
        f"Subset {channel.subset}"
    )


def message_of(finding: Finding) -> str:
    """One requirement's outcome in a sentence."""
    if finding.wire is not None:
        return _wired(finding, finding.wire.agent.name, finding.wire.provided.version)
    return f"{finding.required}: {reason_text(finding.reason, finding.required)}"


def reason_text(reason: Reason | None, required: RequiredCapability) -> str:
    """Why a requirement is not met."""
    match reason:
        case Reason.INVALID_RANGE:
            return f"{required.version!r} is no version range."
        case Reason.OUT_OF_RANGE:
            return "the Agents that may serve this Channel provide it in other versions only."
        case Reason.INVALID_VERSION:
            return "it is provided with a version that cannot be read."
        case _:
            return "no Agent that may serve this Channel provides it."


def miss_text(miss: NearMiss, channel: Channel) -> str:
    """What an offer misses: `Agent billing provides view-bill 1.9.0, but in another version`."""
    misses = " and ".join(_miss_clause(one, miss, channel) for one in miss.misses)
    return f"Agent {miss.agent.name} provides {miss.provided.name} {miss.provided.version}, but {misses}"


def remedy_text(remedy: Remedy, channel: Channel) -> str:
    """A remedy as an instruction."""
    required = remedy.helps[0]
    return _REMEDIES[remedy.action].format(
        agent=remedy.agent,
        value=remedy.value,
        required=required,
        wanted=required.name or required.id,
        range=required.version,
        channel=channel.name,
        circumstances=circumstances(channel),
    )


_REMEDIES = {
    Action.CORRECT_VERSION: (
        "Give {wanted} of Agent {agent} a semantic version within {range}, not '{value}'."
    ),
    Action.CORRECT_RANGE: "Write a version range for {wanted} instead of '{value}'.",
    Action.ADMIT_VERSION: (
        "Let {required} admit {value}, which Agent {agent} provides, "
        "or release that Agent with a version within the range."
    ),
    Action.RENAME: "Require {value}, which Agent {agent} provides, instead of {wanted}.",
    Action.ADD_TENANT: "Add Tenant {value} to supportedTenants of Agent {agent}.",
    Action.ADD_CHANNEL: "Add Channel {value} to supportedChannels of Agent {agent}.",
    Action.ADD_TO_SUBSET: "Release a variant of Agent {agent} in Subset {value}.",
    Action.LABEL_CHANNEL: "Give Channel {channel} the labels tenant and channel.",
    Action.INSTALL: "Install an Agent that provides {value} ({circumstances}).",
}

_MISS_CLAUSES = {
    Miss.VERSION: "that is outside the range",
    Miss.TENANT: "serves Tenant {tenants}, not {tenant}",
    Miss.CHANNEL: "serves Channel {channels}, not {channel}",
    Miss.SUBSET: "is in Subset {own_subset}, not {subset}",
    Miss.UNREADABLE_VERSION: "that is no semantic version",
    Miss.UNREADABLE_RANGE: "the range cannot be read",
    Miss.NAME: "under another name",
}


def _wired(finding: Finding, agent: str, version: str) -> str:
    place = "lowest" if finding.required.strategy is Strategy.MOST_SIMILAR else "highest"
    among = len(finding.candidates)
    why = "the only candidate" if among == 1 else f"the {place} of {among} candidates"
    return f"{finding.required} → Agent {agent} at {version}, {why}."


def _miss_clause(miss: Miss, near: NearMiss, channel: Channel) -> str:
    return _MISS_CLAUSES[miss].format(
        tenants=", ".join(near.agent.spec.supported_tenants),
        tenant=channel.tenant or "(no label)",
        channels=", ".join(near.agent.spec.supported_channels) or "none",
        channel=channel.channel or "(no label)",
        own_subset=near.agent.subset,
        subset=channel.subset,
    )
