"""A runtime over twins: its doors, and what stands around them."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import orjson

from lmos.adapters.kubernetes.inprocess import AsgiTransport
from lmos.core.conversation import Conversation, RecordText, owner_of
from lmos.core.resources import Agent, Channel, ChannelRouting
from lmos.core.resources.kinds import NAMESPACE
from lmos.router import Router
from lmos.runtime import Asked, RoutingTable, Turns, WhenBusy
from lmos.runtime.http import runtime_app
from lmos.runtime.telling import Telling
from lmos.runtime.workers import Crew
from lmos.testing.agents import ScriptedAgents
from lmos.testing.clock import CountingIds, FrozenClock
from lmos.testing.cluster import MemoryCluster, memory_cluster
from lmos.testing.encoder import WordEncoder
from lmos.testing.store import MemoryStore
from lmos.testing.traces import SeenTraces
from lmos.testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.types import ASGIApp

    from lmos.core.resources import Manifest
    from lmos.core.resources.kinds import Kind
    from lmos.ports.store import ConversationStore
    from lmos.router.stages import Stage
    from lmos.runtime.taking import TakesTurns

API = "lmos.eclipse/v1"
BILLS = ("how much is my bill", "show my bill please", "why is my bill so high", "what does my invoice say")
RECHNUNGEN = ("wie hoch ist meine Rechnung", "zeig mir meine Rechnung", "was steht auf der Rechnung")
FAULTS = ("my internet is down", "there is no signal", "the connection is broken", "is there an outage here")
STOERUNGEN = ("mein Internet geht nicht", "es gibt keinen Empfang", "die Verbindung ist kaputt")


def agent(name: str, capability: str = "", version: str = "1.0.0", *examples: str) -> Manifest:
    provided = {"name": capability or name, "version": version, "description": f"About {name}"}
    return {
        "apiVersion": API,
        "kind": "Agent",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"providedCapabilities": [{**provided, "examples": list(examples)}]},
    }


def wired(
    name: str, version: str = "1.0.0", *, host: str = "", endpoint: Manifest | None = None, required: str = ""
) -> Manifest:
    capability = {
        "id": f"{name}-id",
        "name": name,
        "requiredVersion": required or f"^{version}",
        "providedVersion": version,
        "description": f"About {name}",
        "host": host or name,
    }
    return capability | ({"endpoint": endpoint} if endpoint else {})


def group(name: str, *capabilities: Manifest) -> Manifest:
    """An Agent of a ChannelRouting; without more it provides one Capability of its own name."""
    capabilities = capabilities or (wired(name),)
    return {
        "id": f"{name}-id",
        "name": name,
        "description": f"The {name} Agent",
        "capabilities": list(capabilities),
    }


def routing(
    *groups: str | Manifest,
    tenant: str = "acme",
    channel: str = "web",
    subset: str = "stable",
    namespace: str = "default",
    name: str = "",
) -> Manifest:
    labels = {"tenant": tenant, "channel": channel, "version": "1.2.3", "subset": subset}
    return {
        "apiVersion": API,
        "kind": "ChannelRouting",
        "metadata": {
            "name": name or f"{tenant}-{channel}-{subset or 'none'}",
            "namespace": namespace,
            "labels": labels,
        },
        "spec": {"capabilityGroups": [group(each) if isinstance(each, str) else each for each in groups]},
    }


def message(content: str, role: str = "user") -> dict[str, str]:
    return {"role": role, "content": content}


def body(
    *messages: str | dict[str, Any], channel: str = "web", explicit: str | None = None, **more: Any
) -> dict[str, Any]:
    said = [message(each) if isinstance(each, str) else each for each in messages]
    return {
        "inputContext": {"messages": said, "explicitAgent": explicit, **more},
        "systemContext": {"channelId": channel},
        "userContext": {"userId": "u1"},
    }


@dataclass
class Event:
    """One server-sent event."""

    id: int
    name: str
    data: dict[str, Any]


@dataclass
class Rig:
    """The runtime under test; `agents`, `store` and `cluster` are its world."""

    cluster: MemoryCluster
    table: RoutingTable
    turns: Turns
    store: Any
    agents: ScriptedAgents
    clock: FrozenClock
    traces: SeenTraces
    telling: Telling
    app: ASGIApp
    http: httpx2.AsyncClient

    async def serve(self, *manifests: Manifest) -> None:
        """Apply manifests and wait until the runtime has seen them."""
        kinds: dict[str, Kind] = {each.KIND.kind: each.KIND for each in (Agent, Channel, ChannelRouting)}
        for manifest in manifests:
            kind = kinds[manifest["kind"]]
            await self._make(manifest["metadata"]["namespace"])
            applied = await self.cluster.apply(manifest, kind, manager="test")
            if "status" in manifest:
                applied = await self.cluster.apply(manifest, kind, manager="test", subresource="status")
            await self._seen(kind, applied)

    async def remove(self, kind: Kind, name: str, namespace: str = "default") -> None:
        await self.cluster.delete(kind, name, namespace)
        informer = next(each for each in self.table.informers if each.kind == kind)
        await eventually(lambda: informer.get(namespace, name) is None)

    async def ask(
        self,
        text: str = "hello",
        *,
        turn: str = "t1",
        conversation: str = "c1",
        tenant: str = "acme",
        explicit: str | None = "billing",
        channel: str = "web",
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """One message through the REST door, to the Agent `billing` unless said otherwise."""
        return await self.post(
            body(text, channel=channel, explicit=explicit),
            path=f"/apis/v1/{tenant}/chat/{conversation}/message",
            headers={"x-turn-id": turn, **(headers or {})},
        )

    async def post(
        self, content: Any, *, path: str = "/apis/v1/acme/chat/c1/message", headers: dict[str, str]
    ) -> httpx2.Response:
        return await self.http.post(path, json=content, headers=headers)

    async def events(self, text: str = "hello", **asked: Any) -> list[Event]:
        """What the server-sent door tells of one Turn."""
        response = await self.ask(text, headers={"accept": "text/event-stream"}, **asked)
        assert response.headers["content-type"].startswith("text/event-stream"), response.text
        return [event_in(frame) for frame in response.text.split("\n\n") if frame]

    async def why(self, turn: str = "t1", conversation: str = "c1", tenant: str = "acme") -> dict[str, Any]:
        response = await self.http.get(f"/apis/v1/{tenant}/chat/{conversation}/turns/{turn}")
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def asked(self, text: str = "hello", *, turn: str = "t1", conversation: str = "c1", **more: Any) -> Asked:
        content = {"explicit": "billing", **more}
        return Asked("acme", conversation, turn, Conversation.model_validate(body(text, **content)))

    def heard(self, number: int = -1) -> list[str]:
        """The messages that an Agent was asked with, the latest Turn's by default."""
        return [each.content for each in self.agents.asked[number].request.messages]

    async def _make(self, namespace: str) -> None:
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        await self.cluster.apply(manifest, NAMESPACE, manager="test")

    async def _seen(self, kind: Kind, applied: Manifest) -> None:
        metadata = applied["metadata"]
        informer = next(each for each in self.table.informers if each.kind == kind)

        def is_seen() -> bool:
            found = informer.get(metadata["namespace"], metadata["name"])
            return found is not None and found["metadata"]["resourceVersion"] == metadata["resourceVersion"]

        await eventually(is_seen)


def event_in(frame: str) -> Event:
    lines = dict(line.split(": ", 1) for line in frame.splitlines())
    return Event(int(lines["id"]), lines["event"], orjson.loads(lines["data"]))


@asynccontextmanager
async def runtime_over(
    cluster: MemoryCluster,
    store: ConversationStore,
    when_busy: WhenBusy = WhenBusy.WAIT,
    *,
    across: bool = False,
    after_head: Sequence[Stage] = (),
    record_text: str = "",
) -> AsyncIterator[Rig]:
    """
    A runtime that follows `cluster` and keeps its Turns in `store`.

    Across means that its doors are those of another worker than the one to whom Conversation c1 belongs.
    """
    clock, agents, traces = FrozenClock(), ScriptedAgents(), SeenTraces()
    router = Router(WordEncoder(), clock, after_head=after_head)
    table = RoutingTable(cluster)
    told = RecordText.parse(record_text)
    telling = Telling(table, router, store, told)

    def turns_of(worker: int) -> Turns:
        def owns(tenant: str, conversation: str) -> bool:
            return not across or owner_of(tenant, conversation, 2) == worker

        return Turns(
            table,
            router,
            agents,
            store,
            clock,
            traces=traces,
            when_busy=when_busy,
            owns=owns,
            record_text=told,
        )

    owner = owner_of("acme", "c1", 2)
    turns = turns_of(owner)
    following = asyncio.create_task(table.run())
    await table.synced()
    async with AsyncExitStack() as stack:
        taker: TakesTurns = turns
        if across:
            taker = await stack.enter_async_context(fellow_of(turns, turns_of(1 - owner)))
        app = runtime_app(taker, table, store, ids=CountingIds("turn"), telling=telling)
        transport = AsgiTransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://runtime") as http:
            try:
                yield Rig(cluster, table, turns, store, agents, clock, traces, telling, app, http)
            finally:
                await turns.aclose()
                await router.aclose()
                following.cancel()
                await asyncio.wait([following])


@asynccontextmanager
async def fellow_of(owner: Turns, turns: Turns) -> AsyncIterator[Crew]:
    """A worker with Turns of its own beside the one that owns Conversation c1."""
    number = owner_of("acme", "c1", 2)
    with tempfile.TemporaryDirectory() as folder:
        crews = [Crew(owner, number, 2, Path(folder)), Crew(turns, 1 - number, 2, Path(folder))]
        for crew in crews:
            await crew.open()
        try:
            yield crews[1]
        finally:
            await turns.aclose()
            for crew in crews:
                crew.close()


@asynccontextmanager
async def running(
    when_busy: WhenBusy = WhenBusy.WAIT,
    *,
    across: bool = False,
    after_head: Sequence[Stage] = (),
    record_text: str = "",
) -> AsyncIterator[Rig]:
    """A runtime of its own cluster and store."""
    async with (
        memory_cluster() as cluster,
        runtime_over(
            cluster,
            MemoryStore(),
            when_busy,
            across=across,
            after_head=after_head,
            record_text=record_text,
        ) as rig,
    ):
        yield rig
