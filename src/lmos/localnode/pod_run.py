"""One Pod's process: started, probed, restarted with back-off, and stopped with grace."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from lmos.core.errors import LmosError
from lmos.localnode.container import container_of, only_container
from lmos.localnode.log_files import last_lines
from lmos.localnode.mounting import write_mounts
from lmos.localnode.pod_status import CRASHED, ended, state_after_restart
from lmos.localnode.probes import Probe, failure, probe_of, verdicts
from lmos.localnode.process import ChildProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lmos.core.resources.kinds import Manifest
    from lmos.localnode.configuration import Find
    from lmos.localnode.pod_status import PodState
    from lmos.localnode.process import Ports, Reaper
    from lmos.ports.clock import Clock

log = structlog.get_logger()

_FIRST_BACK_OFF_SECONDS = 0.5
_LAST_BACK_OFF_SECONDS = 30.0
_STEADY_SECONDS = 60.0
_SLOW_SECONDS = 10.0
_LOOK_SECONDS = 0.1
_LAST_LINES = 5
_GRACE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Host:
    """
    What every Pod of a machine shares.

    Attributes:
        clock: For back-off and times.
        reaper: Ends the processes when this one is killed.
        ports: Hands out free ports.
        folder: Logs and volumes, `<namespace>/<pod>/`.
        find: Looks up ConfigMaps and Secrets by kind, namespace and name.
        is_served: Whether a Service stands for a Pod.
    """

    clock: Clock
    reaper: Reaper
    ports: Ports
    folder: Path
    find: Find
    is_served: Callable[[Manifest], bool]


def pod_folder(folder: Path, pod: Manifest) -> Path:
    """Where a Pod's logs and volumes are, below the folder of all."""
    metadata = pod["metadata"]
    return folder / str(metadata["namespace"]) / str(metadata["name"])


def log_name(restarts: int) -> str:
    """The log of the process that so many restarts came before."""
    return f"{restarts}.log"


class PodRun:
    """
    Keeps the process of one Pod running until `stop`.

    `on_change` is called whenever `state` has changed.
    """

    def __init__(self, pod: Manifest, host: Host, on_change: Callable[[], None]) -> None:
        self.pod = pod
        self.state = state_after_restart(pod, host.clock.now())
        self.folder = pod_folder(host.folder, pod)
        self._root = self.folder / "root"
        self._host = host
        self._on_change = on_change
        self._child: ChildProcess | None = None
        self._configured = asyncio.Event()
        self._grace_seconds = float(pod["spec"].get("terminationGracePeriodSeconds", _GRACE_SECONDS))
        self._task = asyncio.create_task(self._keep_running())

    @property
    def pid(self) -> int | None:
        """The process, None while there is none."""
        return self._child.pid if self._child else None

    def configuration_changed(self) -> None:
        """A ConfigMap or Secret of its changed: mounted files follow, and a Pod that waited for it starts."""
        self._configured.set()
        if self._child and self.state.port:
            with contextlib.suppress(LmosError):
                container = container_of(
                    self.pod, port=self.state.port, root=str(self._root), find=self._host.find
                )
                write_mounts(container.mounts, self._root)

    async def stop(self, grace_seconds: float | None = None) -> None:
        """End the process within the Pod's grace period, or this one, and do not start it again."""
        self._grace_seconds = self._grace_seconds if grace_seconds is None else grace_seconds
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _keep_running(self) -> None:
        back_off_seconds = _FIRST_BACK_OFF_SECONDS
        while True:
            began = self._host.clock.monotonic()
            self._configured.clear()
            try:
                await self._run_once()
            except LmosError as error:
                self._set(replace(self.state, waiting=(error.code, f"{error.message} {error.hint}".strip())))
            if self._is_over():
                self._set(replace(self.state, is_over=True))
                return
            if self._host.clock.monotonic() - began > _STEADY_SECONDS:
                back_off_seconds = _FIRST_BACK_OFF_SECONDS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(back_off_seconds):
                    await self._configured.wait()
            back_off_seconds = min(back_off_seconds * 2, _LAST_BACK_OFF_SECONDS)

    def _is_over(self) -> bool:
        """Whether the restart policy wants no further process."""
        policy, last = self.pod["spec"].get("restartPolicy", "Always"), self.state.last
        if last is None or self.state.waiting[0] != CRASHED:
            return False
        return policy == "Never" or (policy == "OnFailure" and last.exit_code == 0)

    async def _run_once(self) -> None:
        """Start the process and look after it until it ends."""
        port = self._host.ports.take()
        try:
            container = container_of(self.pod, port=port, root=str(self._root), find=self._host.find)
            probes = self._probes()
            write_mounts(container.mounts, self._root)
            restarts = self.state.restarts + (1 if self.state.last else 0)
            path = self.folder / log_name(restarts)
            child = ChildProcess.start(container, path, self._host.clock, self._host.reaper)
            for forgotten in self.folder.glob(f"{log_name(restarts - 2)}*"):
                forgotten.unlink(missing_ok=True)
            self._child = child
            started_at = self._host.clock.now()
            self._set(replace(self.state, port=port, started_at=started_at, restarts=restarts))
            status, verdict = await self._look_after(child, probes, port)
        finally:
            self._child = None
            self._host.ports.give_back(port)
            self._set(replace(self.state, port=None, started_at=None, is_ready=False, complaint=""))
        ending = f"was ended by signal {-status}" if status < 0 else f"exited with status {status}"
        log.warning("process_ended", pod=self.pod["metadata"]["name"], status=status, log=str(path))
        said = f"The process {verdict or ending}. {self._last_words(path)}"
        last = ended(status, said, started_at, self._host.clock.now())
        self._set(replace(self.state, last=last, waiting=(CRASHED, said)))

    async def _look_after(self, child: ChildProcess, probes: dict[str, Probe], port: int) -> tuple[int, str]:
        """The exit status, and why it was stopped where a probe was the reason."""
        exiting = asyncio.create_task(child.wait())
        slow_from = self._host.clock.monotonic() + _SLOW_SECONDS
        watching = asyncio.create_task(self._watch(probes, port, slow_from))
        try:
            await asyncio.wait({exiting, watching}, return_when=asyncio.FIRST_COMPLETED)
            if exiting.done():
                return exiting.result(), ""
            return await child.stop(self._grace_seconds), watching.result()
        except asyncio.CancelledError:
            self._set(replace(self.state, is_ready=False))
            await child.stop(self._grace_seconds)
            raise
        finally:
            exiting.cancel()
            watching.cancel()

    def _probes(self) -> dict[str, Probe]:
        container = only_container(self.pod)
        read = {name: probe_of(container, f"{name}Probe") for name in ("startup", "liveness")}
        readiness = probe_of(container, "readinessProbe", is_eager=True) or Probe(is_eager=True)
        return {"readiness": readiness} | {name: probe for name, probe in read.items() if probe}

    async def _watch(self, probes: dict[str, Probe], port: int, slow_from: float) -> str:
        """Follow the probes; returns why the process is to be restarted, once it is."""
        startup, liveness = probes.get("startup"), probes.get("liveness")
        if startup and not await anext(verdicts(startup, port)):
            return "did not answer its startup probe and was stopped"
        async with asyncio.TaskGroup() as group:
            watching = [
                group.create_task(self._watch_readiness(probes["readiness"], port)),
                group.create_task(self._judge_silence(port, slow_from)),
            ]
            if liveness:
                await failure(liveness, port)
                for task in watching:
                    task.cancel()
        return "did not answer its liveness probe and was stopped"

    async def _watch_readiness(self, probe: Probe, port: int) -> None:
        async for answers in verdicts(probe, port):
            gone = f"Port {port} no longer answers." if self.state.is_ready and not answers else ""
            self._set(replace(self.state, is_ready=answers, complaint=gone))

    async def _judge_silence(self, port: int, slow_from: float) -> None:
        """Somebody who listens nowhere is a mistake where others want to reach him, else he just works."""
        while self._host.clock.monotonic() <= slow_from:
            if self.state.is_ready:
                return
            await asyncio.sleep(_LOOK_SECONDS)
        container = only_container(self.pod)
        if container.get("ports") or container.get("readinessProbe") or self._host.is_served(self.pod):
            silence = f"Nothing answers on port {port}, which is in $PORT, after {_SLOW_SECONDS:g} s."
            words = self._last_words(self.folder / log_name(self.state.restarts))
            self._set(replace(self.state, complaint=f"{silence} {words}"))
        else:
            self._set(replace(self.state, is_ready=True))

    def _set(self, state: PodState) -> None:
        if state != self.state:
            self.state = state
            self._on_change()

    def _last_words(self, path: Path) -> str:
        """The end of the log, for those who ask why."""
        if lines := last_lines(path, _LAST_LINES):
            return f"Its last words: {' | '.join(lines)} (all of them: {path})"
        return f"Its log: {path}"
