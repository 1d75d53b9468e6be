"""Short words for resources, so that a test shows only what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.core.resources import (
    Agent,
    AgentSpec,
    Channel,
    ChannelSpec,
    ChannelStatus,
    Endpoint,
    ObjectMeta,
    ProvidedCapability,
    RequiredCapability,
    ResolveStatus,
    Strategy,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.core.resolver import Resolution


def requires(
    name: str, version: str, *, by_id: str = "", strategy: Strategy = Strategy.HIGHEST
) -> RequiredCapability:
    return RequiredCapability(id=by_id, name=name, version=version, strategy=strategy)


def provides(name: str, version: str, *, with_id: str = "", description: str = "") -> ProvidedCapability:
    return ProvidedCapability(id=with_id, name=name, version=version, description=description)


def agent(
    name: str,
    *provided: ProvidedCapability,
    channels: Sequence[str] = ("web",),
    tenants: Sequence[str] = (),
    subset: str = "",
    namespace: str = "default",
    endpoint: Endpoint | None = None,
) -> Agent:
    return Agent(
        metadata=ObjectMeta(
            name=name, namespace=namespace, labels={"subset": subset} if subset else {}, generation=1
        ),
        spec=AgentSpec(
            id=f"{name}-id",
            supported_tenants=tuple(tenants),
            supported_channels=tuple(channels),
            provided_capabilities=provided,
            endpoint=endpoint,
        ),
    )


def channel(
    *required: RequiredCapability,
    name: str = "acme-web",
    tenant: str = "acme",
    channel: str = "web",
    subset: str = "",
    namespace: str = "default",
    status: ResolveStatus | None = None,
) -> Channel:
    labels = {"tenant": tenant, "channel": channel, "subset": subset, "version": "1"}
    return Channel(
        metadata=ObjectMeta(
            name=name,
            namespace=namespace,
            uid=f"uid-of-{name}",
            generation=3,
            labels={key: value for key, value in labels.items() if value},
        ),
        spec=ChannelSpec(required_capabilities=required),
        status=ChannelStatus(resolve_status=status) if status else None,
    )


def wired(resolution: Resolution) -> list[str]:
    """The Wires as `view-bill ^1 → billing 1.9.0`."""
    return [f"{wire.required} → {wire.agent.name} {wire.provided.version}" for wire in resolution.wires]
