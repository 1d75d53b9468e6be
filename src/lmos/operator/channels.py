"""Channels: resolved when they or the Agents that matter to them change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from lmos.core.planning import channels_affected, check_plan, plan_channels
from lmos.operator.controller import Controller
from lmos.operator.execution import carry_out
from lmos.ports.informer import Key

if TYPE_CHECKING:
    from lmos.core.resources import Agent
    from lmos.operator.view import View
    from lmos.ports.clock import Clock
    from lmos.ports.cluster import Cluster

log = structlog.get_logger()


class ChannelReconciler:
    """Keeps the ChannelRouting and the status of each Channel as it resolves."""

    def __init__(self, view: View, cluster: Cluster, clock: Clock) -> None:
        self._view = view
        self._cluster = cluster
        self._clock = clock
        self.controller = Controller("channels", self._reconcile)
        # Whoever changed a Channel, its status or its ChannelRouting: planning says whether to do something.
        view.channels.on_change(lambda key, _, __: self.controller.queue.add(key))
        view.routings.on_change(lambda key, _, __: self.controller.queue.add(key))
        view.agents.on_change(self._agent_changed)

    async def _reconcile(self, key: Key) -> None:
        channel = self._view.channels.get(key)
        if channel is None:
            # Its ChannelRouting belongs to it and is collected with it.
            return
        snapshot = self._view.snapshot_for(channel)
        plan = plan_channels(snapshot, self._clock.now())
        for problem in check_plan(plan, snapshot.agents, snapshot.channels):
            # A Plan that contradicts itself is our mistake: better no routing than a wrong one.
            raise problem
        if plan.changes:
            await carry_out(plan, self._cluster, self._view.learn)
            log.info("channel_planned", namespace=key.namespace, channel=key.name, changes=len(plan.changes))

    def _agent_changed(self, key: Key, before: Agent | None, after: Agent | None) -> None:
        if not self._view.is_complete:
            # Every Channel is planned once everything has been read.
            return
        for channel in channels_affected(before, after, self._view.channels.within(key.namespace)):
            self.controller.queue.add(Key(channel.namespace, channel.name))
