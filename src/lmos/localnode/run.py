"""The processes of one Deployment, brought step by step to what it asks for."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog

from lmos.core.errors import LmosError
from lmos.core.resources.kinds import DEPLOYMENT, ENDPOINT_SLICE
from lmos.core.resources.slices import DEPLOYMENT_LABEL, LOCAL_NODE
from lmos.localnode.publishing import (
    ReplicaState,
    deployment_status,
    endpoint_slices,
    selects,
    with_times,
)
from lmos.localnode.replica import Replica
from lmos.localnode.workload import UnrunnableDeployment, Workload, workload_of
from lmos.ports.cluster import ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lmos.core.resources.kinds import Manifest
    from lmos.localnode.process import Reaper
    from lmos.ports.clock import Clock
    from lmos.ports.cluster import Cluster
    from lmos.ports.informer import Informer, Key

log = structlog.get_logger()

_RETRY_SECONDS = 1.0


class DeploymentRun:
    """
    Runs the Deployment of one name.

    New processes are started beside the old ones, which are stopped once enough of the new answer.
    `looked` is set once it has been seen to for the first time.
    """

    def __init__(
        self,
        key: Key,
        *,
        cluster: Cluster,
        clock: Clock,
        logs: Path,
        reaper: Reaper,
        deployments: Informer,
        services: Informer,
        slices: Informer,
    ) -> None:
        self._key = key
        self._cluster = cluster
        self._clock = clock
        self._logs = logs
        self._reaper = reaper
        self._deployments = deployments
        self._services = services
        self._replicas: list[Replica] = []
        self._leaving: dict[Replica, asyncio.Task[None]] = {}
        self._started = 0
        self._revision = ""
        self._problem = ""
        self._wake = asyncio.Event()
        self.looked = asyncio.Event()
        # Slices that an earlier process of ours left behind count as published.
        self._published = {
            item["metadata"]["name"]: item
            for item in slices.within(key.namespace)
            if item["metadata"].get("labels", {}).get(DEPLOYMENT_LABEL) == key.name
        }

    def look(self) -> None:
        """Something about this Deployment, its Services or its processes has changed."""
        self._wake.set()

    async def run(self) -> None:
        """Follow the Deployment until cancelled; when it is gone its processes are ended."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            deployment = self._deployments.get(*self._key)
            try:
                if deployment is None:
                    await self._publish_slices([])
                    self._retire(self._replicas)
                    self._replicas = []
                else:
                    await self._step(deployment)
            except Exception as error:
                # One Deployment's failure must not stop the others.
                log.warning(
                    "local_node_retries",
                    deployment=self._key.name,
                    error=str(error) or type(error).__name__,
                    exc_info=None if isinstance(error, LmosError) else error,
                )
                asyncio.get_running_loop().call_later(_RETRY_SECONDS, self.look)
            self.looked.set()

    async def stop(self, *, within_seconds: float) -> None:
        """End every process within that time."""
        replicas = [*self._replicas, *self._leaving]
        self._replicas = []
        await asyncio.gather(*(replica.stop(within_seconds=within_seconds) for replica in replicas))

    async def _step(self, deployment: Manifest) -> None:
        surplus = self._settle(deployment)
        await self._publish(deployment)
        # Only now, when nobody is sent to them any more.
        self._retire(surplus)

    def _retire(self, surplus: Iterable[Replica]) -> None:
        """Stop these in the background: their grace period holds up nobody."""
        for replica in surplus:
            self._leaving[replica] = asyncio.create_task(self._end(replica))

    async def _end(self, replica: Replica) -> None:
        await replica.stop()
        del self._leaving[replica]

    def _settle(self, deployment: Manifest) -> list[Replica]:
        """Start what is missing; take out what is no longer wanted and return it, still running."""
        try:
            workload = workload_of(deployment)
            self._problem = ""
        except UnrunnableDeployment as error:
            self._problem = f"{error.message} {error.hint}"
            return []
        self._revision = workload.revision
        current = [replica for replica in self._replicas if replica.workload.revision == workload.revision]
        # Those that answer are the last to go.
        current.sort(key=lambda replica: not replica.is_ready)
        missing = workload.replicas - len(current)
        started = [self._start(workload) for _ in range(missing)]
        old = [replica for replica in self._replicas if replica not in current]
        replaced = old if sum(replica.is_ready for replica in current) >= workload.replicas else []
        surplus = [*current[workload.replicas :], *replaced]
        self._replicas = [replica for replica in (*self._replicas, *started) if replica not in surplus]
        return surplus

    def _start(self, workload: Workload) -> Replica:
        self._started += 1
        name = f"{self._key.name}-{workload.revision}-{self._started}"
        return Replica(
            name,
            workload,
            self._logs / self._key.namespace / f"{name}.log",
            reaper=self._reaper,
            clock=self._clock,
            on_change=self.look,
        )

    async def _publish(self, deployment: Manifest) -> None:
        states = [
            ReplicaState(
                replica.name,
                replica.workload.revision == self._revision,
                replica.is_ready,
                replica.port,
                replica.failure,
            )
            for replica in self._replicas
        ]
        services = [item for item in self._services.within(self._key.namespace) if selects(item, deployment)]
        slices = (endpoint_slices(service, deployment, states) for service in services)
        await self._publish_slices([item for of_service in slices for item in of_service])
        previous = deployment.get("status", {})
        status = with_times(deployment_status(deployment, states, self._problem), previous, self._clock.now())
        if status != previous:
            metadata = {"name": self._key.name, "namespace": self._key.namespace}
            head = {"apiVersion": DEPLOYMENT.api_version, "kind": DEPLOYMENT.kind, "metadata": metadata}
            await self._cluster.apply(
                head | {"status": status}, DEPLOYMENT, manager=LOCAL_NODE, subresource="status"
            )

    async def _publish_slices(self, wanted: list[Manifest]) -> None:
        """Write the slices that changed and delete those that are no longer wanted."""
        names = {item["metadata"]["name"] for item in wanted}
        for item in wanted:
            if self._published.get(item["metadata"]["name"]) != item:
                await self._cluster.apply(item, ENDPOINT_SLICE, manager=LOCAL_NODE)
                self._published[item["metadata"]["name"]] = item
        for name in self._published.keys() - names:
            with contextlib.suppress(ObjectNotFound):
                await self._cluster.delete(ENDPOINT_SLICE, name, self._key.namespace)
            del self._published[name]
