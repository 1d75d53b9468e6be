"""A live copy: complete, in order, and right again after whatever happened to the server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from lmos.core.resources.kinds import CONFIG_MAP
from lmos.ports.cluster import ClusterUnavailable, HistoryGone, Listing, WatchEvent
from lmos.ports.informer import Informer, Observed
from lmos.testing.cluster import memory_cluster
from lmos.testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.resources.kinds import Kind, Manifest
    from lmos.ports.cluster import Cluster


def config(name: str, version: int = 0, *, uid: str = "u", **data: str) -> Manifest:
    metadata: dict[str, Any] = {"name": name, "namespace": "default"}
    if version:
        metadata |= {"resourceVersion": str(version), "uid": uid}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


class ScriptedCluster:
    """Lists and watches what it was told to, in turn, then nothing more happens."""

    def __init__(self, *steps: Listing | list[WatchEvent] | Exception) -> None:
        self._steps = list(steps)
        self.listed = 0
        self.watched: list[str] = []

    async def list(self, _kind: Kind, _namespace: str = "", _labels: str = "") -> Listing:
        self.listed += 1
        listing = await self._next()
        assert isinstance(listing, Listing)
        return listing

    async def watch(
        self, _kind: Kind, resource_version: str, _namespace: str = "", _labels: str = ""
    ) -> AsyncIterator[WatchEvent]:
        self.watched.append(resource_version)
        for event in await self._next():
            yield event

    async def _next(self) -> Any:
        if not self._steps:
            await asyncio.Event().wait()
        step = self._steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


@asynccontextmanager
async def following(cluster: Any) -> AsyncIterator[tuple[Informer, list[Observed]]]:
    """A running informer of ConfigMaps, and what its handler was told."""
    informer = Informer(cluster, CONFIG_MAP)
    told: list[Observed] = []
    informer.on_change(told.append)
    running = asyncio.create_task(informer.run())
    try:
        await eventually(informer.synced.is_set)
        yield informer, told
    finally:
        running.cancel()
        await asyncio.wait([running])


def names(informer: Informer) -> list[str]:
    return sorted(each["metadata"]["name"] for each in informer)


def changes(told: list[Observed]) -> list[str]:
    signs = {(False, True): "+", (True, True): "~", (True, False): "-"}
    return [f"{signs[seen.before is not None, seen.after is not None]}{seen.key.name}" for seen in told]


async def test_it_holds_what_is_there_and_follows_what_happens() -> None:
    async with memory_cluster() as cluster:
        await cluster.create(config("one"), CONFIG_MAP)
        async with following(cluster) as (informer, told):
            two = await cluster.create(config("two"), CONFIG_MAP)
            await cluster.replace(two | {"data": {"colour": "red"}}, CONFIG_MAP)
            await cluster.delete(CONFIG_MAP, "one", "default")
            await eventually(lambda: len(told) == 4)

            assert changes(told) == ["+one", "+two", "~two", "-one"]
            assert names(informer) == ["two"]
            assert [each["metadata"]["name"] for each in informer.within("default")] == ["two"]


async def test_forgotten_history_is_made_up_for_by_a_list() -> None:
    cluster = ScriptedCluster(
        Listing((config("one", 5), config("two", 6)), "6"),
        HistoryGone("too old"),
        Listing((config("two", 9, colour="red"), config("three", 8)), "9"),
    )
    async with following(cluster) as (informer, told):
        await eventually(lambda: cluster.watched == ["6", "9"])

        assert changes(told) == ["+one", "+two", "-one", "~two", "+three"]
        assert names(informer) == ["three", "two"]


async def test_a_watch_that_ends_goes_on_where_it_was() -> None:
    bookmark = WatchEvent("BOOKMARK", {"metadata": {"resourceVersion": "20"}})
    cluster = ScriptedCluster(Listing((), "6"), [WatchEvent("ADDED", config("one", 8)), bookmark], [])
    async with following(cluster) as (_, told):
        await eventually(lambda: cluster.watched == ["6", "20", "20"])

        assert changes(told) == ["+one"]
        assert cluster.listed == 1


async def test_after_a_failure_everything_is_listed_again_and_the_error_is_over() -> None:
    cluster = ScriptedCluster(
        Listing((config("one", 5),), "6"),
        ClusterUnavailable("The watch broke."),
        ClusterUnavailable("Nobody answers."),
        Listing((config("two", 7),), "7"),
    )
    async with following(cluster) as (informer, told):
        failed = await eventually(lambda: informer.last_error)
        await eventually(lambda: cluster.watched == ["6", "7"])

        assert isinstance(failed, ClusterUnavailable)
        assert informer.last_error is None
        assert changes(told) == ["+one", "-one", "+two"]


async def test_the_objects_of_a_server_that_starts_afresh_count_whatever_their_numbers() -> None:
    cluster = ScriptedCluster(
        Listing((config("one", 900, uid="old", colour="red"),), "900"),
        ClusterUnavailable("The server is gone."),
        Listing((config("one", 7, uid="new", colour="blue"),), "7"),
    )
    async with following(cluster) as (informer, _):
        await eventually(lambda: cluster.watched == ["900", "7"])

        (one,) = informer
        assert one["data"] == {"colour": "blue"}


async def test_what_we_wrote_is_known_before_the_watch_tells_it_and_told_once() -> None:
    async with memory_cluster() as cluster, following(cluster) as (informer, told):
        written = await cluster.create(config("one"), CONFIG_MAP)
        informer.learn(written)

        assert names(informer) == ["one"]
        await cluster.create(config("two"), CONFIG_MAP)
        await eventually(lambda: "+two" in changes(told))
        assert changes(told) == ["+one", "+two"]


async def test_an_old_state_does_not_undo_a_newer_one() -> None:
    async with memory_cluster() as cluster, following(cluster) as (informer, _):
        first = await cluster.create(config("one", colour="red"), CONFIG_MAP)
        second = await cluster.replace(first | {"data": {"colour": "blue"}}, CONFIG_MAP)
        await eventually(lambda: informer.get("default", "one") == second)
        informer.learn(first)

        assert informer.get("default", "one") == second


async def test_what_was_written_and_deleted_again_does_not_come_back() -> None:
    async with memory_cluster() as cluster, following(cluster) as (informer, told):
        written = await cluster.create(config("one"), CONFIG_MAP)
        await cluster.delete(CONFIG_MAP, "one", "default")
        await eventually(lambda: changes(told) == ["+one", "-one"])
        informer.learn(written)

        assert names(informer) == []


async def test_a_server_that_ends_every_watch_at_once_is_not_hurried() -> None:
    async with memory_cluster() as cluster:
        cluster.server.watches.close()
        counting = CountingWatches(cluster)
        async with following(counting):
            await eventually(lambda: counting.watched >= 2)
            loop = asyncio.get_running_loop()
            before, began = counting.watched, loop.time()
            await eventually(lambda: counting.watched >= before + 3)

            assert loop.time() - began > 0.2


class CountingWatches:
    """A cluster that counts how often it is watched."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.watched = 0
        self.list = cluster.list

    def watch(self, kind: Kind, resource_version: str, *where: str) -> AsyncIterator[WatchEvent]:
        self.watched += 1
        return self._cluster.watch(kind, resource_version, *where)
