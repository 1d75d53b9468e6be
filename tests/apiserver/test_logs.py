"""Logs of Pods: which part is asked for, what is refused, and when a follower's stream ends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from lmos.adapters.kubernetes.inprocess import AsgiTransport
from lmos.apiserver import app
from lmos.ports.pod_logs import LogRequest, NoLog
from tests.apiserver.builders import created, pod

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.apiserver import Server
    from lmos.core.resources.kinds import Manifest

PODS = "/api/v1/namespaces/default/pods"


class ScriptedLogs:
    """Prints two pieces, and when followed waits for a third that never comes."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, LogRequest]] = []
        self.followers = 0

    async def read(self, pod: Manifest, request: LogRequest) -> AsyncIterator[bytes]:
        name = pod["metadata"]["name"]
        self.asked.append((name, request))
        if request.previous:
            raise NoLog(f'previous terminated container "main" in pod "{name}" not found')
        yield b"one\n"
        yield b"two\n"
        if request.follow:
            self.followers += 1
            try:
                await asyncio.Event().wait()
            finally:
                self.followers -= 1


@pytest.fixture
def logs() -> ScriptedLogs:
    return ScriptedLogs()


@pytest.fixture
async def client(server: Server, logs: ScriptedLogs) -> AsyncIterator[httpx2.AsyncClient]:
    transport = AsgiTransport(app(server, token="t", pod_logs=logs))
    headers = {"authorization": "Bearer t"}
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://localhost", headers=headers
    ) as client:
        await created(client, PODS, pod("p"))
        two = [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]
        await created(client, PODS, pod("two", containers=two))
        yield client


async def test_a_log_is_plain_text(client: httpx2.AsyncClient) -> None:
    response = await client.get(f"{PODS}/p/log")

    assert (response.status_code, response.headers["content-type"]) == (200, "text/plain")
    assert response.text == "one\ntwo\n"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, LogRequest()),
        ({"container": "main", "timestamps": "true"}, LogRequest(timestamps=True)),
        ({"tailLines": "0", "limitBytes": "9"}, LogRequest(tail_lines=0, limit_bytes=9)),
        ({"sinceSeconds": "10"}, LogRequest(since=datetime(2025, 12, 31, 23, 59, 50, tzinfo=UTC))),
        ({"sinceTime": "2025-12-31T00:00:00Z"}, LogRequest(since=datetime(2025, 12, 31, tzinfo=UTC))),
    ],
)
async def test_the_part_that_is_wanted_is_asked_for(
    client: httpx2.AsyncClient, logs: ScriptedLogs, params: dict[str, str], expected: LogRequest
) -> None:
    await client.get(f"{PODS}/p/log", params=params)

    assert logs.asked == [("p", expected)]


@pytest.mark.parametrize(
    ("path", "params", "code", "message"),
    [
        ("absent/log", {}, 404, 'pods "absent" not found'),
        ("p/log", {"container": "x"}, 400, "container x is not valid for pod p"),
        ("two/log", {}, 400, "a container name must be specified for pod two, choose one of: [a b]"),
        ("p/log", {"previous": "true"}, 400, 'previous terminated container "main" in pod "p" not found'),
        ("p/log", {"tailLines": "x"}, 400, 'parsing "x": invalid syntax'),
        (
            "p/log",
            {"tailLines": "-1"},
            422,
            "tailLines: Invalid value: -1: must be greater than or equal to 0",
        ),
        ("p/log", {"limitBytes": "0"}, 422, "limitBytes: Invalid value: 0: must be greater than 0"),
        ("p/log", {"sinceSeconds": "0"}, 422, "sinceSeconds: Invalid value: 0: must be greater than 0"),
        ("p/log", {"sinceTime": "yesterday"}, 400, "sinceTime 'yesterday' is no time"),
        ("p/log", {"sinceTime": "2026-01-01T00:00:00"}, 400, "lacks its time zone"),
        (
            "p/log",
            {"sinceTime": "2026-01-01T00:00:00Z", "sinceSeconds": "1"},
            422,
            "at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
    ],
)
async def test_what_is_not_there_or_makes_no_sense_is_refused(
    client: httpx2.AsyncClient, path: str, params: dict[str, str], code: int, message: str
) -> None:
    response = await client.get(f"{PODS}/{path}", params=params)

    assert (response.status_code, response.json()["code"]) == (code, code)
    assert message in response.json()["message"]


async def test_without_anybody_who_runs_pods_there_are_no_logs(api: httpx2.AsyncClient) -> None:
    await created(api, PODS, pod("p"))

    response = await api.get(f"{PODS}/p/log")

    assert (response.status_code, response.json()["reason"]) == (503, "ServiceUnavailable")
    assert "nothing runs Pods here" in response.json()["message"]


async def test_a_log_is_only_read(client: httpx2.AsyncClient) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await client.request(method, f"{PODS}/p/log")).status_code == 405


async def test_discovery_says_that_there_are_logs(client: httpx2.AsyncClient) -> None:
    listed: list[Any] = (await client.get("/api/v1")).json()["resources"]

    (log,) = (item for item in listed if item["name"] == "pods/log")
    assert (log["kind"], log["verbs"]) == ("Pod", ["get"])


async def test_a_follower_that_leaves_ends_the_stream(client: httpx2.AsyncClient, logs: ScriptedLogs) -> None:
    async with client.stream("GET", f"{PODS}/p/log", params={"follow": "true"}) as response:
        lines = response.aiter_lines()
        assert [await anext(lines), await anext(lines)] == ["one", "two"]

    assert logs.followers == 0


async def test_a_server_that_stops_ends_the_stream(
    client: httpx2.AsyncClient, server: Server, logs: ScriptedLogs
) -> None:
    async with client.stream("GET", f"{PODS}/p/log", params={"follow": "true"}) as response:
        lines = response.aiter_lines()
        await anext(lines)
        server.watches.close()

        assert [line async for line in lines] == ["two"]
    assert logs.followers == 0
