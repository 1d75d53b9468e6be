"""Where the router would send a text, without any Agent being asked."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

from lmos.apps.channels import the_channel
from lmos.apps.encoders import CACHE, cache_in
from lmos.apps.instance import cluster_of, kubeconfig_of
from lmos.apps.published import published_table
from lmos.apps.routing import configured_router
from lmos.router import RouteRequest

if TYPE_CHECKING:
    from pathlib import Path

    from lmos.ports.cache import Cache
    from lmos.ports.cluster import Cluster
    from lmos.router import Roster, RouteDecision
    from lmos.router.explaining import Explanation


async def try_route(
    kubeconfig: Path | None, tenant: str, channel: str, text: str
) -> tuple[RouteDecision, Explanation]:
    """
    The decision for `text` in a Channel as the API server has it, and what mattered for it.

    The head is trained as the runtime does it.

    Raises:
        WhichChannel: `tenant` or `channel` is empty, and not exactly one Channel fits.
        NoRoutingInfo: The Channel has no ChannelRouting.
    """
    async with cluster_of(kubeconfig) as cluster:
        if not (tenant and channel):
            tenant, channel = await the_channel(cluster, tenant, channel)
        # What is noted of a ChannelRouting that cannot be read is not part of the answer.
        with redirect_stdout(sys.stderr):
            roster = await published_roster(cluster, tenant, channel)
            async with configured_router(_cache_beside(kubeconfig_of(kubeconfig))) as router:
                await router.heads.head_for(roster)
                decision = await router.route(RouteRequest(text, tenant=tenant), roster)
                return decision, await router.explain(text, decision, roster)


def _cache_beside(kubeconfig: Path | None) -> Cache | None:
    """What `lmos up` keeps beside its kubeconfig; nothing is kept beside the kubeconfig of a cluster."""
    folder = kubeconfig.parent if kubeconfig else None
    return cache_in(folder) if folder and (folder / CACHE).is_file() else None


async def published_roster(cluster: Cluster, tenant: str, channel: str) -> Roster:
    """
    The Agents of a Channel's ChannelRouting as the API server has it now.

    Raises:
        NoRoutingInfo: The Channel has none.
    """
    async with published_table(cluster) as table:
        return table.find(tenant, channel).roster
