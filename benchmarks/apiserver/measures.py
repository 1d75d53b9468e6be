"""What is measured of a running API server; each function is one round."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import TYPE_CHECKING

import orjson

from benchmarks.apiserver.client import Connection
from lmos.core.resources import crds
from lmos.core.resources.kinds import AGENT

if TYPE_CHECKING:
    from lmos.core.resources import Manifest

CLIENTS = 16
WATCHERS = 20
CHANGES = 100
_REQUESTS = 300
_LISTS = 5
_LOST_SECONDS = 5.0
_API = f"/apis/{AGENT.group}/{AGENT.version}"
_AGENTS = f"{_API}/namespaces/default/{AGENT.plural}"
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_APPLY = "application/apply-patch+yaml"


async def install_kinds(url: str) -> None:
    """Have our kinds served."""
    connection = await Connection.to(url)
    for crd in crds():
        path = f"{_DEFINITIONS}/{crd['metadata']['name']}?fieldManager=bench&force=true"
        await connection.ask("PATCH", path, orjson.dumps(crd), _APPLY)
    # The real server takes a moment.
    while (await connection.ask("GET", _AGENTS)).status != 200:  # noqa: ASYNC110 - it is another process
        await asyncio.sleep(0.05)
    connection.close()


async def creates_per_second(url: str, first: int, count: int) -> float:
    """Create Agents from number `first` on; each of CLIENTS waits for an answer before its next request."""
    numbers = iter(range(first, first + count))
    connections = [await Connection.to(url) for _ in range(CLIENTS)]

    async def work(connection: Connection) -> None:
        for number in numbers:
            answer = await connection.ask("POST", _AGENTS, orjson.dumps(agent(number)))
            assert answer.status in (200, 201), answer.body

    began = time.perf_counter()
    await asyncio.gather(*map(work, connections))
    elapsed = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return count / elapsed


async def get_milliseconds(url: str) -> float:
    """The median of one client's gets."""
    connection = await Connection.to(url)
    elapsed = [await _timed(connection, "GET", f"{_AGENTS}/agent-{number}") for number in range(_REQUESTS)]
    connection.close()
    return 1000 * median(elapsed)


async def apply_milliseconds(url: str, stamp: int) -> float:
    """The median of one client's server-side applies, each of which changes an Agent's description."""
    connection = await Connection.to(url)
    elapsed = []
    for number in range(_REQUESTS):
        path = f"{_AGENTS}/agent-{number}?fieldManager=bench&force=true"
        body = orjson.dumps(agent(number, description=f"applied {stamp}"))
        elapsed.append(await _timed(connection, "PATCH", path, body, _APPLY))
    connection.close()
    return 1000 * median(elapsed)


async def list_milliseconds(url: str) -> float:
    """The median of some lists of all Agents."""
    connection = await Connection.to(url)
    elapsed = [await _timed(connection, "GET", _AGENTS) for _ in range(_LISTS)]
    connection.close()
    return 1000 * median(elapsed)


async def fan_out_seconds(url: str, stamp: int) -> tuple[float, int]:
    """From the first of CHANGES merge patches until each of WATCHERS has them all, and how many were lost."""
    writer = await Connection.to(url)
    listed = orjson.loads((await writer.ask("GET", f"{_AGENTS}?limit=1")).body)
    version = listed["metadata"]["resourceVersion"]
    watchers = [await Connection.to(url) for _ in range(WATCHERS)]
    wanted = f"changed {stamp}"
    seen = [0] * WATCHERS

    async def follow(place: int) -> None:
        path = f"{_AGENTS}?watch=true&resourceVersion={version}"
        async for line in watchers[place].lines(path):
            seen[place] += wanted.encode() in line
            if seen[place] == CHANGES:
                return

    following = [asyncio.create_task(follow(place)) for place in range(WATCHERS)]
    # Until each is being answered; nothing is lost by watching late, and it would count as speed.
    await asyncio.sleep(0.5)
    began = time.perf_counter()
    for number in range(CHANGES):
        patch = orjson.dumps({"spec": {"description": wanted}})
        await writer.ask("PATCH", f"{_AGENTS}/agent-{number}", patch, "application/merge-patch+json")
    await asyncio.wait(following, timeout=_LOST_SECONDS)
    elapsed = time.perf_counter() - began
    for task, connection in zip(following, watchers, strict=True):
        task.cancel()
        connection.close()
    return elapsed, WATCHERS * CHANGES - sum(seen)


async def _timed(
    connection: Connection, method: str, path: str, body: bytes = b"", content_type: str = "application/json"
) -> float:
    began = time.perf_counter()
    answer = await connection.ask(method, path, body, content_type)
    assert answer.status in (200, 201), answer.body
    return time.perf_counter() - began


def agent(number: int, description: str = "answers questions about bills and contracts") -> Manifest:
    """An Agent that is stored in 1.5 KB."""
    examples = ["how much is my bill this month", "show me what I signed", "why was I charged twice"]
    provided = [
        {
            "name": f"capability-{number}-{each}",
            "version": "1.1.0",
            "description": "does something that somebody needs done, and does it well",
            "examples": examples,
        }
        for each in range(3)
    ]
    return {
        "apiVersion": AGENT.api_version,
        "kind": AGENT.kind,
        "metadata": {"name": f"agent-{number}", "namespace": "default", "labels": {"app": f"agent-{number}"}},
        "spec": {
            "description": description,
            "supportedTenants": ["acme"],
            "supportedChannels": ["web", "app"],
            "providedCapabilities": provided,
        },
    }
