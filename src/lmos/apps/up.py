"""All of LMOS in one process: API server, operator, local node, router and runtime."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from lmos.adapters.agents import SliceAddresses
from lmos.adapters.kubernetes import connect_in_process
from lmos.adapters.system import SystemClock
from lmos.apps.apiserver import opened_api
from lmos.apps.data_folder import ENDPOINTS, KUBECONFIG, data_folder, opened_log, write_private
from lmos.apps.follow import Follower
from lmos.apps.live import LiveOverview
from lmos.apps.logs import configure_logging
from lmos.apps.operator import serve_operator
from lmos.apps.parts import until_ready
from lmos.apps.process import run_process
from lmos.apps.runtime import serve_runtime
from lmos.apps.screen import Screen
from lmos.apps.serving import Door, PortInUse
from lmos.apps.traces import traces_missing
from lmos.apps.workers import MANAGEMENT
from lmos.localnode import LocalNode, Reaper

if TYPE_CHECKING:
    from pathlib import Path

    from lmos.adapters.kubernetes import KubernetesCluster
    from lmos.apps.apiserver import EmbeddedApi
    from lmos.apps.settings import Settings

LOOPBACK = "127.0.0.1"
_LOG_FILE = "lmos.log"
_PODS = "pods"
_LOOKS = 100


def run(settings: Settings) -> None:
    """
    Run until told to stop; then every process that was started is stopped.

    Raises:
        DataFolderInUse, DataFolderUnusable, StorageError: The data folder cannot be ours.
    """
    with data_folder(settings.data), opened_log(settings.data / _LOG_FILE) as log_file:
        configure_logging(log_file)
        run_process(lambda: _main(settings))


async def _main(settings: Settings) -> None:
    # What an earlier run wrote leads nowhere.
    _forget_addresses(settings.data)
    screen = Screen(settings.data)
    if missing := traces_missing(os.environ):
        screen.complain(missing)
    doors = _open_doors(settings, screen)
    try:
        with Reaper() as reaper, opened_api(settings.data) as api:
            async with connect_in_process(api.app(), api.token) as cluster:
                await _run_parts(settings, api, cluster, doors, reaper, screen)
    finally:
        _forget_addresses(settings.data)


async def _run_parts(
    settings: Settings,
    api: EmbeddedApi,
    cluster: KubernetesCluster,
    doors: dict[str, Door],
    reaper: Reaper,
    screen: Screen,
) -> None:
    data = settings.data
    addresses = SliceAddresses(cluster)
    node = LocalNode(cluster, SystemClock(), data / _PODS, reaper)
    follower = Follower(cluster, settings.paths, data=data, reaper=reaper, report=screen.tell)
    applied, runtime_ready = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        if "api" in doors:
            write_private(data / KUBECONFIG, api.kubeconfig(doors["api"].url))
            group.create_task(api.serve(doors["api"], node))
        group.create_task(addresses.run())
        group.create_task(node.run())
        runtime, management = doors.get("runtime"), doors.get("management")
        group.create_task(
            serve_runtime(cluster, addresses, runtime, data, ready=runtime_ready, management=management)
        )
        # Until the node has looked, Deployments say what was true when LMOS last ran.
        await node.looked.wait()
        group.create_task(serve_operator(cluster, addresses, doors.get("operator")))
        group.create_task(follower.run(applied=applied))
        live = LiveOverview(cluster)
        group.create_task(live.run())
        await asyncio.gather(applied.wait(), runtime_ready.wait())
        look = await screen.settle(live)
        endpoints = {name: door.url for name, door in doors.items()}
        # Also until the router knows the Agents that are there now.
        await until_ready((url for name, url in endpoints.items() if name != "api"), _LOOKS)
        write_private(data / ENDPOINTS, json.dumps(endpoints, indent=2) + "\n")
        await screen.show(look, live, endpoints)


def _open_doors(settings: Settings, screen: Screen) -> dict[str, Door]:
    """The doors whose ports are free; the others are reported, and the rest runs without them."""
    wanted = (
        ("api", "API server", settings.api_port),
        ("operator", "operator", settings.operator_port),
        ("runtime", "runtime", settings.runtime_port),
        ("management", MANAGEMENT, settings.management_port),
    )
    doors = {}
    for name, title, port in wanted:
        if port is None:
            continue
        try:
            doors[name] = Door(title, LOOPBACK, port, option=f"--{name}-port")
        except PortInUse as error:
            screen.complain(error)
    return doors


def _forget_addresses(data: Path) -> None:
    with suppress(OSError):
        (data / ENDPOINTS).unlink(missing_ok=True)
