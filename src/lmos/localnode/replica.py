"""One replica of a Deployment: a process that is restarted with back-off and watched for readiness."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog

from lmos.core.errors import LmosError
from lmos.localnode.probing import answers
from lmos.localnode.process import ChildProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lmos.localnode.process import Reaper
    from lmos.localnode.workload import Workload
    from lmos.ports.clock import Clock

log = structlog.get_logger()

_STARTING_LOOK_SECONDS = 0.1
_FIRST_BACK_OFF_SECONDS = 0.5
_LAST_BACK_OFF_SECONDS = 30.0
_STEADY_SECONDS = 60.0
_SLOW_SECONDS = 10.0
_LAST_LINES = 5


class Replica:
    """
    Keeps one process of `workload` running until `stop`.

    `on_change` is called whenever `port`, `is_ready` or `failure` has changed.
    """

    def __init__(
        self,
        name: str,
        workload: Workload,
        log_path: Path,
        *,
        reaper: Reaper,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self.name = name
        self.workload = workload
        self.is_ready = False
        self.port: int | None = None
        self.failure = ""
        self._log_path = log_path
        self._reaper = reaper
        self._clock = clock
        self._on_change = on_change
        self._patience_seconds = float("inf")
        self._task = asyncio.create_task(self._keep_running())

    async def stop(self, *, within_seconds: float = float("inf")) -> None:
        """End the process within its grace period, or earlier, and do not start it again."""
        self._patience_seconds = within_seconds
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _keep_running(self) -> None:
        back_off_seconds = _FIRST_BACK_OFF_SECONDS
        while True:
            started = self._clock.monotonic()
            try:
                await self._run_once()
            except LmosError as error:
                self._report(port=None, is_ready=False, failure=error.message)
            if self._clock.monotonic() - started > _STEADY_SECONDS:
                back_off_seconds = _FIRST_BACK_OFF_SECONDS
            await asyncio.sleep(back_off_seconds)
            back_off_seconds = min(back_off_seconds * 2, _LAST_BACK_OFF_SECONDS)

    async def _run_once(self) -> None:
        """Start the process and look after it until it ends."""
        child = ChildProcess.start(self.workload, self._log_path, self._reaper)
        watching = asyncio.create_task(self._watch_readiness(child.port))
        try:
            status = await child.wait()
        except asyncio.CancelledError:
            self._report(port=None, is_ready=False, failure="")
            await child.stop(within_seconds=self._patience_seconds)
            raise
        finally:
            watching.cancel()
        ending = f"was ended by signal {-status}" if status < 0 else f"exited with status {status}"
        log.warning("process_ended", replica=self.name, status=status, log=str(self._log_path))
        self._report(port=None, is_ready=False, failure=f"The process {ending}. {self._last_words()}")

    async def _watch_readiness(self, port: int) -> None:
        probe = self.workload.readiness
        slow_from = self._clock.monotonic() + _SLOW_SECONDS
        failed = 0
        while True:
            if await answers(probe, port):
                failed = 0
                self._report(port=port, is_ready=True, failure="")
            else:
                failed += 1
                if self.is_ready and failed >= probe.failure_threshold:
                    self._report(port=port, is_ready=False, failure=f"Port {port} no longer answers.")
                elif not (self.is_ready or self.failure) and self._clock.monotonic() > slow_from:
                    silence = f"Nothing answers on port {port}, which is in $PORT, after {_SLOW_SECONDS:g} s."
                    self._report(port=None, is_ready=False, failure=f"{silence} {self._last_words()}")
            await asyncio.sleep(probe.period_seconds if self.is_ready else _STARTING_LOOK_SECONDS)

    def _report(self, *, port: int | None, is_ready: bool, failure: str) -> None:
        if (self.port, self.is_ready, self.failure) != (port, is_ready, failure):
            self.port, self.is_ready, self.failure = port, is_ready, failure
            self._on_change()

    def _last_words(self) -> str:
        """The end of the log, for those who ask why."""
        with contextlib.suppress(OSError):
            lines = self._log_path.read_text(errors="replace").strip().splitlines()[-_LAST_LINES:]
            if lines:
                return f"Its last words: {' | '.join(lines)} (all of them: {self._log_path})"
        return f"Its log: {self._log_path}"
