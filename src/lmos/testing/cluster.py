"""The cluster's twin: the embedded API server on an in-memory database, reached without a socket."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2

from lmos.adapters.kubernetes import KubernetesCluster
from lmos.adapters.kubernetes.inprocess import AsgiTransport
from lmos.apiserver import Server, Storage, app
from lmos.core.resources import crds
from lmos.core.resources.kinds import CUSTOM_RESOURCE_DEFINITION
from lmos.testing.clock import CountingIds, FrozenClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_TOKEN = "memory"  # noqa: S105 (nobody else can reach a server without a socket)


class MemoryCluster(KubernetesCluster):
    """
    A `Cluster` for tests: the real client and the real API, in this process.

    Attributes:
        server: The API server behind it, for a look at what is stored.
        clock: The server's clock, which stands still until a test moves it.
    """

    def __init__(self, server: Server, clock: FrozenClock) -> None:
        transport = AsgiTransport(app(server, token=_TOKEN))
        headers = {"authorization": f"Bearer {_TOKEN}"}
        super().__init__(
            httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)
        )
        self.server = server
        self.clock = clock


@asynccontextmanager
async def memory_cluster(
    *, with_crds: bool = True, clock: FrozenClock | None = None
) -> AsyncIterator[MemoryCluster]:
    """
    An empty cluster that is gone when the block ends.

    Args:
        with_crds: Whether the kinds of LMOS are installed.
        clock: The server's clock; one of its own by default.
    """
    clock = clock or FrozenClock()
    storage = Storage(":memory:")
    server = Server(storage, clock, CountingIds())
    try:
        async with MemoryCluster(server, clock) as cluster:
            for definition in crds() if with_crds else ():
                await cluster.create(definition, CUSTOM_RESOURCE_DEFINITION)
            yield cluster
            server.watches.close()
    finally:
        storage.close()
