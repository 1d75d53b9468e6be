"""A runtime of several worker processes behind one port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import structlog

from lmos.apps.logs import configure_logging
from lmos.apps.process import run_process
from lmos.apps.serving import listening_socket
from lmos.core.conversation import owner_of
from lmos.core.errors import LmosError

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

log = structlog.get_logger()

MANAGEMENT = "runtime's management port"

_STOP_SECONDS = 10.0
_PAUSES_SECONDS = (0.1, 0.5, 2.0, 10.0)
"""Before a worker that was killed is started again: longer each time until one has lived for as long."""


class WorkerFailed(LmosError):
    """A worker ended by itself; what it printed says why."""

    code: ClassVar[str] = "WorkerFailed"

    def __init__(self, number: int, status: int) -> None:
        super().__init__(f"Worker {number} ended with status {status}.", hint="Its own message is above.")


@dataclass(frozen=True, slots=True)
class Place:
    """
    What one worker is told: its place among the others, and what all of them serve.

    Attributes:
        number: From 0 on.
        workers: How many there are.
        folder: Of the sockets over which they speak with each other.
        descriptor: The socket on which this one listens for users.
        kubeconfig: Where ChannelRoutings are followed; empty for the cluster's own conventions.
        management: The socket on which all of them tell health and metrics, if there is one.
        host: Where they listen.
        data: Folder of the Conversations.
    """

    number: int
    workers: int
    folder: str
    descriptor: int
    management: int | None
    kubeconfig: str
    host: str
    data: str

    def owns(self, tenant: str, conversation: str) -> bool:
        """Whether a Conversation belongs to this one."""
        return owner_of(tenant, conversation, self.workers) == self.number

    @property
    def descriptors(self) -> list[int]:
        """The sockets that it inherits."""
        return [self.descriptor] if self.management is None else [self.descriptor, self.management]

    def to_json(self) -> str:
        """As an argument of a command."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """As it was given."""
        return cls(**json.loads(text))


def run(
    kubeconfig: Path | None, host: str, port: int, data: str, management_port: int | None, workers: int
) -> None:
    """
    Keep so many workers running until told to stop.

    Raises:
        PortInUse: A port cannot be listened on.
        WorkerFailed: One cannot do its work, and would not be able to a second time.
    """
    configure_logging()
    Path(data).mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        sockets = stack.enter_context(listening_sockets(host, port, workers))
        management = None
        if management_port is not None:
            bound = listening_socket(MANAGEMENT, host, management_port, option="--management-port")
            management = stack.enter_context(bound)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lmos-workers-"))
        shared: dict[str, Any] = {
            "workers": workers,
            "folder": folder,
            "management": management.fileno() if management else None,
            "kubeconfig": str(kubeconfig or ""),
            "host": host,
            "data": data,
        }
        places = [Place(number, descriptor=each.fileno(), **shared) for number, each in enumerate(sockets)]
        told = f", metrics at {_url(host, management)}/metrics" if management else ""
        print(f"Runtime at {_url(host, sockets[0])}, {workers} workers{told}", flush=True)  # noqa: T201 - for whoever started it
        run_process(lambda: _keep_all(places))


def _url(host: str, bound: socket.socket) -> str:
    return f"http://{host}:{bound.getsockname()[1]}"


@contextlib.contextmanager
def listening_sockets(host: str, port: int, count: int) -> Iterator[list[socket.socket]]:
    """
    Sockets on one port, among which the system spreads connections.

    They outlive the workers: connections that come while one is started anew wait for it.
    """
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(listening_socket("runtime", host, port, option="--port", shared=True))
        port = first.getsockname()[1]
        more = [
            stack.enter_context(listening_socket("runtime", host, port, option="--port", shared=True))
            for _ in range(count - 1)
        ]
        yield [first, *more]


async def _keep_all(places: list[Place]) -> None:
    async with asyncio.TaskGroup() as group:
        for place in places:
            group.create_task(_keep(place))


async def _keep(place: Place) -> None:
    """Start a worker again whenever somebody ends it; one that gives up ends us all."""
    loop, tries = asyncio.get_running_loop(), 0
    while True:
        started = loop.time()
        status = await _lived(place)
        if status > 0:
            raise WorkerFailed(place.number, status)
        log.warning("worker_ended", worker=place.number, signal=-status)
        lived_well = loop.time() - started > _PAUSES_SECONDS[-1]
        tries = 0 if lived_well else min(tries + 1, len(_PAUSES_SECONDS) - 1)
        await asyncio.sleep(_PAUSES_SECONDS[tries])


async def _lived(place: Place) -> int:
    """A worker's life, from its start to its exit status."""
    command = [sys.executable, "-m", "lmos.apps.worker", place.to_json()]
    # Not through the event loop (docs/decisions/0014-starting-processes.md). When we are gone, its
    # standard input ends, and so does it.
    process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=place.descriptors)  # noqa: S603, ASYNC220 - our own program
    try:
        return await asyncio.to_thread(process.wait)
    finally:
        if process.poll() is None:
            process.terminate()
            await asyncio.shield(asyncio.to_thread(_end, process))
        if process.stdin is not None:
            process.stdin.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
