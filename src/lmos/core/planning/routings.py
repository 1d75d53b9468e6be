"""ChannelRoutings: the manifest in which the Wires of a Channel are published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.core.resources import (
    CapabilityGroup,
    ChannelRouting,
    ChannelRoutingCapability,
    ChannelRoutingSpec,
    ObjectMeta,
    OwnerReference,
)
from lmos.core.resources.labels import CHANNEL, SUBSET, TENANT, VERSION
from lmos.core.resources.slices import service_host

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lmos.core.resolver import Wire
    from lmos.core.resources import Agent, Channel, Resource

LABELS = (CHANNEL, TENANT, VERSION, SUBSET)


def host_of(agent: Agent) -> str:
    """The host of an Agent by the original's rule: a Service of the Agent's name."""
    return service_host(agent.name, agent.namespace)


def routing_for(channel: Channel, wires: Iterable[Wire]) -> ChannelRouting:
    """
    The ChannelRouting that publishes `wires`.

    Groups are sorted by Agent, their Capabilities by name, required and provided version. The owner
    reference needs the Channel's uid, so a Channel that is in a file only gives none.

    Source:
        Contract §1.3 and §6; the `endpoint` beside `host` from DESIGN.
    """
    providers: dict[str, Agent] = {}
    capabilities: dict[str, list[ChannelRoutingCapability]] = {}
    for wire in wires:
        providers[wire.agent.name] = wire.agent
        capabilities.setdefault(wire.agent.name, []).append(_capability(wire))
    groups = tuple(
        CapabilityGroup(
            id=agent.spec.id,
            name=name,
            description=agent.spec.description,
            capabilities=tuple(sorted(capabilities[name], key=_order)),
        )
        for name, agent in sorted(providers.items())
    )
    labels = {label: channel.metadata.labels[label] for label in LABELS if channel.metadata.labels.get(label)}
    return ChannelRouting(
        metadata=ObjectMeta(
            name=channel.name,
            namespace=channel.namespace,
            labels={**labels, SUBSET: channel.subset},
            owner_references=owned_by(channel),
        ),
        spec=ChannelRoutingSpec(capability_groups=groups),
    )


def owned_by(owner: Resource) -> tuple[OwnerReference, ...]:
    """The reference that deletes an object with its owner; none where the owner has no uid yet."""
    if not owner.metadata.uid:
        return ()
    reference = OwnerReference(
        api_version=owner.KIND.api_version,
        kind=owner.KIND.kind,
        name=owner.name,
        uid=owner.metadata.uid,
        controller=True,
    )
    return (reference,)


def differs(present: ChannelRouting | None, desired: ChannelRouting) -> bool:
    """Whether what we write is not there yet; labels and annotations of others do not count."""
    if present is None:
        return True
    labels = {label: present.metadata.labels[label] for label in LABELS if label in present.metadata.labels}
    return (
        present.spec != desired.spec
        or labels != desired.metadata.labels
        or not set(desired.metadata.owner_references) <= set(present.metadata.owner_references)
    )


def _capability(wire: Wire) -> ChannelRoutingCapability:
    return ChannelRoutingCapability(
        id=wire.provided.id,
        name=wire.provided.name,
        required_version=wire.required.version,
        provided_version=wire.provided.version,
        description=wire.provided.description,
        host=host_of(wire.agent),
        endpoint=wire.agent.spec.endpoint,
    )


def _order(capability: ChannelRoutingCapability) -> tuple[str, str, str]:
    return capability.name, capability.required_version, capability.provided_version
