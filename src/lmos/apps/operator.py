"""The operator as a process of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lmos.adapters.agents import HttpCardReader, SliceAddresses
from lmos.adapters.system import SystemClock
from lmos.apps.docs_page import with_docs
from lmos.apps.instance import cluster_of
from lmos.apps.logs import configure_logging
from lmos.apps.process import run_process
from lmos.apps.serving import Door
from lmos.operator import Operator
from lmos.operator.http import operator_app

if TYPE_CHECKING:
    from pathlib import Path

    from lmos.ports.cluster import Cluster


def run(kubeconfig: Path | None, host: str, port: int) -> None:
    """Reconcile, and serve the REST API, until told to stop."""

    async def main() -> None:
        door = Door("operator", host, port, option="--port")
        print(f"Operator at {door.url}", flush=True)  # noqa: T201 - for whoever started it
        async with cluster_of(kubeconfig) as cluster, asyncio.TaskGroup() as group:
            addresses = SliceAddresses(cluster)
            group.create_task(addresses.run())
            group.create_task(serve_operator(cluster, addresses, door))

    configure_logging()
    run_process(main)


async def serve_operator(cluster: Cluster, addresses: SliceAddresses, door: Door | None) -> None:
    """The operator over `cluster`, with its REST API behind `door` if there is one, until cancelled."""
    async with HttpCardReader(addresses) as cards, asyncio.TaskGroup() as group:
        operator = Operator(cluster, cards, SystemClock())
        if door:
            group.create_task(door.serve(with_docs(operator_app(operator.view), "LMOS operator")))
        # Without addresses, Agents would be asked where nobody is.
        await addresses.synced()
        group.create_task(operator.run())
