"""The embedded API server: opened on a folder or in memory, served on loopback."""

from __future__ import annotations

import asyncio
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from lmos.adapters.kubernetes import connect_in_process
from lmos.adapters.system import RandomIds, SystemClock
from lmos.apiserver import Server, Storage, app, kubeconfig
from lmos.apps.instance import KUBECONFIG
from lmos.apps.process import configure_logging, run_process
from lmos.apps.serving import Door
from lmos.core.resources.crds import crds
from lmos.core.resources.kinds import CUSTOM_RESOURCE_DEFINITION

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from lmos.adapters.kubernetes import KubernetesCluster

IN_MEMORY = ":memory:"
LOOPBACK = "127.0.0.1"
DATABASE = "cluster.db"
MANAGER = "lmos"

_TOKEN_FILE = "token"  # noqa: S105 - a file's name
_TOKEN_BYTES = 32
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class EmbeddedApi:
    """An open API server: its ASGI app, the token it asks for, and a client that needs no socket."""

    app: ASGIApp
    token: str
    cluster: KubernetesCluster


async def open_api(data: Path | None) -> EmbeddedApi:
    """
    Open the API server on the folder `data`, in memory without one, and install our CRDs.

    Raises:
        StorageError: The database cannot be opened.
    """
    if data is None:
        storage, token = Storage(":memory:"), secrets.token_urlsafe(_TOKEN_BYTES)
    else:
        token = _token(data / _TOKEN_FILE)
        storage = Storage(data / DATABASE)
    served = app(Server(storage, SystemClock(), RandomIds()), token=token)
    cluster = connect_in_process(served, token)
    for crd in crds():
        await cluster.apply(crd, CUSTOM_RESOURCE_DEFINITION, manager=MANAGER)
    return EmbeddedApi(served, token, cluster)


def write_kubeconfig(path: Path, url: str, token: str) -> None:
    """Write the kubeconfig so that only its owner can read it."""
    _write_private(path, yaml.safe_dump(kubeconfig(url, token), sort_keys=False))


def run(port: int, data: str) -> None:
    """Serve the API until told to stop; its kubeconfig is written to the data folder, or printed."""
    folder = None if data == IN_MEMORY else Path(data)

    async def main() -> None:
        door = Door("API server", LOOPBACK, port, option="--port")
        api = await open_api(folder)
        place = (folder or Path.cwd()) / KUBECONFIG
        write_kubeconfig(place, door.url, api.token)
        print(f"API server at {door.url}, kubeconfig in {place}", flush=True)  # noqa: T201 - for whoever started it
        async with asyncio.TaskGroup() as group:
            group.create_task(door.serve(api.app))

    configure_logging()
    run_process(main)


def _token(path: Path) -> str:
    """The token of this folder, made when it is first asked for."""
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(_TOKEN_BYTES))
    return path.read_text(encoding="utf-8")


def _write_private(path: Path, text: str) -> None:
    """Replace a file at once; nobody but its owner can read it at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - the descriptor carries the mode
        file.write(text)
    beside.replace(path)
