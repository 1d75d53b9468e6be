"""One child process: started under the reaper's eye, logged to a file, stopped with grace."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from lmos.core.errors import LmosError
from lmos.localnode.workload import with_variables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

    from lmos.localnode.workload import Workload

    Output = int | IO[bytes]

LOOPBACK = "127.0.0.1"

# The child names itself to the reaper before it becomes the command, so that no kill falls in between.
_INTRODUCE = 'echo "+$$" >&0; exec "$@" </dev/null'


class CannotStart(LmosError):
    """The operating system refused to start a process."""

    code: ClassVar[str] = "CannotStart"


class Reaper:
    """
    The process that outlives us for as long as it takes to end our children.

    Use it as a context manager; afterwards none of them is left.
    """

    def __init__(self) -> None:
        script = Path(__file__).with_name("reaper.py")
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-S", "-E", str(script)], stdin=subprocess.PIPE, start_new_session=True
        )
        if self._process.stdin is None:  # pragma: no cover - PIPE was asked for
            raise CannotStart("The reaper has no pipe.")
        self._pipe = self._process.stdin

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def start(
        self,
        command: Sequence[str],
        *,
        stdout: Output,
        stderr: Output,
        environment: Mapping[str, str] | None = None,
        directory: str = "",
    ) -> subprocess.Popen[bytes]:
        """
        Start `command` in a process group of its own, which ends at the latest when we do.

        Not through the event loop: uvloop forks, and the libraries that numpy stands on wait in a fork
        for their own threads, which wait for this one (docs/decisions/0014-starting-processes.md).

        Raises:
            CannotStart: The directory does not exist, or the system refuses another process.
        """
        try:
            return subprocess.Popen(  # noqa: S603 - what the Deployment asks for
                ("/bin/sh", "-c", _INTRODUCE, "sh", *command),
                stdin=self._pipe.fileno(),
                stdout=stdout,
                stderr=stderr,
                env=environment,
                cwd=directory or None,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise CannotStart(
                f"{command[0]!r} cannot be started: {error}.",
                hint="Check the command, its directory and the limits of this machine.",
            ) from error

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        """The process has ended; end what it left behind."""
        self.kill(process)
        with contextlib.suppress(OSError):
            os.write(self._pipe.fileno(), f"-{process.pid}\n".encode())

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a process and all that it started, at once."""
        signal_group(process, signal.SIGKILL)

    def close(self) -> None:
        """Let it end whatever is left, and wait for that."""
        self._pipe.close()
        self._process.wait()


def signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a process and all that it started; nothing happens where they are gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


class ChildProcess:
    """A running command with a port of its own."""

    # Ports handed out by this process: two children that start together must not get the same one.
    _ports: ClassVar[set[int]] = set()

    def __init__(
        self, process: subprocess.Popen[bytes], port: int, grace_seconds: float, reaper: Reaper
    ) -> None:
        self._process = process
        self._exited = _exit_of(process)
        self._grace_seconds = grace_seconds
        self._reaper = reaper
        self.port = port

    @classmethod
    def start(cls, workload: Workload, log_path: Path, reaper: Reaper) -> Self:
        """
        Start the workload's command with a free port in `PORT`; its output goes to `log_path`.

        Raises:
            CannotStart: The directory does not exist, or the system refuses another process or log.
        """
        port = _free_port(cls._ports)
        cls._ports.add(port)
        try:
            command, environment = _expanded(workload, port)
            with _log(log_path) as output:
                process = reaper.start(
                    command,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    environment=environment,
                    directory=workload.directory,
                )
        except BaseException:
            cls._ports.discard(port)
            raise
        return cls(process, port, workload.grace_seconds, reaper)

    async def wait(self) -> int:
        """The exit status; negative for the signal that ended it."""
        status = await asyncio.shield(self._exited)
        self._reaper.forget(self._process)
        self._ports.discard(self.port)
        return status

    async def stop(self, *, within_seconds: float = float("inf")) -> None:
        """
        SIGTERM, and SIGKILL after the workload's grace period, or earlier; returns when it has ended.

        Whoever does not wait for that, by cancelling, has it killed at once.
        """
        signal_group(self._process, signal.SIGTERM)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(self._grace_seconds, within_seconds)):
                    await asyncio.shield(self._exited)
        finally:
            self._reaper.kill(self._process)
        await self.wait()


def _exit_of(process: subprocess.Popen[bytes]) -> asyncio.Future[int]:
    """The exit status to come, waited for on a thread of its own."""
    loop = asyncio.get_running_loop()
    exited: asyncio.Future[int] = loop.create_future()

    def settle(status: int) -> None:
        if not exited.done():
            exited.set_result(status)

    def wait() -> None:
        status = process.wait()
        # The loop may be over by then: nobody asks any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, status)

    threading.Thread(target=wait, name=f"wait-{process.pid}", daemon=True).start()
    return exited


def _expanded(workload: Workload, port: int) -> tuple[tuple[str, ...], dict[str, str]]:
    """Command and environment, with the references to variables filled in that Kubernetes fills in."""
    own = {"PORT": str(port), "HOST": LOOPBACK}
    variables = dict(workload.environment) | own
    given = {name: with_variables(value, variables) for name, value in variables.items()}
    environment = os.environ | given
    # Commands such as `lmos` and `python` mean the ones of this installation.
    search = environment.get("PATH", os.defpath)
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{search}"
    environment["PYTHONUNBUFFERED"] = "1"
    return tuple(with_variables(word, given) for word in workload.command), environment


def _log(path: Path) -> IO[bytes]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")
    except OSError as error:
        raise CannotStart(
            f"The log {path} cannot be written: {error.strerror}.",
            hint="Free some space, or mend the permissions of its folder.",
        ) from error


def _free_port(taken: set[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port
