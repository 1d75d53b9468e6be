"""The embedded API server: opened on a folder or in memory, served on loopback."""

from __future__ import annotations

import logging
import secrets
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import yaml

from lmos.adapters.system import RandomIds, SystemClock
from lmos.apiserver import Intent, Place, Server, Storage, app, kubeconfig
from lmos.apps.data_folder import KUBECONFIG, DataFolderUnusable, data_folder, write_private
from lmos.apps.process import run_process
from lmos.apps.serving import Door
from lmos.core.resources.kinds import CUSTOM_RESOURCE_DEFINITION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

    from lmos.ports.pod_logs import PodLogs

IN_MEMORY = ":memory:"
LOOPBACK = "127.0.0.1"
DATABASE = "cluster.db"
MANAGER = "lmos"
DEFINITIONS = "crds.json"
"""Our CRDs as the models say them: generating them at every start would load all models first."""

_TOKEN_FILE = "token"  # noqa: S105 - a file's name
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class EmbeddedApi:
    """
    An open API server.

    Attributes:
        server: What answers; without a socket, `app` is all that stands before it.
        token: Every request must bear it.
    """

    server: Server
    token: str

    def app(self, pod_logs: PodLogs | None = None) -> ASGIApp:
        """The ASGI app of the server, with the logs of whoever runs Pods."""
        return app(self.server, token=self.token, pod_logs=pod_logs)

    async def serve(self, door: Door, pod_logs: PodLogs | None = None) -> None:
        """Answer behind `door` until cancelled."""
        # Watches end by themselves never.
        await door.serve(self.app(pod_logs), on_stop=self.server.watches.close)

    def kubeconfig(self, url: str) -> str:
        """A kubeconfig for the server behind `url`; whoever can read it may do everything."""
        return yaml.safe_dump(kubeconfig(url, self.token), sort_keys=False)


@contextmanager
def opened_api(data: Path | None) -> Iterator[EmbeddedApi]:
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
        _install_definitions(server)
        yield EmbeddedApi(server, token)
    finally:
        storage.close()


def run(port: int, data: str) -> None:
    """Serve the API until told to stop; its kubeconfig is in the data folder, or in this one."""
    folder = None if data == IN_MEMORY else Path(data)

    async def main() -> None:
        door = Door("API server", LOOPBACK, port, option="--port")
        with opened_api(folder) as api:
            place = (folder or Path.cwd()) / KUBECONFIG
            write_private(place, api.kubeconfig(door.url))
            print(f"API server at {door.url}, kubeconfig in {place}", flush=True)  # noqa: T201 - for whoever started it
            await api.serve(door)

    # Nothing here logs events of ours; what the HTTP server complains of needs no structlog.
    logging.basicConfig(level=logging.WARNING)
    with data_folder(folder) if folder else nullcontext():
        run_process(main)


def _install_definitions(server: Server) -> None:
    (resource,) = (each for each in server.catalogue.resources if each.kind == CUSTOM_RESOURCE_DEFINITION)
    intent = Intent(MANAGER, server.timestamp())
    for definition in orjson.loads(files(__package__).joinpath(DEFINITIONS).read_bytes()):
        place = Place(resource, "", definition["metadata"]["name"])
        server.apply(place, definition, intent, force=True)


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
