"""Channels and Agents of a running LMOS, kept current by a live watch."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmos.apps.overview import AGENT_WORKLOADS, agent_summaries, channel_summary
from lmos.core.resources.kinds import AGENT, CHANNEL, CHANNEL_ROUTING, DEPLOYMENT
from lmos.ports.informer import Informer

if TYPE_CHECKING:
    from lmos.core.resources import Manifest
    from lmos.ports.cluster import Cluster

_QUIET_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Look:
    """All Channels and Agents at one moment, as `lmos.apps.overview` sums them up."""

    channels: list[dict[str, Any]]
    agents: list[dict[str, Any]]

    @property
    def is_settled(self) -> bool:
        """Whether every Agent runs or says why not, and every Channel has been looked at."""
        agents = all(agent["state"] != "starting" for agent in self.agents)
        return agents and all(channel["resolveStatus"] != "UNKNOWN" for channel in self.channels)


class LiveOverview:
    """Follows `cluster`; `look` says what is there."""

    def __init__(self, cluster: Cluster) -> None:
        self._channels = Informer(cluster, CHANNEL)
        self._agents = Informer(cluster, AGENT)
        self._routings = Informer(cluster, CHANNEL_ROUTING)
        self._deployments = Informer(cluster, DEPLOYMENT, labels=AGENT_WORKLOADS)
        self._informers = (self._channels, self._agents, self._routings, self._deployments)
        self._changed = asyncio.Event()
        for informer in self._informers:
            informer.on_change(lambda _: self._changed.set())

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            for informer in self._informers:
                group.create_task(informer.run())

    def look(self) -> Look:
        """What is there now."""
        channels = sorted(self._channels, key=_order)
        return Look(
            [channel_summary(channel) for channel in channels],
            agent_summaries(self._agents, self._routings, self._deployments),
        )

    async def settled(self, within_seconds: float) -> Look:
        """What is there once it has settled and nothing moves any more, or the time is over."""
        try:
            async with asyncio.timeout(within_seconds):
                await asyncio.gather(*(informer.synced.wait() for informer in self._informers))
                while True:
                    self._changed.clear()
                    await asyncio.sleep(_QUIET_SECONDS)
                    if not self._changed.is_set() and (look := self.look()).is_settled:
                        return look
        except TimeoutError:
            return self.look()

    async def next(self, at_least_seconds: float) -> Look:
        """What is there after the next change, with what else changes within that time."""
        await self._changed.wait()
        await asyncio.sleep(at_least_seconds)
        self._changed.clear()
        return self.look()

    def example_for(self, channel: dict[str, Any]) -> str:
        """Something a user of that Channel might say: an example of a Capability that it requires."""
        routing = self._routings.get(channel["namespace"], channel["name"])
        for group in routing["spec"].get("capabilityGroups", ()) if routing else ():
            agent = self._agents.get(channel["namespace"], group["name"])
            wired = {each["name"] for each in group.get("capabilities", ())}
            for provided in agent["spec"].get("providedCapabilities", ()) if agent else ():
                if provided["name"] in wired and provided.get("examples"):
                    return str(provided["examples"][0])
        return ""


def _order(manifest: Manifest) -> tuple[str, str]:
    return manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]
