"""The embedded API server: opened on a folder or in memory, served on loopback."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from lmos.adapters.kubernetes import connect_in_process
from lmos.adapters.system import RandomIds, SystemClock
from lmos.apiserver import Server, Storage, app, kubeconfig
from lmos.apps.data_folder import DataFolderUnusable, data_folder, write_private
from lmos.apps.instance import KUBECONFIG
from lmos.apps.process import configure_logging, run_process
from lmos.apps.serving import Door
from lmos.core.resources.crds import crds
from lmos.core.resources.kinds import CUSTOM_RESOURCE_DEFINITION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import ASGIApp

    from lmos.adapters.kubernetes import KubernetesCluster

IN_MEMORY = ":memory:"
LOOPBACK = "127.0.0.1"
DATABASE = "cluster.db"
MANAGER = "lmos"

_TOKEN_FILE = "token"  # noqa: S105 - a file's name
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class EmbeddedApi:
    """
    An open API server.

    Attributes:
        app: Serves it.
        token: Every request must bear it.
        cluster: A client that needs no socket.
        end_watches: Ends every watch, so that its server can stop: watches end by themselves never.
    """

    app: ASGIApp
    token: str
    cluster: KubernetesCluster
    end_watches: Callable[[], None]

    async def serve(self, door: Door) -> None:
        """Answer behind `door` until cancelled."""
        await door.serve(self.app, on_stop=self.end_watches)

    def kubeconfig(self, url: str) -> str:
        """A kubeconfig for the server behind `url`; whoever can read it may do everything."""
        return yaml.safe_dump(kubeconfig(url, self.token), sort_keys=False)


@asynccontextmanager
async def opened_api(data: Path | None) -> AsyncIterator[EmbeddedApi]:
    """
    The API server on the folder `data`, in memory without one, with our CRDs installed.

    Raises:
        StorageError: The database cannot be opened.
        DataFolderUnusable: The token cannot be read or written.
    """
    token = _token(data / _TOKEN_FILE) if data else secrets.token_urlsafe(_TOKEN_BYTES)
    storage = Storage(data / DATABASE if data else ":memory:")
    try:
        server = Server(storage, SystemClock(), RandomIds())
        served = app(server, token=token)
        async with connect_in_process(served, token) as cluster:
            for crd in crds():
                await cluster.apply(crd, CUSTOM_RESOURCE_DEFINITION, manager=MANAGER)
            yield EmbeddedApi(served, token, cluster, server.watches.close)
    finally:
        storage.close()


def run(port: int, data: str) -> None:
    """Serve the API until told to stop; its kubeconfig is in the data folder, or in this one."""
    folder = None if data == IN_MEMORY else Path(data)

    async def main() -> None:
        door = Door("API server", LOOPBACK, port, option="--port")
        async with opened_api(folder) as api:
            place = (folder or Path.cwd()) / KUBECONFIG
            write_private(place, api.kubeconfig(door.url))
            print(f"API server at {door.url}, kubeconfig in {place}", flush=True)  # noqa: T201 - for whoever started it
            await api.serve(door)

    configure_logging()
    with data_folder(folder) if folder else nullcontext():
        run_process(main)


def _token(path: Path) -> str:
    """The token of this folder, made when it is first asked for."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        write_private(path, token)
        return token
    except OSError as error:
        raise DataFolderUnusable(path.parent, error) from error
