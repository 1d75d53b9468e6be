"""Watches over HTTP, as informers and `kubectl get -w` use them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from lmos.apiserver import storage as storage_module
from lmos.apiserver import watch
from lmos.apiserver.status import ApiError
from tests.apiserver.builders import CONFIG_MAPS, TABLE, WIDGETS, config_map, created, names, patched, widget

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx2

    from lmos.apiserver import Server, Storage


class Events:
    """The events of one watch, one after the other."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> Any:
        async with asyncio.timeout(5):
            return orjson.loads(await anext(self._lines))

    async def take(self, count: int) -> list[tuple[str, str]]:
        events = [await self.next() for _ in range(count)]
        return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]

    async def ended(self) -> bool:
        async with asyncio.timeout(5):
            return [line async for line in self._lines if line] == []


@asynccontextmanager
async def watching(
    api: httpx2.AsyncClient, path: str = WIDGETS, accept: str = "application/json", **params: str
) -> AsyncIterator[Events]:
    query = {"watch": "true", **params}
    async with api.stream("GET", path, params=query, headers={"accept": accept}) as response:
        yield Events(response)


async def version_of(api: httpx2.AsyncClient, path: str = WIDGETS) -> str:
    return str((await api.get(path)).json()["metadata"]["resourceVersion"])


async def test_changes_come_in_order(api: httpx2.AsyncClient) -> None:
    async with watching(api, resourceVersion=await version_of(api)) as events:
        await created(api, WIDGETS, widget("w"))
        await patched(api, f"{WIDGETS}/w", {"spec": {"weight": 5}})
        await api.delete(f"{WIDGETS}/w")

        assert await events.take(3) == [("ADDED", "w"), ("MODIFIED", "w"), ("DELETED", "w")]


async def test_history_is_replayed_from_an_earlier_version(api: httpx2.AsyncClient) -> None:
    version = await version_of(api)
    await created(api, WIDGETS, widget("a"))
    await created(api, WIDGETS, widget("b"))

    async with watching(api, resourceVersion=version) as events:
        assert await events.take(2) == [("ADDED", "a"), ("ADDED", "b")]


async def test_without_a_version_a_watch_begins_with_what_there_is(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("there"))

    async with watching(api) as events:
        await created(api, WIDGETS, widget("new"))

        assert await events.take(2) == [("ADDED", "there"), ("ADDED", "new")]


async def test_a_streaming_list_ends_with_a_marked_bookmark(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("there"))
    wanted = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}

    async with watching(api, allowWatchBookmarks="true", **wanted) as events:
        assert await events.take(1) == [("ADDED", "there")]
        bookmark = await events.next()

    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_a_forgotten_version_is_gone(api: httpx2.AsyncClient) -> None:
    async with watching(api, resourceVersion="1") as events:
        event = await events.next()

    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


async def test_only_selected_objects_are_seen(api: httpx2.AsyncClient) -> None:
    async with watching(api, labelSelector="team=a") as events:
        await created(api, WIDGETS, widget("other", metadata={"labels": {"team": "b"}}))
        await created(api, WIDGETS, widget("ours", metadata={"labels": {"team": "a"}}))

        assert await events.take(1) == [("ADDED", "ours")]


async def test_an_object_that_enters_or_leaves_the_selection_is_added_or_deleted(
    api: httpx2.AsyncClient,
) -> None:
    await created(api, WIDGETS, widget("w"))

    async with watching(api, labelSelector="on") as events:
        await patched(api, f"{WIDGETS}/w", {"metadata": {"labels": {"on": "1"}}})
        await patched(api, f"{WIDGETS}/w", {"metadata": {"labels": {"on": "2"}}})
        await patched(api, f"{WIDGETS}/w", {"metadata": {"labels": None}})

        assert await events.take(3) == [("ADDED", "w"), ("MODIFIED", "w"), ("DELETED", "w")]


async def test_a_write_that_changes_nothing_is_no_event(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w"))

    async with watching(api, resourceVersion=await version_of(api)) as events:
        await patched(api, f"{WIDGETS}/w", {"spec": {"weight": 10}})
        await created(api, WIDGETS, widget("next"))

        assert await events.take(1) == [("ADDED", "next")]


async def test_what_happens_elsewhere_is_not_even_a_bookmark(api: httpx2.AsyncClient) -> None:
    async with watching(api, CONFIG_MAPS, allowWatchBookmarks="true") as events:
        await created(api, "/api/v1/namespaces/kube-system/configmaps", config_map("elsewhere"))
        await asyncio.sleep(0)
        await created(api, CONFIG_MAPS, config_map("here"))

        assert await events.take(1) == [("ADDED", "here")]


async def test_one_object_can_be_watched_by_name(api: httpx2.AsyncClient) -> None:
    async with watching(api, CONFIG_MAPS, fieldSelector="metadata.name=wanted") as events:
        await created(api, CONFIG_MAPS, config_map("other"))
        await created(api, CONFIG_MAPS, config_map("wanted"))

        assert await events.take(1) == [("ADDED", "wanted")]


async def test_events_come_as_tables_on_request(api: httpx2.AsyncClient) -> None:
    async with watching(api, accept=TABLE) as events:
        await created(api, WIDGETS, widget("a", weight=1))
        await created(api, WIDGETS, widget("b", weight=2))
        first, second = (await events.next())["object"], (await events.next())["object"]

    assert first["rows"][0]["cells"][:2] == ["a", 1]
    assert first["columnDefinitions"]
    assert second["columnDefinitions"] is None


async def test_a_quiet_watch_gets_bookmarks(api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "BOOKMARK_SECONDS", 0.01)
    async with watching(api, allowWatchBookmarks="true") as events:
        event = await events.next()

    assert event["type"] == "BOOKMARK"
    assert event["object"]["metadata"]["resourceVersion"] == await version_of(api)


async def test_a_watch_ends_when_its_time_is_over(api: httpx2.AsyncClient) -> None:
    async with watching(api, timeoutSeconds="1") as events:
        assert await events.ended()


async def test_closing_the_server_ends_its_watches(api: httpx2.AsyncClient, server: Server) -> None:
    async with watching(api) as events:
        server.watches.close()

        assert await events.ended()


async def test_there_is_a_limit_to_watches(api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "WATCHES_LIMIT", 1)
    async with watching(api):
        refused = await api.get(WIDGETS, params={"watch": "true"})

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.json()["reason"] == "TooManyRequests"
    async with watching(api, timeoutSeconds="1") as events:
        assert await events.ended()


async def test_a_reader_that_falls_behind_is_told_to_list_again_and_nobody_else(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_module, "HISTORY_EVENTS", 3)
    watches = watch.Watches(storage)
    fast, slow = (watches.follow("things", watch.Selection(), storage.version) for _ in range(2))

    seen = 0
    for number in range(5):
        metadata = {"name": f"n{number}", "uid": str(number)}
        storage.put("things", {"apiVersion": "v1", "kind": "Thing", "metadata": metadata})
        seen += len((await anext(fast)).changes)

    assert seen == 5
    with pytest.raises(ApiError, match="too old"):
        await anext(slow)
    await fast.aclose()


async def test_a_client_that_does_not_read_hurts_nobody_else(
    api: httpx2.AsyncClient, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_module, "HISTORY_EVENTS", 200)
    version = await version_of(api)
    async with watching(api, resourceVersion=version) as slow, watching(api, resourceVersion=version) as fast:
        for number in range(400):
            metadata = {"uid": f"uid-{number}", "namespace": "default"}
            server.storage.put("widgets.shop.test", widget(f"w{number}", metadata=metadata))
            assert (await fast.next())["object"]["metadata"]["name"] == f"w{number}"

        seen = [orjson.loads(line) async for line in slow.response.aiter_lines()]

    assert (len(seen) < 400, seen[-1]["type"], seen[-1]["object"]["code"]) == (True, "ERROR", 410)


async def test_many_watchers_all_see_everything(api: httpx2.AsyncClient) -> None:
    async def watcher() -> list[tuple[str, str]]:
        async with watching(api, resourceVersion=version) as events:
            return await events.take(30)

    version = await version_of(api)
    watchers = [asyncio.create_task(watcher()) for _ in range(10)]
    for number in range(30):
        await created(api, WIDGETS, widget(f"w{number:02}"))

    expected = [("ADDED", name) for name in await names(api, WIDGETS)]
    assert [await task for task in watchers] == [expected] * 10
