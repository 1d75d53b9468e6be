"""The REST API of the operator, as the original's clients know it (contract §1.8)."""

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from lmos.core.resources.kinds import CHANNEL, CHANNEL_ROUTING
from lmos.operator.http import operator_app
from lmos.operator.view import View
from lmos.testing.cluster import memory_cluster
from lmos.testing.waiting import eventually
from tests.operator.builders import World, agent, channel, resolved, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHANNELS = "/apis/v1/tenants/acme/channels"
CANARY = {"subset": "canary"}


@asynccontextmanager
async def door(*given: Any) -> "AsyncIterator[tuple[httpx2.AsyncClient, World]]":
    """A client of the operator over a cluster with these objects."""
    async with world(*given) as it, _client(it.operator.view) as client:
        yield client, it


def _client(view: View) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(operator_app(view))
    return httpx2.AsyncClient(transport=transport, base_url="http://operator")


async def test_a_channel_is_answered_as_it_stands_in_the_cluster_without_managed_fields() -> None:
    async with door(agent("billing", "view-bill 1.0.0"), channel("acme-web", "view-bill ^1")) as (client, it):
        await it.seen(CHANNEL, "acme-web", resolved)
        answer = await client.get(f"{CHANNELS}/web")
        stored = await it.seen(CHANNEL, "acme-web")

    assert answer.status_code == 200
    said = answer.json()
    del stored["metadata"]["managedFields"]
    assert said == stored
    assert (said["apiVersion"], said["kind"]) == ("lmos.eclipse/v1", "Channel")


async def test_a_routing_is_answered_without_managed_fields_and_owners() -> None:
    async with door(agent("billing", "view-bill 1.0.0"), channel("acme-web", "view-bill ^1")) as (client, it):
        await it.seen(CHANNEL, "acme-web", resolved)
        answer = await client.get(f"{CHANNELS}/web/routing")
        stored = await it.seen(CHANNEL_ROUTING, "acme-web")

    del stored["metadata"]["managedFields"], stored["metadata"]["ownerReferences"]
    assert answer.json() == stored


async def test_all_channels_of_a_tenant_are_listed_by_subset_and_namespace() -> None:
    given = (
        channel("acme-web"),
        channel("acme-ivr", labels={"channel": "ivr"}),
        channel("acme-web-canary", labels=CANARY),
        channel("globex-web", labels={"tenant": "globex"}),
    )
    async with door(*given) as (client, _):

        async def names(**headers: str) -> list[str]:
            answer = await client.get(CHANNELS, headers={k.replace("_", "-"): v for k, v in headers.items()})
            return sorted(each["metadata"]["name"] for each in answer.json())

        assert await names() == ["acme-ivr", "acme-web"]
        assert await names(x_subset="") == ["acme-ivr", "acme-web"]
        assert await names(x_subset="canary") == ["acme-web-canary"]
        assert await names(x_namespace="elsewhere") == []


@pytest.mark.parametrize("path", ["nowhere", "nowhere/routing"])
async def test_what_is_not_there_is_404_with_an_empty_body(path: str) -> None:
    async with door() as (client, _):
        answer = await client.get(f"{CHANNELS}/{path}")

    assert (answer.status_code, answer.content) == (404, b"")


async def test_a_channel_without_a_subset_is_stable() -> None:
    async with door(channel("acme-web", labels={"subset": ""})) as (client, _):
        answer = await client.get(f"{CHANNELS}/web", headers={"x-subset": "stable"})

    assert answer.json()["metadata"]["name"] == "acme-web"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("POST", CHANNELS, 405)])
async def test_an_unknown_path_or_method_is_a_problem_document(method: str, path: str, status: int) -> None:
    async with door() as (client, _):
        answer = await client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"]
    assert answer.json()["hint"]


async def test_it_is_ready_once_everything_has_been_read() -> None:
    async with memory_cluster() as cluster, _client(View(cluster)) as client:
        early = await client.get("/health/readiness")
        alive = await client.get("/health")
    async with door() as (client, _):
        later = await client.get("/health/readiness")

    assert (early.status_code, early.json()["status"]) == (503, "DOWN")
    assert "channels.lmos.eclipse" in early.json()["waitingFor"]
    assert alive.json() == {"status": "UP"}
    assert (later.status_code, later.json()["status"]) == (200, "UP")


async def test_it_is_not_ready_while_the_cluster_cannot_be_followed() -> None:
    async with door() as (client, it):
        it.cluster.server.catalogue = type(it.cluster.server.catalogue)(())
        it.cluster.server.watches.close()

        async def is_down() -> bool:
            return (await client.get("/health/readiness")).status_code == 503

        await eventually(is_down)
