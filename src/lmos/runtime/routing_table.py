"""Which Agents serve which Channel, kept current by a live watch."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

import structlog

from lmos.core.errors import NotFound
from lmos.core.resources import Address, Agent, Channel, ChannelRouting, InvalidManifest, address_of
from lmos.core.resources.labels import STABLE
from lmos.ports.informer import Informer, Key
from lmos.router import Roster, RosterAgent, RosterCapability, RouterSettings
from lmos.router.settings import InvalidRouterSettings
from lmos.runtime.elsewhere import Elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lmos.core.resources import CapabilityGroup, Manifest
    from lmos.ports.cluster import Cluster
    from lmos.ports.informer import Observed

log = structlog.get_logger()

Place = TypeVar("Place", bound=tuple[str, str])

DEFAULT_NAMESPACE = "default"

_SHOWN = 80


class NoRoutingInfo(NotFound):
    """No ChannelRouting serves this Tenant's Channel in this Subset."""

    code: ClassVar[str] = "NoRoutingInfo"

    def __init__(self, tenant: str, channel: str) -> None:
        super().__init__(
            f"No routing info found for tenant: {tenant[:_SHOWN]}, channel: {channel[:_SHOWN]}",
            hint="Apply a Channel with these labels; see the ones there are: lmos get channels -A",
        )


@dataclass(frozen=True, slots=True)
class Route:
    """A ChannelRouting as the runtime uses it: whom it may ask, and where each answers."""

    routing: ChannelRouting
    subset: str
    roster: Roster
    addresses: dict[str, Address]


class RoutingTable:
    """
    ChannelRoutings joined with the examples of their Agents.

    A ChannelRouting names Capabilities without examples; those stand on the Agent of the same name and
    namespace. Where there is no such Agent, names and descriptions must do. What the namespace provides
    beyond the Channel goes along, for the router to recognise. A ChannelRouting that
    becomes unreadable goes on as it was last read. How it is routed is said by the Channel of the same name.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.routings = Informer(cluster, ChannelRouting.KIND)
        self.channels = Informer(cluster, Channel.KIND)
        self._agents = Informer(cluster, Agent.KIND)
        self._routes: dict[Key, Route] = {}
        self._serving: defaultdict[tuple[str, str], set[Key]] = defaultdict(set)
        self._naming: defaultdict[Key, set[Key]] = defaultdict(set)
        self._elsewhere = Elsewhere()
        self._on_change: list[Callable[[Route], None]] = []
        self._on_gone: list[Callable[[Route], None]] = []
        self._agents.on_change(self._agent_changed)
        self.channels.on_change(self._channel_changed)
        self.routings.on_change(self._routing_changed)

    def on_change(self, handler: Callable[[Route], None]) -> None:
        """Call `handler` with each Route that is new or has changed."""
        self._on_change.append(handler)

    def on_gone(self, handler: Callable[[Route], None]) -> None:
        """Call `handler` with each Route whose ChannelRouting was deleted."""
        self._on_gone.append(handler)

    async def run(self) -> None:
        """Follow the cluster until cancelled."""
        async with asyncio.TaskGroup() as group:
            # These first, so that no Route is ever without the examples and settings that there are.
            group.create_task(self._agents.run())
            group.create_task(self.channels.run())
            await self._agents.synced.wait()
            await self.channels.synced.wait()
            group.create_task(self.routings.run())

    async def synced(self) -> None:
        """Wait until everything has been read once."""
        for informer in self.informers:
            await informer.synced.wait()

    @property
    def informers(self) -> tuple[Informer, ...]:
        """What it stands on."""
        return self._agents, self.channels, self.routings

    @property
    def served(self) -> list[tuple[str, str]]:
        """Tenant and name of every Channel that has a ChannelRouting, in any Subset."""
        return sorted(self._serving)

    def find(self, tenant: str, channel: str, subset: str = STABLE, namespace: str = "") -> Route:
        """
        The Route of a Channel; of several, the one in the namespace `default`, then by name.

        Raises:
            NoRoutingInfo: There is none in that Subset.
        """
        return self.route(tenant, channel, (subset,), namespace)

    def route(self, tenant: str, channel: str, subsets: Iterable[str], namespace: str = "") -> Route:
        """
        The Route of a Channel in the first of `subsets` that serves it; an empty one serves nothing.

        Raises:
            NoRoutingInfo: There is none in any of them.
        """
        serving = [self._routes[key] for key in self._serving.get((tenant, channel), ())]
        for subset in subsets:
            fitting = [
                route
                for route in serving
                if route.subset == subset and namespace in {"", route.routing.namespace}
            ]
            if fitting:
                return min(fitting, key=_preference)
        raise NoRoutingInfo(tenant, channel)

    def _agent_changed(self, seen: Observed) -> None:
        affected = set(self._naming.get(seen.key, ()))
        if self._elsewhere.learn(seen.key, seen.after):
            affected |= {key for key in self._routes if key.namespace == seen.key.namespace}
        for key in sorted(affected):
            self._enter(self._routes[key].routing)

    def _channel_changed(self, seen: Observed) -> None:
        route = self._routes.get(seen.key)
        if route is not None and route.roster.settings != self._settings(seen.key):
            self._enter(route.routing)

    def _routing_changed(self, seen: Observed) -> None:
        if seen.after is None:
            if gone := self._remove(seen.key):
                for handler in self._on_gone:
                    handler(gone)
            return
        try:
            self._enter(ChannelRouting.from_manifest(seen.after))
        except InvalidManifest as error:
            log.warning("routing_unreadable", error=error.message)

    def _enter(self, routing: ChannelRouting) -> None:
        key = Key(routing.namespace, routing.name)
        self._remove(key)
        groups = sorted(
            (group for group in routing.spec.capability_groups if group.capabilities),
            key=lambda group: group.name,
        )
        addresses = {
            # All Capabilities of one Agent name the same address.
            group.name: address_of(group.capabilities[0].host, group.capabilities[0].endpoint)
            for group in groups
        }
        route = self._routes[key] = Route(routing, routing.subset, self._roster(routing, groups), addresses)
        self._serving[routing.tenant, routing.channel].add(key)
        for group in groups:
            self._naming[Key(routing.namespace, group.name)].add(key)
        for handler in self._on_change:
            handler(route)

    def _remove(self, key: Key) -> Route | None:
        route = self._routes.pop(key, None)
        if route is not None:
            _discard(self._serving, (route.routing.tenant, route.routing.channel), key)
            for agent in route.addresses:
                _discard(self._naming, Key(key.namespace, agent), key)
        return route

    def _roster(self, routing: ChannelRouting, groups: list[CapabilityGroup]) -> Roster:
        agents = tuple(
            RosterAgent(
                group.name,
                group.description,
                _capabilities(group, self._agents.get(routing.namespace, group.name)),
            )
            for group in groups
        )
        offered = {can.name for agent in agents for can in agent.capabilities}
        return Roster(
            f"{routing.namespace}/{routing.name}",
            agents,
            routing.metadata.resource_version,
            self._elsewhere.besides(routing.namespace, offered),
            self._settings(Key(routing.namespace, routing.name)),
        )

    def _settings(self, key: Key) -> RouterSettings:
        """What the Channel says about its router; a Channel of which that cannot be read says nothing."""
        channel = self.channels.get(*key)
        try:
            return RouterSettings.of((channel or {}).get("metadata", {}).get("annotations") or {})
        except InvalidRouterSettings as error:
            log.warning(
                "router_settings_unreadable", channel=f"{key.namespace}/{key.name}", error=error.message
            )
            return RouterSettings()


def _discard(index: dict[Place, set[Key]], place: Place, key: Key) -> None:
    """Take `key` from its place; a place that is empty then is gone."""
    index[place].discard(key)
    if not index[place]:
        del index[place]


def _preference(route: Route) -> tuple[bool, str, str]:
    routing = route.routing
    return routing.namespace != DEFAULT_NAMESPACE, routing.namespace, routing.name


def _capabilities(group: CapabilityGroup, agent: Manifest | None) -> tuple[RosterCapability, ...]:
    """
    The Capabilities of one Agent by name, each once.

    One may be required twice, in two ranges; the router weighs it once, by the examples of all.
    """
    provided = agent["spec"].get("providedCapabilities", ()) if agent else ()
    examples = {(each["name"], each["version"]): each.get("examples", ()) for each in provided}
    descriptions: dict[str, str] = {}
    told: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for wired in group.capabilities:
        descriptions[wired.name] = wired.description
        told[wired.name] |= dict.fromkeys(examples.get((wired.name, wired.provided_version), ()))
    return tuple(RosterCapability(name, descriptions[name], tuple(told[name])) for name in sorted(told))
