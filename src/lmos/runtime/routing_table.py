"""Which Agents serve which Channel, kept current by a live watch."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import structlog

from lmos.core.errors import NotFound
from lmos.core.resources import Address, Agent, Channel, ChannelRouting, InvalidManifest, address_of
from lmos.core.resources.labels import STABLE
from lmos.ports.informer import Informer, Key
from lmos.router import Roster, RosterAgent, RosterCapability

if TYPE_CHECKING:
    from collections.abc import Callable

    from lmos.core.resources import CapabilityGroup, Manifest
    from lmos.ports.cluster import Cluster
    from lmos.ports.informer import Observed

log = structlog.get_logger()

DEFAULT_NAMESPACE = "default"


class NoRoutingInfo(NotFound):
    """No ChannelRouting serves this Tenant's Channel in this Subset."""

    code: ClassVar[str] = "NoRoutingInfo"

    def __init__(self, tenant: str, channel: str) -> None:
        super().__init__(
            f"No routing info found for tenant: {tenant}, channel: {channel}",
            hint="Apply a Channel with these labels; see the ones there are: lmos get channels -A",
        )


@dataclass(frozen=True, slots=True)
class Route:
    """A ChannelRouting as the runtime uses it: whom it may ask, and where each answers."""

    routing: ChannelRouting
    roster: Roster
    addresses: dict[str, Address]


class RoutingTable:
    """
    ChannelRoutings joined with the examples of their Agents.

    A ChannelRouting names Capabilities without examples; those stand on the Agent of the same name and
    namespace. Where there is no such Agent, names and descriptions must do.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.routings = Informer(cluster, ChannelRouting.KIND)
        self.channels = Informer(cluster, Channel.KIND)
        self._agents = Informer(cluster, Agent.KIND)
        self._routes: dict[Key, Route] = {}
        self._serving: defaultdict[tuple[str, str], set[Key]] = defaultdict(set)
        self._handlers: list[Callable[[Route], None]] = []
        self._agents.on_change(self._agent_changed)
        self.routings.on_change(self._routing_changed)

    def on_change(self, handler: Callable[[Route], None]) -> None:
        """Call `handler` with each Route that is new or has changed."""
        self._handlers.append(handler)

    async def run(self) -> None:
        """Follow the cluster until cancelled."""
        async with asyncio.TaskGroup() as group:
            # Agents first, so that no Route is ever without the examples that there are.
            group.create_task(self._agents.run())
            await self._agents.synced.wait()
            group.create_task(self.channels.run())
            group.create_task(self.routings.run())

    async def synced(self) -> None:
        """Wait until everything has been read once."""
        for informer in self.informers:
            await informer.synced.wait()

    @property
    def informers(self) -> tuple[Informer, ...]:
        """What it stands on."""
        return self._agents, self.channels, self.routings

    def find(self, tenant: str, channel: str, subset: str = STABLE, namespace: str = "") -> Route:
        """
        The Route of a Channel; of several, the one in the namespace `default`, then by name.

        Raises:
            NoRoutingInfo: There is none in that Subset.
        """
        fitting = [
            route
            for key in self._serving.get((tenant, channel), ())
            if (route := self._routes[key]).routing.subset == subset and namespace in {"", key.namespace}
        ]
        if not fitting:
            raise NoRoutingInfo(tenant, channel)
        return min(fitting, key=_preference)

    def subsets(self, tenant: str, channel: str) -> set[str]:
        """The Subsets in which a Channel is served."""
        return {self._routes[key].routing.subset for key in self._serving.get((tenant, channel), ())}

    def _agent_changed(self, seen: Observed) -> None:
        for route in list(self._routes.values()):
            routing = route.routing
            serves = any(group.name == seen.key.name for group in routing.spec.capability_groups)
            if serves and routing.namespace == seen.key.namespace:
                self._enter(routing)

    def _routing_changed(self, seen: Observed) -> None:
        if route := self._routes.pop(seen.key, None):
            self._serving[route.routing.tenant, route.routing.channel].discard(seen.key)
        if seen.after is not None:
            try:
                self._enter(ChannelRouting.from_manifest(seen.after))
            except InvalidManifest as error:
                log.warning("routing_unreadable", error=error.message)

    def _enter(self, routing: ChannelRouting) -> None:
        key = Key(routing.namespace, routing.name)
        route = Route(routing, self._roster(routing), _addresses(routing))
        self._routes[key] = route
        self._serving[routing.tenant, routing.channel].add(key)
        for handler in self._handlers:
            handler(route)

    def _roster(self, routing: ChannelRouting) -> Roster:
        groups = sorted(routing.spec.capability_groups, key=lambda group: group.name)
        agents = tuple(
            RosterAgent(
                group.name,
                group.description,
                _capabilities(group, self._agents.get(routing.namespace, group.name)),
            )
            for group in groups
        )
        version = routing.metadata.resource_version or ""
        return Roster(f"{routing.namespace}/{routing.name}", agents, version)


def _preference(route: Route) -> tuple[bool, str, str]:
    routing = route.routing
    return routing.namespace != DEFAULT_NAMESPACE, routing.namespace, routing.name


def _capabilities(group: CapabilityGroup, agent: Manifest | None) -> tuple[RosterCapability, ...]:
    provided = agent["spec"].get("providedCapabilities", ()) if agent else ()
    examples = {(each["name"], each["version"]): tuple(each.get("examples", ())) for each in provided}
    # One Capability may be required twice, in two ranges; the router weighs it once.
    named = {
        wired.name: RosterCapability(
            wired.name, wired.description, examples.get((wired.name, wired.provided_version), ())
        )
        for wired in group.capabilities
    }
    return tuple(named[name] for name in sorted(named))


def _addresses(routing: ChannelRouting) -> dict[str, Address]:
    """Where each Agent answers, by the first of its Capabilities: all of one Agent name the same."""
    return {
        group.name: address_of(group.capabilities[0].host, group.capabilities[0].endpoint)
        for group in routing.spec.capability_groups
        if group.capabilities
    }
