"""One child process: started under the reaper's eye, logged to a file, stopped with grace."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from lmos.localnode.workload import Workload

# The child names itself to the reaper before it becomes the command, so that no kill falls in between.
_INTRODUCE = 'echo "+$$" >&0; exec "$@" </dev/null'


class CannotStart(LmosError):
    """The operating system refused to start a process."""

    code: ClassVar[str] = "CannotStart"


class Reaper:
    """The process that outlives us for as long as it takes to end our children."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("reaper.py")
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-S", "-E", str(script)], stdin=subprocess.PIPE, start_new_session=True
        )
        if self._process.stdin is None:  # pragma: no cover - PIPE was asked for
            raise CannotStart("The reaper has no pipe.")
        self._pipe = self._process.stdin

    def fileno(self) -> int:
        """The pipe that children inherit until they have named themselves."""
        return self._pipe.fileno()

    def forget(self, pid: int) -> None:
        """The process group `pid` has ended."""
        with contextlib.suppress(OSError):
            os.write(self.fileno(), f"-{pid}\n".encode())

    def close(self) -> None:
        """Let it end whatever is left, and wait for that."""
        self._pipe.close()
        self._process.wait()


class ChildProcess:
    """A running command with a port of its own; `exited` is its exit status once it has ended."""

    def __init__(
        self, process: asyncio.subprocess.Process, port: int, grace_seconds: float, reaper: Reaper
    ) -> None:
        self._process = process
        self._grace_seconds = grace_seconds
        self._reaper = reaper
        self.port = port

    @classmethod
    async def start(cls, workload: Workload, log_path: Path, reaper: Reaper) -> Self:
        """
        Start the workload's command with a free port in `PORT`; its output goes to `log_path`.

        Raises:
            CannotStart: The directory does not exist, or the system refuses another process.
        """
        port = _free_port()
        environment = os.environ | dict(workload.environment) | {"PORT": str(port), "HOST": "127.0.0.1"}
        # Commands such as `lmos` and `python` mean the ones of this installation.
        environment["PATH"] = (
            f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
        )
        environment["PYTHONUNBUFFERED"] = "1"
        try:
            log_path.parent.mkdir(parents=True, exist_ok=True)
            with log_path.open("wb") as output:
                process = await asyncio.create_subprocess_exec(
                    "/bin/sh",
                    "-c",
                    _INTRODUCE,
                    "sh",
                    *workload.command,
                    stdin=reaper.fileno(),
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    cwd=workload.directory or None,
                    start_new_session=True,
                )
        except OSError as error:
            raise CannotStart(
                f"{workload.command[0]!r} cannot be started: {error}.",
                hint="Check the directory and the limits of this machine.",
            ) from error
        return cls(process, port, workload.grace_seconds, reaper)

    async def wait(self) -> int:
        """The exit status; negative for the signal that ended it."""
        status = await self._process.wait()
        # What the command itself started and left behind goes with it.
        self._signal(signal.SIGKILL)
        self._reaper.forget(self._process.pid)
        return status

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL after the grace period; returns when it has ended."""
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), self._grace_seconds)
        except TimeoutError:
            self._signal(signal.SIGKILL)
        await self.wait()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
