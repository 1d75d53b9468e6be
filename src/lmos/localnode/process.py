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
from lmos.localnode.configuration import LOOPBACK
from lmos.localnode.log_files import LogWriter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

    from lmos.localnode.container import Container
    from lmos.ports.clock import Clock

    Output = int | IO[bytes]

_LOG_SECONDS = 2.0

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


class Ports:
    """Hands out free ports; two processes that start together do not get the same one."""

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def take(self) -> int:
        """A port on which nobody listens."""
        while True:
            with socket.socket() as probe:
                probe.bind((LOOPBACK, 0))
                port: int = probe.getsockname()[1]
            if port not in self._taken:
                self._taken.add(port)
                return port

    def give_back(self, port: int) -> None:
        """Nobody of ours listens there any more."""
        self._taken.discard(port)


class ChildProcess:
    """A running command whose output goes to a log."""

    def __init__(self, process: subprocess.Popen[bytes], log: LogWriter, reaper: Reaper) -> None:
        self._process = process
        self._exited = _exit_of(process)
        self._log = log
        self._reaper = reaper

    @property
    def pid(self) -> int:
        """Its process id, which is its process group's as well."""
        return self._process.pid

    @classmethod
    def start(cls, container: Container, log_path: Path, clock: Clock, reaper: Reaper) -> Self:
        """
        Start the container's command; what it prints goes to `log_path` with times and without Secrets.

        Raises:
            CannotStart: The directory does not exist, or the system refuses another process or log.
        """
        _begin(log_path)
        readable, writable = os.pipe()
        try:
            process = reaper.start(
                container.command,
                stdout=writable,
                stderr=subprocess.STDOUT,
                environment=_environment(container),
                directory=container.directory,
            )
        except BaseException:
            os.close(readable)
            raise
        finally:
            os.close(writable)
        log = LogWriter(readable, log_path, container.secrets, clock)
        log.start()
        return cls(process, log, reaper)

    async def wait(self) -> int:
        """The exit status, negative for the signal that ended it; its log is complete by then."""
        status = await asyncio.shield(self._exited)
        # What it left behind goes as well, so nobody holds the log open.
        self._reaper.forget(self._process)
        await asyncio.to_thread(self._log.join, _LOG_SECONDS)
        return status

    async def stop(self, grace_seconds: float) -> int:
        """
        SIGTERM, and SIGKILL after the grace period; returns when it has ended.

        Whoever does not wait for that, by cancelling, has it killed at once.
        """
        signal_group(self._process, signal.SIGTERM)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace_seconds):
                    await asyncio.shield(self._exited)
        finally:
            self._reaper.kill(self._process)
        return await self.wait()


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


def _environment(container: Container) -> dict[str, str]:
    environment = os.environ | container.environment
    # Commands such as `lmos` and `python` mean the ones of this installation.
    search = environment.get("PATH", os.defpath)
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{search}"
    environment["PYTHONUNBUFFERED"] = "1"
    return environment


def _begin(path: Path) -> None:
    """An empty log that nobody else can read."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise CannotStart(
            f"The log {path} cannot be written: {error.strerror}.",
            hint="Free some space, or mend the permissions of its folder.",
        ) from error
