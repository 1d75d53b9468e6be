"""However often a watch breaks, an informer ends with what a fresh list says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from lmos.core.resources.kinds import CONFIG_MAP
from lmos.ports.cluster import ClusterUnavailable, HistoryGone
from lmos.ports.informer import Informer, Key
from lmos.testing.cluster import memory_cluster
from lmos.testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.resources.kinds import Kind, Manifest
    from lmos.ports.cluster import Cluster, Listing, WatchEvent

NAMES = ("a", "b", "c")

writes = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["1", "2", None])), max_size=12)
breaks = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["end", "lost", "gone"])), max_size=6)


class Breaking:
    """A cluster whose watches break after so many events, one way or another, until the script is over."""

    def __init__(self, cluster: Cluster, script: list[tuple[int, str]]) -> None:
        self._cluster = cluster
        self._script = iter(script)

    async def list(self, kind: Kind, namespace: str = "", labels: str = "") -> Listing:
        return await self._cluster.list(kind, namespace, labels)

    async def watch(
        self, kind: Kind, resource_version: str, namespace: str = "", labels: str = ""
    ) -> AsyncIterator[WatchEvent]:
        left, way = next(self._script, (-1, ""))
        async for event in self._cluster.watch(kind, resource_version, namespace, labels):
            if left == 0:
                break
            left -= 1
            yield event
        if way == "lost":
            raise ClusterUnavailable("the line broke")
        if way == "gone":
            raise HistoryGone("forgotten")


def config_map(name: str, value: str) -> Manifest:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}


@settings(max_examples=25, deadline=None)
@given(writes, breaks)
def test_the_store_equals_a_fresh_list(
    history: list[tuple[str, str | None]], script: list[tuple[int, str]]
) -> None:
    asyncio.run(follow(history, script))


async def follow(history: list[tuple[str, str | None]], script: list[tuple[int, str]]) -> None:
    async with memory_cluster(with_crds=False) as cluster:
        informer = Informer(Breaking(cluster, script), CONFIG_MAP)  # type: ignore[arg-type] # it only reads
        running = asyncio.create_task(informer.run())
        present: set[str] = set()
        for name, value in history:
            if value is not None:
                await cluster.apply(config_map(name, value), CONFIG_MAP, manager="test")
                present.add(name)
            elif name in present:
                await cluster.delete(CONFIG_MAP, name, "default")
                present.discard(name)
            await asyncio.sleep(0)
        fresh = {
            Key("default", item["metadata"]["name"]): item for item in (await cluster.list(CONFIG_MAP)).items
        }

        await eventually(
            lambda: {key: informer.get(*key) for key in fresh} == fresh and len(informer) == len(fresh)
        )
        running.cancel()
        await asyncio.wait([running])
