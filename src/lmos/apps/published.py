"""Which Agents serve which Channel, as the API server has it now."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from lmos.core.resources.kinds import CHANNEL_ROUTING
from lmos.runtime import RoutingTable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.ports.cluster import Cluster


@asynccontextmanager
async def published_table(cluster: Cluster) -> AsyncIterator[RoutingTable]:
    """The routing table once it knows everything; an API server that is away is told at once."""
    # A watch would wait for it.
    await cluster.list(CHANNEL_ROUTING)
    table = RoutingTable(cluster)
    following = asyncio.create_task(table.run())
    try:
        await table.synced()
        yield table
    finally:
        following.cancel()
        await asyncio.wait([following])
