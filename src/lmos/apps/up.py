"""All of LMOS in one process: API server, operator, local node, router and runtime."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lmos.adapters.agents import SliceAddresses
from lmos.adapters.system import SystemClock
from lmos.apps.apiserver import open_api, write_kubeconfig
from lmos.apps.follow import Follower
from lmos.apps.instance import DATA_FOLDER, ENDPOINTS, KUBECONFIG
from lmos.apps.operator import serve_operator
from lmos.apps.process import configure_logging, run_process
from lmos.apps.runtime import serve_runtime
from lmos.apps.screen import Screen
from lmos.apps.serving import Door, PortInUse
from lmos.core.errors import InvalidInput
from lmos.localnode import LocalNode

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOPBACK = "127.0.0.1"
_LOG_FILE = "lmos.log"
_LOGS = "logs"


@dataclass(frozen=True, slots=True)
class Settings:
    """What `lmos up` was told; ports of 0 mean any free one."""

    paths: tuple[Path, ...]
    data: Path
    api_port: int
    operator_port: int
    runtime_port: int

    @classmethod
    def of(
        cls, paths: Sequence[Path], data: Path | None, api_port: int, operator_port: int, runtime_port: int
    ) -> Settings:
        """
        Settings with the data folder beside the manifests unless another is named.

        Raises:
            InvalidInput: A path does not exist.
        """
        for path in paths:
            if not path.exists():
                raise InvalidInput(f"There is no {path}.", hint="Name a manifest, a folder or a Python file.")
        first = paths[0].resolve() if paths else Path.cwd()
        beside = first if first.is_dir() else first.parent
        return cls(
            tuple(paths), (data or beside / DATA_FOLDER).resolve(), api_port, operator_port, runtime_port
        )


def run(settings: Settings) -> None:
    """Run until told to stop; then every process that was started is stopped."""
    settings.data.mkdir(parents=True, exist_ok=True)
    with (settings.data / _LOG_FILE).open("a", encoding="utf-8", buffering=1) as log_file:
        configure_logging(log_file)
        run_process(lambda: _main(settings))


async def _main(settings: Settings) -> None:
    (settings.data / ENDPOINTS).unlink(missing_ok=True)
    screen = Screen(settings.data)
    doors = _open_doors(settings, screen)
    api = await open_api(settings.data)
    cluster = api.cluster
    if "api" in doors:
        write_kubeconfig(settings.data / KUBECONFIG, doors["api"].url, api.token)
    addresses = SliceAddresses(cluster)
    follower = Follower(cluster, settings.paths, screen.tell)
    async with asyncio.TaskGroup() as group:
        if "api" in doors:
            group.create_task(doors["api"].serve(api.app))
        group.create_task(addresses.run())
        group.create_task(serve_operator(cluster, doors.get("operator")))
        group.create_task(LocalNode(cluster, SystemClock(), settings.data / _LOGS).run())
        runtime_ready = asyncio.Event()
        group.create_task(
            serve_runtime(cluster, addresses, doors.get("runtime"), settings.data, ready=runtime_ready)
        )
        await follower.apply()
        await runtime_ready.wait()
        endpoints = {name: door.url for name, door in doors.items()}
        (settings.data / ENDPOINTS).write_text(json.dumps(endpoints, indent=2) + "\n", encoding="utf-8")
        group.create_task(follower.follow())
        group.create_task(screen.show(cluster, endpoints))


def _open_doors(settings: Settings, screen: Screen) -> dict[str, Door]:
    """The doors whose ports are free; the others are reported, and the rest runs without them."""
    wanted = (
        ("api", "API server", settings.api_port),
        ("operator", "operator", settings.operator_port),
        ("runtime", "runtime", settings.runtime_port),
    )
    doors = {}
    for name, title, port in wanted:
        try:
            doors[name] = Door(title, LOOPBACK, port, option=f"--{name}-port")
        except PortInUse as error:
            screen.complain(error)
    return doors
