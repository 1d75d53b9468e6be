"""What the operator sees: live copies of the objects it decides about, read into their models once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog

from lmos.core.planning import Snapshot
from lmos.core.resolver import capability_keys, requirement_key
from lmos.core.resources import Agent, Channel, ChannelRouting, InvalidManifest, Resource
from lmos.core.resources.kinds import DEPLOYMENT, SERVICE
from lmos.core.resources.labels import LMOS_AGENT
from lmos.core.resources.workload import Deployment, Service
from lmos.ports.informer import Informer, Key, Observed

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from lmos.core.resources import Kind, Manifest
    from lmos.ports.cluster import Cluster

log = structlog.get_logger()

Model = TypeVar("Model", bound=Resource)


class Collection(Generic[Model]):
    """
    The objects of one kind as models, by namespace and name.

    An object that its model cannot read is left out, with a log line; the API server's schema admits none.
    """

    def __init__(self, informer: Informer, model: type[Model]) -> None:
        self.informer = informer
        self._model = model
        self._objects: dict[str, dict[str, Model]] = defaultdict(dict)
        self._handlers: list[Callable[[Key, Model | None, Model | None], None]] = []
        informer.on_change(self._changed)

    def on_change(self, handler: Callable[[Key, Model | None, Model | None], None]) -> None:
        """Call `handler` with key, before and after for each change."""
        self._handlers.append(handler)

    def get(self, key: Key) -> Model | None:
        """One object."""
        return self._objects[key.namespace].get(key.name)

    def within(self, namespace: str) -> list[Model]:
        """The objects of a namespace, by name: the order in which the API lists them."""
        there = self._objects[namespace]
        return [there[name] for name in sorted(there)]

    def __iter__(self) -> Iterator[Model]:
        return (each for there in self._objects.values() for each in there.values())

    def _changed(self, seen: Observed) -> None:
        there = self._objects[seen.key.namespace]
        before = there.pop(seen.key.name, None)
        after = self._read(seen.after) if seen.after else None
        if after is not None:
            there[seen.key.name] = after
        for handler in self._handlers:
            handler(seen.key, before, after)

    def _read(self, manifest: Manifest) -> Model | None:
        try:
            return self._model.from_manifest(manifest)
        except InvalidManifest as error:
            log.warning("object_unreadable", error=error.message)
            return None


class View:
    """
    Agents, Channels, ChannelRoutings, Agents' Deployments and Services of all namespaces.

    Attributes:
        is_complete: Whether all of it has been read once.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.agents = Collection(Informer(cluster, Agent.KIND), Agent)
        self.channels = Collection(Informer(cluster, Channel.KIND), Channel)
        self.routings = Collection(Informer(cluster, ChannelRouting.KIND), ChannelRouting)
        labelled = f"{LMOS_AGENT}=true"
        self.deployments = Collection(Informer(cluster, DEPLOYMENT, labels=labelled), Deployment)
        self.services = Collection(Informer(cluster, SERVICE), Service)
        self.is_complete = False
        self._providers: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.agents.on_change(self._index)

    @property
    def informers(self) -> tuple[Informer, ...]:
        """All that must be followed."""
        collections = (self.agents, self.channels, self.routings, self.deployments, self.services)
        return tuple(each.informer for each in collections)

    def snapshot_for(self, channel: Channel) -> Snapshot:
        """What planning `channel` needs to see: itself, its ChannelRouting, and the Agents that matter."""
        routing = self.routings.get(Key(channel.namespace, channel.name))
        return Snapshot(self._agents_for(channel), (channel,), (routing,) if routing else ())

    def _agents_for(self, channel: Channel) -> tuple[Agent, ...]:
        """The Agents that provide something `channel` requires: no other can take part in resolving it."""
        keys = map(requirement_key, channel.spec.required_capabilities)
        found = {name for key in keys for name in self._providers.get((channel.namespace, key), ())}
        agents = (self.agents.get(Key(channel.namespace, name)) for name in sorted(found))
        return tuple(agent for agent in agents if agent is not None)

    def _index(self, key: Key, before: Agent | None, after: Agent | None) -> None:
        for agent in (before, after):
            for capability in capability_keys(agent) if agent else ():
                providers = self._providers[key.namespace, capability]
                (providers.add if agent is after else providers.discard)(key.name)

    def learn(self, kind: Kind, manifest: Manifest) -> None:
        """Take in an object as a write of ours returned it."""
        for informer in self.informers:
            if informer.kind == kind:
                informer.learn(manifest)

    async def follow(self, group: asyncio.TaskGroup) -> None:
        """Start to follow everything, and return when all of it has been read once."""
        for informer in self.informers:
            group.create_task(informer.run())
        for informer in self.informers:
            await informer.synced.wait()
        self.is_complete = True
