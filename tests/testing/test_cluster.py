"""The cluster's twin behaves as the port says; the server behind it has its own tests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from lmos.core.resources.kinds import AGENT, CONFIG_MAP, CUSTOM_RESOURCE_DEFINITION
from lmos.ports.cluster import HistoryGone, ObjectConflict, ObjectInvalid, ObjectNotFound
from lmos.testing.cluster import memory_cluster

if TYPE_CHECKING:
    from lmos.core.resources.kinds import Manifest


def an_agent(name: str, **spec: object) -> Manifest:
    return {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Agent",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


async def test_our_kinds_are_installed() -> None:
    async with memory_cluster() as cluster:
        created = await cluster.create(an_agent("billing", id="billing"), AGENT)

        assert created["metadata"]["generation"] == 1
        assert (await cluster.get(AGENT, "billing", "default"))["spec"] == {"id": "billing"}


async def test_a_bare_cluster_knows_no_kinds_of_ours() -> None:
    async with memory_cluster(with_crds=False) as cluster:
        with pytest.raises(ObjectNotFound):
            await cluster.list(AGENT)
        assert (await cluster.list(CUSTOM_RESOURCE_DEFINITION)).items == ()


async def test_time_stands_still_until_the_test_moves_it() -> None:
    async with memory_cluster() as cluster:
        first = await cluster.create(an_agent("first"), AGENT)
        cluster.clock.advance(60)
        second = await cluster.create(an_agent("second"), AGENT)

    assert first["metadata"]["creationTimestamp"] == "2026-01-01T00:00:00Z"
    assert second["metadata"]["creationTimestamp"] == "2026-01-01T00:01:00Z"


async def test_refusals_are_the_errors_of_the_port() -> None:
    async with memory_cluster() as cluster:
        await cluster.create(an_agent("taken"), AGENT)

        with pytest.raises(ObjectConflict):
            await cluster.create(an_agent("taken"), AGENT)
        with pytest.raises(ObjectInvalid):
            await cluster.create(an_agent("Not a name"), AGENT)
        with pytest.raises(ObjectNotFound):
            await cluster.get(CONFIG_MAP, "absent", "default")


async def test_a_watch_goes_on_where_a_list_ended() -> None:
    async with memory_cluster() as cluster:
        await cluster.create(an_agent("before"), AGENT)
        listing = await cluster.list(AGENT)
        await cluster.create(an_agent("after"), AGENT)

        async with asyncio.timeout(5):
            event = await anext(aiter(cluster.watch(AGENT, listing.resource_version)))

    assert (event.type, event.object["metadata"]["name"]) == ("ADDED", "after")


async def test_a_watch_from_forgotten_times_says_so() -> None:
    async with memory_cluster() as cluster:
        with pytest.raises(HistoryGone):
            await anext(aiter(cluster.watch(AGENT, "1")))
