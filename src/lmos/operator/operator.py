"""The operator as a whole: one view of the cluster, the reconcilers on it, and its REST API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lmos.operator.agents import AgentReconciler
from lmos.operator.channels import ChannelReconciler
from lmos.operator.view import View

if TYPE_CHECKING:
    from lmos.ports.agents import CardReader
    from lmos.ports.clock import Clock
    from lmos.ports.cluster import Cluster


class Operator:
    """
    Discovers Agents and resolves Channels, in all namespaces.

    Args:
        cluster: Where objects are read and written.
        cards: Fetches what Agents say about themselves.
        clock: For conditions, Events and the age of descriptions.
    """

    def __init__(self, cluster: Cluster, cards: CardReader, clock: Clock) -> None:
        self.view = View(cluster)
        self._channels = ChannelReconciler(self.view, cluster, clock)
        self._agents = AgentReconciler(self.view, cluster, cards, clock)

    async def run(self) -> None:
        """Reconcile until cancelled."""
        async with asyncio.TaskGroup() as group:
            # First look, then act: nothing is decided on half a picture.
            await self.view.follow(group)
            for controller in (self._channels.controller, self._agents.discovery, self._agents.statuses):
                group.create_task(controller.run())
