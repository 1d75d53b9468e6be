"""The client over a socket: servers that are away, dead, foreign or suspicious."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import yaml

from lmos.adapters.kubernetes import connect
from lmos.adapters.kubernetes.connect import NoKubeconfig
from lmos.core.resources.kinds import AGENT, CHANNEL, CONFIG_MAP
from lmos.operator import Operator
from lmos.ports.cluster import ClusterForbidden, ClusterUnavailable
from lmos.ports.informer import Informer
from lmos.testing.clock import FrozenClock
from lmos.testing.waiting import eventually
from tests.adapters.agents.wayward import raw
from tests.adapters.kubernetes.serving import ServedApi, served_api
from tests.operator.builders import ScriptedCards, agent, channel, resolved

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from lmos.adapters.kubernetes import KubernetesCluster


def named(folder: Path, port: int) -> Path:
    """A kubeconfig for whatever listens at `port`."""
    config = folder / "named"
    cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}
    context = {"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}
    users = [{"name": "u", "user": {"token": "any"}}]
    document = {"clusters": [cluster], "users": users, "contexts": [context], "current-context": "x"}
    config.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", **document}))
    return config


@asynccontextmanager
async def answering(
    folder: Path, answer: bytes, *, dead_watch_seconds: float = 30
) -> AsyncIterator[KubernetesCluster]:
    """A client of a server that answers everything with the same bytes, then says nothing more."""
    over = asyncio.Event()

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if b"chunked" in answer:
            await over.wait()

    async with (
        raw(say) as port,
        connect(named(folder, port), dead_watch_seconds=dead_watch_seconds) as cluster,
    ):
        yield cluster
        over.set()


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


async def test_an_address_where_nobody_listens_is_unavailable(tmp_path: Path) -> None:
    async with connect(named(tmp_path, 1)) as cluster:
        with pytest.raises(ClusterUnavailable, match=r"http://127\.0\.0\.1:1 does not answer") as caught:
            await cluster.list(AGENT)
        with pytest.raises(ClusterUnavailable):
            await anext(aiter(cluster.watch(AGENT, "1")))

    assert "lmos up" in caught.value.hint


@pytest.mark.parametrize("body", [b"<html>Welcome to nginx!</html>", b"[]", b"", b"null"])
async def test_a_server_that_is_no_kubernetes_api_is_told_apart(tmp_path: Path, body: bytes) -> None:
    async with answering(tmp_path, http("200 OK", body)) as cluster:
        with pytest.raises(ClusterUnavailable, match="is no Kubernetes API"):
            await cluster.get(AGENT, "billing", "default")


async def test_an_error_that_is_no_status_still_has_a_message(tmp_path: Path) -> None:
    async with answering(tmp_path, http("502 Bad Gateway", b"<html>")) as cluster:
        with pytest.raises(ClusterUnavailable, match="HTTP 502"):
            await cluster.list(AGENT)


async def test_a_silent_watch_counts_as_dead(tmp_path: Path) -> None:
    headers = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with answering(tmp_path, headers, dead_watch_seconds=0.1) as cluster:
        with pytest.raises(ClusterUnavailable, match="ReadTimeout"):
            await anext(aiter(cluster.watch(AGENT, "1")))


async def test_half_a_line_at_the_end_of_a_watch_is_a_broken_watch(tmp_path: Path) -> None:
    half = b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"type":"ADDED","obj'
    async with answering(tmp_path, half) as cluster:
        with pytest.raises(ClusterUnavailable, match="broke"):
            await anext(aiter(cluster.watch(AGENT, "1")))


async def test_without_the_token_nobody_reads_or_writes(tmp_path: Path) -> None:
    async with served_api(tmp_path) as (api, _):
        text = api.kubeconfig.read_text()
        api.kubeconfig.write_text(text.replace("only-for-tests", "guessed"))
        async with connect(api.kubeconfig) as stranger:
            with pytest.raises(ClusterForbidden):
                await stranger.list(AGENT)
            with pytest.raises(ClusterForbidden):
                await stranger.create(agent("mine"), AGENT)
            with pytest.raises(ClusterForbidden) as caught:
                await anext(aiter(stranger.watch(AGENT, "1")))

    assert "kubeconfig" in caught.value.hint


async def test_the_namespace_of_the_context_is_the_one_meant(tmp_path: Path) -> None:
    async with connect(named(tmp_path, 1)) as cluster:
        assert (cluster.namespace, cluster.url) == ("shop", "http://127.0.0.1:1")


@pytest.mark.parametrize(
    "content", ["", "not: [yaml", "apiVersion: v1\nkind: Config\n", "[]", "\x00", "contexts: 5"]
)
def test_a_useless_kubeconfig_is_reported_with_its_place(tmp_path: Path, content: str) -> None:
    config = tmp_path / "config"
    config.write_text(content)

    with pytest.raises(NoKubeconfig, match=str(config)) as caught:
        connect(config)
    assert "lmos up" in caught.value.hint


def test_no_kubeconfig_at_all_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", os.devnull)

    with pytest.raises(NoKubeconfig):
        connect()


async def test_an_informer_finds_its_way_back_to_a_server_that_was_away(tmp_path: Path) -> None:
    async with served_api(tmp_path, tmp_path / "data.db") as (api, cluster):
        informer = Informer(cluster, CONFIG_MAP)
        running = asyncio.create_task(informer.run())
        try:
            await eventually(informer.synced.is_set)
            await api.stop()
            await eventually(lambda: informer.last_error)
            await api.start()
            one = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "one", "namespace": "default"},
            }
            await cluster.create(one, CONFIG_MAP)
            await eventually(lambda: informer.get("default", "one"))

            assert informer.last_error is None
        finally:
            running.cancel()
            await asyncio.wait([running])


async def test_an_operator_goes_on_when_the_server_comes_back_without_its_objects(tmp_path: Path) -> None:
    async with served_api(tmp_path) as (api, cluster):
        given = agent("billing", "view-bill 1.0.0"), channel("acme-web", "view-bill ^1.0.0")
        operator = Operator(cluster, ScriptedCards(), FrozenClock())
        running = asyncio.create_task(operator.run())
        try:
            await _applied(cluster, *given)
            await _resolved(cluster)
            await _restarted(api, cluster)
            await _applied(cluster, *given)
            await _resolved(cluster)
        finally:
            running.cancel()
            await asyncio.wait([running])


async def _applied(cluster: KubernetesCluster, billing: dict[str, object], door: dict[str, object]) -> None:
    await cluster.apply(billing, AGENT, manager="tests")
    await cluster.apply(door, CHANNEL, manager="tests")


async def _resolved(cluster: KubernetesCluster) -> None:
    async def is_resolved() -> bool:
        return resolved(await cluster.get(CHANNEL, "acme-web", "default"))

    await eventually(is_resolved)


async def _restarted(api: ServedApi, cluster: KubernetesCluster) -> None:
    await api.stop()
    await api.start()
    await api.install(cluster)
