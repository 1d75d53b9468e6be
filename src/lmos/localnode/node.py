"""The local node: what a cluster does with Deployments, Pods and Services, on one machine."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from typing import TYPE_CHECKING

from lmos.core.errors import LmosError
from lmos.core.resources.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    EVENT,
    POD,
    POD_METRICS,
    SECRET,
    SERVICE,
    Kind,
    Manifest,
)
from lmos.core.resources.slices import LOCAL_NODE, LOCAL_SLICES
from lmos.core.resources.workload import PORT
from lmos.localnode.addresses import SlicePublisher, stands_for
from lmos.localnode.configuration import mentions
from lmos.localnode.events import event_of
from lmos.localnode.log_files import read_log
from lmos.localnode.pod_run import Host, PodRun, log_name, pod_folder
from lmos.localnode.pod_status import is_leaving, pod_status
from lmos.localnode.process import Ports
from lmos.localnode.rolling import deployment_status, next_step, pod_of
from lmos.localnode.usage import Usage, pod_metrics, usages_of
from lmos.localnode.work_queue import WorkQueue
from lmos.ports.cluster import ObjectNotFound
from lmos.ports.informer import Informer, Key, key_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from lmos.localnode.process import Reaper
    from lmos.ports.clock import Clock
    from lmos.ports.cluster import Cluster
    from lmos.ports.informer import Observed
    from lmos.ports.pod_logs import LogRequest

_STOP_SECONDS = 2.0
"""When the node itself stops, nobody waits longer for an Agent."""
_LINGER_SECONDS = 0.1
"""Between the last time that anybody was sent to a process and its end: who was on the way gets an answer."""

_RETRY_SECONDS = 1.0
_FIRST_USAGE_SECONDS, _USAGE_SECONDS = 2.0, 15.0


class LocalNode:
    """
    Gives Deployments their Pods, runs every Pod as a child process, and Services their addresses.

    Args:
        cluster: Where manifests are read, and Pods, statuses and EndpointSlices written.
        clock: For back-off and the times of conditions and logs.
        folder: Logs and volumes of the Pods, `<namespace>/<pod>/`.
        reaper: Ends the processes when this one is killed.

    Attributes:
        looked: Set once the status of every Deployment says what is true now.
    """

    def __init__(self, cluster: Cluster, clock: Clock, folder: Path, reaper: Reaper) -> None:
        self._cluster = cluster
        self._clock = clock
        self._folder = folder
        self._deployments = Informer(cluster, DEPLOYMENT)
        self._pods = Informer(cluster, POD)
        self._services = Informer(cluster, SERVICE)
        self._slices = Informer(cluster, ENDPOINT_SLICE, labels=LOCAL_SLICES)
        self._configuration = {kind: Informer(cluster, kind) for kind in (CONFIG_MAP, SECRET)}
        self._host = Host(clock, reaper, Ports(), folder, self._find, self._is_served)
        self._publisher = SlicePublisher(cluster, self._services, self._pods, self._slices)
        self._deployments_to_see = WorkQueue("Deployment", self._see_to_deployment)
        self._statuses_to_write = WorkQueue("Pod", self._write_status)
        self._services_to_publish = WorkQueue("Service", self._publisher.publish)
        self._runs: dict[str, PodRun] = {}
        self._endings: dict[str, asyncio.Task[None]] = {}
        self.looked = asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled; then every process is stopped, and the Pods stay for the next start."""
        informers = (
            self._deployments,
            self._pods,
            self._services,
            self._slices,
            *self._configuration.values(),
        )
        queues = (self._statuses_to_write, self._services_to_publish, self._deployments_to_see)
        try:
            async with asyncio.TaskGroup() as group:
                for informer in informers:
                    group.create_task(informer.run())
                await asyncio.gather(*(informer.synced.wait() for informer in informers))
                self._begin()
                for queue in queues:
                    group.create_task(queue.run())
                    await queue.settled()
                self.looked.set()
                group.create_task(self._publish_usage())
        finally:
            endings = tuple(self._endings.values())
            for task in endings:
                task.cancel()
            await asyncio.gather(*endings, return_exceptions=True)
            await asyncio.gather(*(run.stop(_STOP_SECONDS) for run in self._runs.values()))

    def _begin(self) -> None:
        """Take over what an earlier node left, and follow the changes from here on."""
        there = {key_of(pod) for pod in self._pods}
        for folder in self._folder.glob("*/*"):
            if Key(folder.parent.name, folder.name) not in there:
                shutil.rmtree(folder, ignore_errors=True)
        for pod in self._pods:
            self._take_in(pod)
            self._statuses_to_write.add(key_of(pod))
        for service in self._services:
            self._services_to_publish.add(key_of(service))
        for deployment in self._deployments:
            self._deployments_to_see.add(key_of(deployment))
        self._deployments.on_change(lambda seen: self._deployments_to_see.add(seen.key))
        self._services.on_change(lambda seen: self._services_to_publish.add(seen.key))
        self._pods.on_change(self._pod_changed)
        for informer in self._configuration.values():
            informer.on_change(self._configuration_changed)

    async def read(self, pod: Manifest, request: LogRequest) -> AsyncIterator[bytes]:
        """The log of a Pod, as `PodLogs` promises it."""
        run = self._runs.get(pod["metadata"]["uid"])
        (container, *_) = (pod.get("status") or {}).get("containerStatuses") or [{}]
        latest = run.state.restarts if run else container.get("restartCount", 0)
        is_running = run is not None and run.pid is not None
        # While the next process waits, the last one is the previous one as well.
        number = latest - 1 if request.previous and is_running else latest

        def is_written() -> bool:
            return run is not None and run.pid is not None and run.state.restarts == number

        path = pod_folder(self._folder, pod) / log_name(number)
        async for piece in read_log(path, request, is_written):
            yield piece

    def _pod_changed(self, seen: Observed) -> None:
        for pod in (seen.before, seen.after):
            if pod is None:
                continue
            for owner in pod["metadata"].get("ownerReferences") or ():
                self._deployments_to_see.add(Key(seen.key.namespace, owner["name"]))
            for service in self._services:
                if stands_for(service, pod):
                    self._services_to_publish.add(key_of(service))
        before, after = (pod and pod["metadata"]["uid"] for pod in (seen.before, seen.after))
        if seen.before and before != after:
            self._let_go(seen.before)
        if seen.after:
            self._take_in(seen.after)

    def _take_in(self, pod: Manifest) -> None:
        """Run a Pod that is new, or end one that is to go."""
        uid = pod["metadata"]["uid"]
        if "deletionTimestamp" in pod["metadata"]:
            self._let_go(pod)
        elif uid in self._runs:
            self._runs[uid].pod = pod
        elif not is_leaving(pod):
            self._runs[uid] = PodRun(pod, self._host, lambda: self._statuses_to_write.add(key_of(pod)))

    def _let_go(self, pod: Manifest) -> None:
        """End a Pod in the background: its grace period holds up nobody."""
        uid = pod["metadata"]["uid"]
        if uid not in self._endings:
            task = self._endings[uid] = asyncio.create_task(self._end(pod))
            task.add_done_callback(lambda _: self._endings.pop(uid))

    async def _end(self, pod: Manifest) -> None:
        metadata = pod["metadata"]
        run = self._runs.get(metadata["uid"])
        if run:
            # Only when nobody is sent there any more.
            await self._services_to_publish.settled()
            grace_seconds = metadata.get("deletionGracePeriodSeconds")
            if run.state.is_ready and grace_seconds != 0:
                await asyncio.sleep(_LINGER_SECONDS)
            await run.stop(grace_seconds)
            shutil.rmtree(run.folder, ignore_errors=True)
            del self._runs[metadata["uid"]]
        name, namespace, uid = metadata["name"], metadata["namespace"], metadata["uid"]
        while True:
            try:
                with contextlib.suppress(ObjectNotFound):
                    await self._cluster.delete(POD, name, namespace, uid=uid, grace_seconds=0)
            except LmosError:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    async def _see_to_deployment(self, key: Key) -> None:
        """One step of a Deployment towards what it asks for; what it changes brings the next."""
        deployment = self._deployments.get(*key)
        if deployment is None:
            return
        step = next_step(deployment, self._pods_of(deployment))
        for _ in range(step.create):
            self._pods.learn(await self._cluster.create(pod_of(deployment), POD))
        for pod in step.delete:
            name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
            with contextlib.suppress(ObjectNotFound):
                await self._cluster.delete(POD, name, key.namespace, uid=uid)
                self._pods.learn(await self._cluster.get(POD, name, key.namespace))
        status = deployment_status(deployment, self._pods_of(deployment), self._clock.now())
        if status != deployment.get("status"):
            await self._apply_status(DEPLOYMENT, key, status)

    async def _write_status(self, key: Key) -> None:
        """Tell what a Pod's process does, and where it listens."""
        pod = self._pods.get(*key)
        run = self._runs.get(pod["metadata"]["uid"]) if pod else None
        if pod is None or run is None:
            return
        annotations = pod["metadata"].get("annotations") or {}
        port = str(run.state.port) if run.state.port else None
        if annotations.get(PORT) != port or not pod["spec"].get("nodeName"):
            binding = {"metadata": {"annotations": {PORT: port}}, "spec": {"nodeName": LOCAL_NODE}}
            pod = await self._cluster.patch(POD, key.name, key.namespace, binding)
        status = pod_status(pod, run.state, self._clock.now())
        if status != pod.get("status"):
            pod = await self._apply_status(POD, key, status)
            if event := event_of(pod, run.state, self._clock.now()):
                await self._cluster.apply(event, EVENT, manager=LOCAL_NODE)
        self._pods.learn(pod)

    async def _apply_status(self, kind: Kind, key: Key, status: Manifest) -> Manifest:
        metadata = {"name": key.name, "namespace": key.namespace}
        manifest = {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": metadata,
            "status": status,
        }
        return await self._cluster.apply(manifest, kind, manager=LOCAL_NODE, subresource="status")

    def _pods_of(self, deployment: Manifest) -> list[Manifest]:
        metadata = deployment["metadata"]
        return [
            pod
            for pod in self._pods.within(metadata["namespace"])
            if any(owner["uid"] == metadata["uid"] for owner in pod["metadata"].get("ownerReferences") or ())
        ]

    def _configuration_changed(self, seen: Observed) -> None:
        changed = seen.after or seen.before
        for run in self._runs.values():
            if changed and mentions(run.pod, changed):
                run.configuration_changed()

    def _find(self, kind: Kind, namespace: str, name: str) -> Manifest | None:
        return self._configuration[kind].get(namespace, name)

    def _is_served(self, pod: Manifest) -> bool:
        return any(stands_for(service, pod) for service in self._services)

    async def _publish_usage(self) -> None:
        """Measure what every process uses, as a metrics server does."""
        before: dict[str, Usage] = {}
        seconds = _FIRST_USAGE_SECONDS
        while True:
            await asyncio.sleep(seconds)
            running = {uid: run for uid, run in self._runs.items() if run.pid}
            after = await asyncio.to_thread(usages_of, {uid: run.pid or 0 for uid, run in running.items()})
            for uid, usage in after.items():
                earlier = before.get(uid, Usage(0.0, 0))
                metrics = pod_metrics(running[uid].pod, earlier, usage, seconds, self._clock.now())
                with contextlib.suppress(LmosError):
                    await self._cluster.apply(metrics, POD_METRICS, manager=LOCAL_NODE)
            before, seconds = after, _USAGE_SECONDS
