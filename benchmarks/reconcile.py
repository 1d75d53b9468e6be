"""
The operator against the embedded API server: 1,000 Agents and 200 Channels, then one change at a time.

    python -m benchmarks.reconcile
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import statistics
import time
from typing import TYPE_CHECKING, Any

import structlog
import uvloop

from lmos.adapters.agents import HttpCardReader
from lmos.adapters.kubernetes import connect_in_process
from lmos.adapters.system import SystemClock
from lmos.apps.apiserver import opened_api
from lmos.apps.process import tune_collector
from lmos.core.resources.kinds import AGENT, CHANNEL
from lmos.operator import Operator
from lmos.runtime import RoutingTable

if TYPE_CHECKING:
    from lmos.core.resources import Manifest
    from lmos.ports.cluster import Cluster
    from lmos.runtime.routing_table import Route

AGENTS = 1000
CHANNELS = 200
CAPABILITIES_OF_AN_AGENT = 3
REQUIREMENTS_OF_A_CHANNEL = 10
CHANGES = 200
NAMESPACE = "default"


def main() -> None:
    """Print the figures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    tune_collector()
    print(json.dumps(uvloop.run(report()), indent=2))


async def report() -> dict[str, Any]:
    """Everything measured, as plain values."""
    with opened_api(None) as api:
        async with connect_in_process(api.app(), api.token) as cluster:
            return await _measure(cluster)


async def _measure(cluster: Cluster) -> dict[str, Any]:
    began = time.perf_counter()
    for number in range(AGENTS):
        await cluster.apply(_agent(number, patch=0), AGENT, manager="bench")
    for number in range(CHANNELS):
        await cluster.apply(_channel(number), CHANNEL, manager="bench")
    applied = time.perf_counter() - began
    async with HttpCardReader() as cards, asyncio.TaskGroup() as group:
        table = RoutingTable(cluster)
        began = time.perf_counter()
        tasks = [group.create_task(each.run()) for each in (Operator(cluster, cards, SystemClock()), table)]
        await _resolved(cluster)
        resolved = time.perf_counter() - began
        # The statuses of the Agents are written after the Channels'.
        await asyncio.sleep(3)
        changes = [await _change(cluster, table, number) for number in range(CHANGES)]
        for task in tasks:
            task.cancel()
    milliseconds = statistics.quantiles((1000 * each for each in changes), n=100)
    return {
        "agents": AGENTS,
        "channels": CHANNELS,
        "applied_seconds": round(applied, 2),
        "resolved_seconds": round(resolved, 2),
        "change_to_routing_table_ms": {f"p{each}": round(milliseconds[each - 1], 2) for each in (50, 90, 99)},
        "peak_memory_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


async def _resolved(cluster: Cluster) -> None:
    """Wait until every Channel says that it is resolved."""
    while True:
        channels = (await cluster.list(CHANNEL)).items
        if all(each.get("status", {}).get("resolveStatus") == "RESOLVED" for each in channels):
            return
        await asyncio.sleep(0.02)


async def _change(cluster: Cluster, table: RoutingTable, number: int) -> float:
    """Seconds from a changed Agent until the runtime's routing table has the change."""
    arrived = asyncio.Event()
    wanted = f"1.1.{number + 1}"

    def look(route: Route) -> None:
        groups = route.routing.spec.capability_groups
        if any(can.provided_version == wanted for group in groups for can in group.capabilities):
            arrived.set()

    table.on_change(look)
    began = time.perf_counter()
    await cluster.apply(_agent(number, patch=number + 1), AGENT, manager="bench")
    await asyncio.wait_for(arrived.wait(), 10)
    return time.perf_counter() - began


def _agent(number: int, *, patch: int) -> Manifest:
    version = f"1.1.{patch}"
    provided = [
        {
            "name": f"capability-{number}-{each}",
            "version": version,
            "description": "does something",
            "examples": [],
        }
        for each in range(CAPABILITIES_OF_AN_AGENT)
    ]
    return {
        "apiVersion": AGENT.api_version,
        "kind": AGENT.kind,
        "metadata": {"name": f"agent-{number}", "namespace": NAMESPACE},
        "spec": {"supportedChannels": ["web"], "providedCapabilities": provided},
    }


def _channel(number: int) -> Manifest:
    required = [
        {"name": f"capability-{(number * REQUIREMENTS_OF_A_CHANNEL + each) % AGENTS}-0", "version": "^1.0"}
        for each in range(REQUIREMENTS_OF_A_CHANNEL)
    ]
    labels = {"tenant": f"tenant-{number}", "channel": "web", "version": "1"}
    return {
        "apiVersion": CHANNEL.api_version,
        "kind": CHANNEL.kind,
        "metadata": {"name": f"channel-{number}", "namespace": NAMESPACE, "labels": labels},
        "spec": {"requiredCapabilities": required},
    }


if __name__ == "__main__":
    main()
