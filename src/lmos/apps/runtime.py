"""The runtime as a process of its own."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lmos.adapters.agents import ProtocolAgentClient, SliceAddresses
from lmos.adapters.system import RandomIds, SystemClock
from lmos.apps.conversations import conversations_in, hash_key_in, record_text, retention
from lmos.apps.docs_page import with_docs
from lmos.apps.encoders import cache_in
from lmos.apps.instance import cluster_of
from lmos.apps.logs import configure_logging
from lmos.apps.process import run_process
from lmos.apps.routing import configured_router
from lmos.apps.serving import Door
from lmos.apps.traces import traces_of
from lmos.apps.workers import MANAGEMENT
from lmos.core.errors import InvalidInput
from lmos.runtime import RoutingTable, Turns, WhenBusy
from lmos.runtime.http import Origins, management_app, runtime_app
from lmos.runtime.retention import keep_forgetting
from lmos.runtime.taking import owns_all
from lmos.runtime.telling import Telling
from lmos.runtime.workers import Crew

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

    from lmos.apps.workers import Place
    from lmos.ports.agents import AddressBook
    from lmos.ports.cluster import Cluster
    from lmos.ports.store import ConversationStore
    from lmos.router import Router
    from lmos.runtime.taking import TakesTurns


def run(kubeconfig: Path | None, host: str, port: int, data: str, management_port: int | None) -> None:
    """Serve until told to stop; health and metrics at a port of their own where one is named."""
    folder = Path(data)
    folder.mkdir(parents=True, exist_ok=True)

    async def main() -> None:
        door, management = Door("runtime", host, port, option="--port"), None
        if management_port is not None:
            management = Door(MANAGEMENT, host, management_port, option="--management-port")
        async with cluster_of(kubeconfig) as cluster, asyncio.TaskGroup() as group:
            told = f", metrics at {management.url}/metrics" if management else ""
            print(f"Runtime at {door.url}{told}", flush=True)  # noqa: T201 - for whoever started it
            addresses = SliceAddresses(cluster)
            group.create_task(addresses.run())
            serving = serve_runtime(
                cluster, addresses, door, folder, ready=asyncio.Event(), management=management
            )
            group.create_task(serving)

    configure_logging()
    run_process(main)


def when_busy() -> WhenBusy:
    """
    What `LMOS_WHEN_BUSY` says.

    Raises:
        InvalidInput: It is none of the words that mean something.
    """
    said = os.environ.get("LMOS_WHEN_BUSY", WhenBusy.WAIT)
    try:
        return WhenBusy(said)
    except ValueError as error:
        raise InvalidInput(
            f"LMOS_WHEN_BUSY is {said!r}.", hint=f"Set it to one of {', '.join(WhenBusy)}."
        ) from error


async def serve_runtime(
    cluster: Cluster,
    addresses: AddressBook,
    door: Door | None,
    data: Path,
    *,
    ready: asyncio.Event,
    management: Door | None = None,
    place: Place | None = None,
) -> None:
    """
    The runtime over `cluster` behind `door`, until cancelled.

    Args:
        cluster: Where ChannelRoutings are followed.
        addresses: Finds the processes behind an Agent's host name.
        door: Where users come in; without one only the routing is kept.
        data: Folder of the Conversations.
        ready: Set when users can come.
        management: Where health and metrics are told; without it, metrics are told at `door` too.
        place: Ours among the workers, where there are several.
    """
    store = conversations_in(data)
    clock = SystemClock()
    agents = ProtocolAgentClient(addresses)
    table = RoutingTable(cluster)
    traces = traces_of(os.environ)
    words = record_text()
    try:
        async with (
            asyncio.TaskGroup() as group,
            configured_router(cache_in(data), hash_key_in(data)) as router,
        ):
            table.on_change(lambda route: router.heads.refresh(route.roster))
            table.on_gone(lambda route: router.heads.forget(route.roster.key))
            group.create_task(table.run())
            await table.synced()
            turns = Turns(
                table,
                router,
                agents,
                store,
                clock,
                traces=traces,
                when_busy=when_busy(),
                owns=place.owns if place else owns_all,
                record_text=words,
            )
            telling = Telling(table, router, store, words)
            group.create_task(keep_forgetting(retention(), store, turns, clock))
            async with _taking(turns, place) as taker:
                if door:
                    doors = _doors(
                        taker, table, store, router, telling, door, with_metrics=management is None
                    )
                    group.create_task(door.serve(doors, websockets=True))
                if management:
                    told = management_app(
                        taker, table, learning=lambda: router.heads.training, host=management.host
                    )
                    group.create_task(management.serve(told))
                ready.set()
                await asyncio.Event().wait()
    finally:
        await agents.aclose()
        store.close()
        # It waits for the network.
        await asyncio.to_thread(traces.close)


def _doors(
    turns: TakesTurns,
    table: RoutingTable,
    store: ConversationStore,
    router: Router,
    telling: Telling,
    door: Door,
    *,
    with_metrics: bool,
) -> ASGIApp:
    """What users find behind `door`."""
    doors = runtime_app(
        turns,
        table,
        store,
        ids=RandomIds(),
        telling=telling,
        learning=lambda: router.heads.training,
        origins=Origins.parse(os.environ.get("LMOS_CORS_ORIGINS", "")),
        host=door.host,
        with_metrics=with_metrics,
    )
    return with_docs(doors, "LMOS runtime")


@asynccontextmanager
async def _taking(turns: Turns, place: Place | None) -> AsyncIterator[TakesTurns]:
    """Whoever takes Turns from the doors: we alone, or we and our fellow workers."""
    try:
        if place is None:
            yield turns
            return
        crew = Crew(turns, place.number, place.workers, Path(place.folder))
        await crew.open()
        try:
            yield crew
        finally:
            crew.close()
    finally:
        await turns.aclose()
