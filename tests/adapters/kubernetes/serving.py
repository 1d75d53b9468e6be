"""The embedded API server on a real socket, to be stopped and started at will."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Literal

import yaml

from lmos.adapters.kubernetes import connect
from lmos.adapters.system import RandomIds, SystemClock
from lmos.apiserver import Server, Storage, app, kubeconfig
from lmos.apps.serving import Door
from lmos.core.resources import crds
from lmos.core.resources.kinds import CUSTOM_RESOURCE_DEFINITION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from lmos.adapters.kubernetes import KubernetesCluster

TOKEN = "only-for-tests"


class ServedApi:
    """An API server at a fixed port; its objects are in `data`, or gone with each stop."""

    def __init__(self, folder: Path, data: Path | Literal[":memory:"] = ":memory:") -> None:
        self._data = data
        self._port = 0
        self._serving: asyncio.Task[None] | None = None
        self.kubeconfig = folder / "kubeconfig"

    async def start(self) -> None:
        """Listen, on the same port as before."""
        door = Door("API server", "127.0.0.1", self._port, option="--port")
        self._port = door.port
        self.kubeconfig.write_text(yaml.safe_dump(kubeconfig(door.url, TOKEN)))
        self._storage = Storage(self._data)
        server = Server(self._storage, SystemClock(), RandomIds())
        serving = door.serve(app(server, token=TOKEN), on_stop=server.watches.close)
        self._serving = asyncio.create_task(serving)

    async def stop(self) -> None:
        """Go away."""
        if self._serving:
            self._serving.cancel()
            with suppress(asyncio.CancelledError):
                await self._serving
            self._storage.close()
            self._serving = None

    async def install(self, cluster: KubernetesCluster) -> None:
        """Teach it our kinds."""
        for definition in crds():
            await cluster.apply(definition, CUSTOM_RESOURCE_DEFINITION, manager="tests")


@asynccontextmanager
async def served_api(
    folder: Path, data: Path | Literal[":memory:"] = ":memory:"
) -> AsyncIterator[tuple[ServedApi, KubernetesCluster]]:
    """A running API server with our kinds, and a client of it."""
    api = ServedApi(folder, data)
    await api.start()
    try:
        async with connect(api.kubeconfig) as cluster:
            await api.install(cluster)
            yield api, cluster
    finally:
        await api.stop()
