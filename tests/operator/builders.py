"""Manifests, Agents that describe themselves from a script, and an operator over a cluster in memory."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from lmos.core.planning import DESCRIPTION_PATHS
from lmos.core.resources.kinds import (
    AGENT,
    CHANNEL,
    CHANNEL_ROUTING,
    DEPLOYMENT,
    EVENT,
    SERVICE,
    Kind,
    Manifest,
)
from lmos.operator import Operator
from lmos.ports.agents import CardMissing, CardUnavailable
from lmos.ports.cluster import ObjectNotFound
from lmos.testing.clock import FrozenClock
from lmos.testing.cluster import MemoryCluster, memory_cluster
from lmos.testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from lmos.core.errors import LmosError

CAPABILITIES, CARD, OLD_CARD = DESCRIPTION_PATHS


class ScriptedCards:
    """A `CardReader` whose documents are set by host; `asked` says in order what was fetched."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._said: dict[tuple[str, str], bytes | LmosError] = {}

    def says(self, host: str, said: Any, *, at: str = CAPABILITIES) -> None:
        """From now on `host` serves `said`, as JSON unless it is bytes."""
        self._said[host, at] = said if isinstance(said, bytes) else json.dumps(said).encode()

    def fails(self, host: str, why: str, *, at: str = CAPABILITIES) -> None:
        """From now on the card at `host` cannot be read."""
        self._said[host, at] = CardUnavailable(f"The card of {host} cannot be read: {why}.")

    async def fetch(self, host: str, port: int, scheme: str, path: str) -> bytes:
        """What was set, else `CardMissing`."""
        service = host.partition(".")[0]
        self.asked.append(f"{scheme}://{service}:{port}{path}")
        said = self._said.get((service, path), CardMissing(f"{host} has nothing at {path}."))
        if isinstance(said, Exception):
            raise said
        return said


class World:
    """A cluster in memory with an operator on it."""

    def __init__(self, cluster: MemoryCluster, clock: FrozenClock, cards: ScriptedCards) -> None:
        self.cluster = cluster
        self.clock = clock
        self.cards = cards
        self.operator = Operator(cluster, cards, clock)

    async def apply(self, *manifests: Manifest) -> None:
        """As a person would."""
        for manifest in manifests:
            kind = next(kind for kind in KINDS if kind.kind == manifest["kind"])
            await self.cluster.apply(manifest, kind, manager="tests")

    async def get(self, kind: Kind, name: str) -> Manifest | None:
        """An object of the namespace `default`, None where there is none."""
        try:
            return await self.cluster.get(kind, name, "default")
        except ObjectNotFound:
            return None

    async def seen(self, kind: Kind, name: str, is_it: Callable[[Manifest], bool] = bool) -> Manifest:
        """The object once `is_it` holds."""

        async def look() -> Manifest | None:
            found = await self.get(kind, name)
            return found if found is not None and is_it(found) else None

        found = await eventually(look)
        assert found is not None
        return found

    async def gone(self, kind: Kind, name: str) -> None:
        """Return once there is no such object."""

        async def is_gone() -> bool:
            return await self.get(kind, name) is None

        await eventually(is_gone)

    async def events(self) -> list[tuple[str, str, str]]:
        """Type, reason and object of all Events."""
        found = (await self.cluster.list(EVENT)).items
        return [(each["type"], each["reason"], each["involvedObject"]["name"]) for each in found]

    async def deploy(self, name: str, *capabilities: str, **spec: Any) -> None:
        """A ready Deployment with a Service, whose Agent says that it can do `capabilities`."""
        self.cards.says(name, description(*capabilities, **spec))
        await self.apply(service(name), deployment(name))
        await self.cluster.patch(DEPLOYMENT, name, "default", {"status": READY}, "status")


KINDS = (AGENT, CHANNEL, CHANNEL_ROUTING, DEPLOYMENT, SERVICE)
READY = {
    "observedGeneration": 1,
    "replicas": 1,
    "updatedReplicas": 1,
    "readyReplicas": 1,
    "availableReplicas": 1,
}


@asynccontextmanager
async def world(*given: Manifest) -> AsyncIterator[World]:
    """A cluster with the objects `given`, and an operator that has begun to look at it."""
    clock = FrozenClock()
    async with memory_cluster(clock=clock) as cluster:
        created = World(cluster, clock, ScriptedCards())
        await created.apply(*given)
        running = asyncio.create_task(created.operator.run())
        await eventually(lambda: created.operator.view.is_complete)
        try:
            yield created
        finally:
            running.cancel()
            await asyncio.wait([running])


def resolved(manifest: Manifest) -> bool:
    return bool(manifest.get("status", {}).get("resolveStatus") == "RESOLVED")


def unresolved(manifest: Manifest) -> bool:
    return bool(manifest.get("status", {}).get("resolveStatus") == "UNRESOLVED")


def wires(routing: Manifest) -> list[str]:
    """The Wires of a ChannelRouting as `billing: view-bill 1.0.0`."""
    return [
        f"{group['name']}: {wired['name']} {wired['providedVersion']}"
        for group in routing["spec"]["capabilityGroups"]
        for wired in group["capabilities"]
    ]


def condition(manifest: Manifest, name: str) -> dict[str, Any]:
    """The condition of that type; empty where there is none."""
    conditions: list[dict[str, Any]] = manifest.get("status", {}).get("conditions", [])
    return next((each for each in conditions if each["type"] == name), {})


def agent(name: str, *provided: str, labels: dict[str, str] | None = None, **spec: Any) -> Manifest:
    """A hand-written Agent that provides e.g. `view-bill 1.0.0`."""
    pairs = [each.split(" ") for each in provided]
    capabilities = [{"id": can, "name": can, "version": version, "description": ""} for can, version in pairs]
    given = {"id": name, "description": "", "supportedTenants": [], "supportedChannels": ["web"]}
    return _object(
        AGENT,
        name,
        {**given, "providedCapabilities": capabilities, **spec},
        labels={"subset": "stable", **(labels or {})},
    )


def channel(name: str, *required: str, labels: dict[str, str] | None = None) -> Manifest:
    """A Channel of Tenant acme that requires e.g. `view-bill ^1.0.0`."""
    pairs = [each.split(" ", 1) for each in required]
    spec = {"requiredCapabilities": [{"name": can, "version": version} for can, version in pairs]}
    given = {"tenant": "acme", "channel": "web", "version": "1.0.0", "subset": "stable"}
    return _object(CHANNEL, name, spec, labels={**given, **(labels or {})})


def deployment(name: str, *, command: str = "run", labels: dict[str, str] | None = None) -> Manifest:
    """A Deployment that is labelled as an Agent unless `labels` says otherwise."""
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "agent", "image": name, "command": [command]}]},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    return _object(DEPLOYMENT, name, spec, labels={"lmos-agent": "true"} if labels is None else labels)


def service(name: str, *ports: dict[str, Any], app: str = "") -> Manifest:
    """A Service for the Deployment `app`, of the same name unless said otherwise."""
    spec = {"selector": {"app": app or name}, "ports": list(ports) or [{"name": "http", "port": 8080}]}
    return _object(SERVICE, name, spec)


def description(*capabilities: str, **said: Any) -> dict[str, Any]:
    """A capabilities.json."""
    pairs = [each.split(" ") for each in capabilities]
    able = [
        {"id": can, "name": can, "version": version, "description": "", "examples": []}
        for can, version in pairs
    ]
    given = {"id": "its-own", "description": "Says so", "supportedTenants": [], "supportedChannels": ["web"]}
    return {**given, "capabilities": able, **said}


def _object(kind: Kind, name: str, spec: dict[str, Any], labels: dict[str, str] | None = None) -> Manifest:
    metadata = {"name": name, "namespace": "default", **({"labels": labels} if labels else {})}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}
