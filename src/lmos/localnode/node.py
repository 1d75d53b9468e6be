"""The local node: what a cluster does with a Deployment, on one machine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lmos.core.resources.kinds import DEPLOYMENT, ENDPOINT_SLICE, SERVICE
from lmos.core.resources.slices import LOCAL_SLICES
from lmos.localnode.publishing import selects
from lmos.localnode.run import DeploymentRun
from lmos.ports.informer import Informer, Key, key_of

if TYPE_CHECKING:
    from pathlib import Path

    from lmos.localnode.process import Reaper
    from lmos.ports.clock import Clock
    from lmos.ports.cluster import Cluster
    from lmos.ports.informer import Observed

_STOP_SECONDS = 2.0
"""When the node itself stops, nobody waits longer for an Agent."""


class LocalNode:
    """
    Runs every Deployment of the API server as child processes.

    Args:
        cluster: Where Deployments and Services are read, statuses and EndpointSlices written.
        clock: For back-off and the times of conditions.
        logs: Folder of the processes' logs, `<namespace>/<replica>.log`.
        reaper: Ends the processes when this one is killed.

    Attributes:
        looked: Set once the status of every Deployment says what is true now.
    """

    def __init__(self, cluster: Cluster, clock: Clock, logs: Path, reaper: Reaper) -> None:
        self._cluster = cluster
        self._clock = clock
        self._logs = logs
        self._reaper = reaper
        self.looked = asyncio.Event()
        self._deployments = Informer(cluster, DEPLOYMENT)
        self._services = Informer(cluster, SERVICE)
        self._slices = Informer(cluster, ENDPOINT_SLICE, labels=LOCAL_SLICES)
        self._runs: dict[Key, DeploymentRun] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Run until cancelled; then every process is stopped."""
        self._deployments.on_change(self._deployment_changed)
        self._services.on_change(self._service_changed)
        try:
            async with asyncio.TaskGroup() as group:
                for informer in (self._services, self._slices):
                    group.create_task(informer.run())
                await asyncio.gather(self._services.synced.wait(), self._slices.synced.wait())
                group.create_task(self._deployments.run())
                await self._deployments.synced.wait()
                await asyncio.gather(*(run.looked.wait() for run in self._runs.values()))
                self.looked.set()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.gather(*(run.stop(within_seconds=_STOP_SECONDS) for run in self._runs.values()))

    def _deployment_changed(self, seen: Observed) -> None:
        run = self._runs.get(seen.key)
        if run is None:
            # It stays when the Deployment goes: the next one of that name finds it idle.
            run = self._runs[seen.key] = DeploymentRun(
                seen.key,
                cluster=self._cluster,
                clock=self._clock,
                logs=self._logs,
                reaper=self._reaper,
                deployments=self._deployments,
                services=self._services,
                slices=self._slices,
            )
            self._tasks.append(asyncio.create_task(run.run()))
        run.look()

    def _service_changed(self, seen: Observed) -> None:
        for deployment in self._deployments:
            run = self._runs.get(key_of(deployment))
            if run and any(service and selects(service, deployment) for service in (seen.before, seen.after)):
                run.look()
