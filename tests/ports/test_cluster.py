"""What every `Cluster` does: in this process, and over a socket."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.resources.kinds import AGENT, CONFIG_MAP, NAMESPACE, Kind
from lmos.ports.cluster import (
    HistoryGone,
    ObjectConflict,
    ObjectInvalid,
    ObjectNotFound,
    UnknownFields,
    WatchEvent,
)
from lmos.testing.cluster import memory_cluster
from tests.adapters.kubernetes.serving import served_api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from lmos.core.resources.kinds import Manifest
    from lmos.ports.cluster import Cluster

NOBODYS = Kind("example.com", "v1", "Nothing", "nothings")


@pytest.fixture(params=["in process", "over a socket"])
async def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cluster]:
    if request.param == "in process":
        async with memory_cluster() as in_memory:
            yield in_memory
    else:
        async with served_api(tmp_path) as (_, served):
            yield served


def config(name: str, namespace: str = "default", **data: str) -> Manifest:
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def agent(name: str, **spec: Any) -> Manifest:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "lmos.eclipse/v1", "kind": "Agent", "metadata": metadata, "spec": spec}


async def first_events(cluster: Cluster, version: str, count: int, labels: str = "") -> list[WatchEvent]:
    events: list[WatchEvent] = []
    async with asyncio.timeout(5), aclosing(cluster.watch(CONFIG_MAP, version, "default", labels)) as watch:  # type: ignore[type-var] # it is a generator
        async for event in watch:
            events.append(event)
            if len(events) == count:
                break
    return events


async def test_a_created_object_is_read_back(cluster: Cluster) -> None:
    created = await cluster.create(config("one", colour="blue"), CONFIG_MAP)

    assert await cluster.get(CONFIG_MAP, "one", "default") == created
    assert created["metadata"]["uid"]


async def test_a_taken_name_is_a_conflict(cluster: Cluster) -> None:
    await cluster.create(config("one"), CONFIG_MAP)

    with pytest.raises(ObjectConflict):
        await cluster.create(config("one"), CONFIG_MAP)


async def test_what_is_not_there_is_not_found(cluster: Cluster) -> None:
    with pytest.raises(ObjectNotFound):
        await cluster.get(CONFIG_MAP, "absent", "default")
    with pytest.raises(ObjectNotFound):
        await cluster.patch(CONFIG_MAP, "absent", "default", {"data": {}})
    with pytest.raises(ObjectNotFound):
        await cluster.delete(CONFIG_MAP, "absent", "default")
    with pytest.raises(ObjectNotFound):
        await cluster.list(NOBODYS)


async def test_a_list_is_complete_however_many_there_are(cluster: Cluster) -> None:
    for number in range(501):
        await cluster.create(config(f"each-{number:03}"), CONFIG_MAP)

    listing = await cluster.list(CONFIG_MAP, "default")

    assert [each["metadata"]["name"] for each in listing.items] == [
        f"each-{number:03}" for number in range(501)
    ]
    assert {(each["apiVersion"], each["kind"]) for each in listing.items} == {("v1", "ConfigMap")}


async def test_a_list_is_of_one_namespace_or_of_all(cluster: Cluster) -> None:
    await cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}, NAMESPACE)
    await cluster.create(config("here"), CONFIG_MAP)
    await cluster.create(config("there", "shop"), CONFIG_MAP)

    async def names(namespace: str) -> list[str]:
        return [each["metadata"]["name"] for each in (await cluster.list(CONFIG_MAP, namespace)).items]

    assert await names("default") == ["here"]
    assert await names("shop") == ["there"]
    assert await names("") == ["here", "there"]


async def test_labels_select(cluster: Cluster) -> None:
    red = config("red")
    red["metadata"]["labels"] = {"colour": "red"}
    await cluster.create(red, CONFIG_MAP)
    await cluster.create(config("plain"), CONFIG_MAP)

    listing = await cluster.list(CONFIG_MAP, labels="colour=red")

    assert [each["metadata"]["name"] for each in listing.items] == ["red"]


async def test_a_stale_replacement_is_a_conflict(cluster: Cluster) -> None:
    first = await cluster.create(config("one", colour="blue"), CONFIG_MAP)
    second = await cluster.replace(first | {"data": {"colour": "red"}}, CONFIG_MAP)

    assert second["data"] == {"colour": "red"}
    with pytest.raises(ObjectConflict) as caught:
        await cluster.replace(first | {"data": {"colour": "green"}}, CONFIG_MAP)
    assert caught.value.hint


async def test_a_manager_applies_its_own_fields_and_takes_them_back(cluster: Cluster) -> None:
    await cluster.apply(config("one", mine="1", ours="1"), CONFIG_MAP, manager="me")
    await cluster.apply(config("one", theirs="2"), CONFIG_MAP, manager="them")
    after = await cluster.apply(config("one", ours="3"), CONFIG_MAP, manager="me")

    assert after["data"] == {"ours": "3", "theirs": "2"}


async def test_applying_the_same_again_changes_nothing(cluster: Cluster) -> None:
    first = await cluster.apply(config("one", colour="blue"), CONFIG_MAP, manager="me")
    second = await cluster.apply(config("one", colour="blue"), CONFIG_MAP, manager="me")

    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_a_dry_run_leaves_no_trace(cluster: Cluster) -> None:
    await cluster.apply(config("one"), CONFIG_MAP, manager="me", dry_run=True)

    assert (await cluster.list(CONFIG_MAP, "default")).items == ()


async def test_the_status_is_written_apart(cluster: Cluster) -> None:
    await cluster.create(agent("billing", id="billing"), AGENT)
    status = {"status": {"observedGeneration": 1}}
    written = await cluster.apply(agent("billing") | status, AGENT, manager="me", subresource="status")
    patched = await cluster.patch(
        AGENT, "billing", "default", {"status": {"observedGeneration": 2}}, "status"
    )

    assert written["spec"] == {"id": "billing"}
    assert written["metadata"]["generation"] == 1
    assert patched["status"] == {"observedGeneration": 2}


async def test_unknown_fields_are_dropped_or_refused_by_name(cluster: Cluster) -> None:
    typo = agent("billing", id="billing", suportedChannels=["web"])
    dropped = await cluster.create(typo, AGENT)

    assert "suportedChannels" not in dropped["spec"]
    with pytest.raises(UnknownFields, match=r"spec\.suportedChannels") as caught:
        await cluster.apply(typo, AGENT, manager="me", strict=True)
    assert caught.value.code == "UnknownField"


async def test_what_breaks_the_schema_is_invalid_and_named(cluster: Cluster) -> None:
    with pytest.raises(ObjectInvalid, match="supportedChannels"):
        await cluster.create(agent("billing", supportedChannels="web"), AGENT)


@pytest.mark.parametrize("name", ["a/b", "..", "a\nb", "a?b", "a#b", "a%2fb", "Ünique", ""])
async def test_no_name_becomes_another_path(cluster: Cluster, name: str) -> None:
    await cluster.create(config("a"), CONFIG_MAP)

    with pytest.raises((ObjectInvalid, ObjectNotFound)):
        await cluster.apply(config(name), CONFIG_MAP, manager="me")
    with pytest.raises((ObjectInvalid, ObjectNotFound)):
        await cluster.delete(CONFIG_MAP, name or "-", "default")
    assert len((await cluster.list(CONFIG_MAP, "default")).items) == 1


async def test_only_the_incarnation_that_is_meant_is_deleted(cluster: Cluster) -> None:
    first = await cluster.create(config("one"), CONFIG_MAP)
    await cluster.delete(CONFIG_MAP, "one", "default", uid=first["metadata"]["uid"])
    second = await cluster.create(config("one"), CONFIG_MAP)

    with pytest.raises(ObjectConflict):
        await cluster.delete(CONFIG_MAP, "one", "default", uid=first["metadata"]["uid"])
    assert await cluster.get(CONFIG_MAP, "one", "default") == second


async def test_a_watch_tells_every_change_after_its_version_in_order(cluster: Cluster) -> None:
    await cluster.create(config("before"), CONFIG_MAP)
    listing = await cluster.list(CONFIG_MAP, "default")
    created = await cluster.create(config("one", colour="blue"), CONFIG_MAP)
    await cluster.replace(created | {"data": {"colour": "red"}}, CONFIG_MAP)
    await cluster.delete(CONFIG_MAP, "one", "default")

    events = await first_events(cluster, listing.resource_version, 3)

    assert [event.type for event in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert {event.object["metadata"]["name"] for event in events} == {"one"}


async def test_an_object_that_leaves_a_selection_is_deleted_from_its_watch(cluster: Cluster) -> None:
    listing = await cluster.list(CONFIG_MAP, "default")
    labelled = config("one")
    labelled["metadata"]["labels"] = {"colour": "red"}
    await cluster.create(labelled, CONFIG_MAP)
    await cluster.patch(CONFIG_MAP, "one", "default", {"metadata": {"labels": {"colour": "blue"}}})

    events = await first_events(cluster, listing.resource_version, 2, "colour=red")

    assert [event.type for event in events] == ["ADDED", "DELETED"]


async def test_a_forgotten_version_says_that_history_is_gone(cluster: Cluster) -> None:
    with pytest.raises(HistoryGone):
        await first_events(cluster, "1", 1)
