"""A runtime in front of Agents of this machine, to be measured: processes started, watched and stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Standing:
    """A process and all that it started, behind one port."""

    pid: int
    port: int

    @property
    def pids(self) -> list[int]:
        """The process and its children."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    def cpu_seconds(self) -> float:
        """What all of them have worked so far."""
        stats = (Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in self.pids)
        return sum(int(fields[11]) + int(fields[12]) for fields in stats) / _TICKS

    def resident_megabytes(self) -> int:
        """What all of them hold in memory."""
        return sum(_resident_kilobytes(pid) for pid in self.pids) // 1024


@contextlib.contextmanager
def runtime(kubeconfig: Path, folder: str, *options: str) -> Iterator[Standing]:
    """`lmos runtime` with a fresh data folder, once it serves acme/web."""
    port = free_port()
    own = ("--kubeconfig", str(kubeconfig), "--port", str(port), "--data", f"{folder}/runtime-{port}")
    command = [sys.executable, "-m", "lmos.cli.main", "runtime", *own, *options]
    with process(command, Path(folder) / f"runtime-{port}.log") as started:
        _wait_for(f"http://127.0.0.1:{port}/apis/v1/agents/acme/web")
        # Each of several workers has its own port queue; until all have read the routing, some wait.
        time.sleep(1.0 if "--workers" in options else 0.0)
        yield Standing(started.pid, port)


@contextlib.contextmanager
def process(command: list[str], log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process until the block ends; then it is told to stop."""
    with (log or Path(os.devnull)).open("wb") as output:
        started = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            yield started
        finally:
            started.send_signal(signal.SIGTERM)
            started.wait(timeout=30)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def manifests(*agents: dict[str, Any]) -> dict[str, Any]:
    """Agents, and the Channel acme/web that requires all that they provide."""
    provided = [can for agent in agents for can in agent["spec"]["providedCapabilities"]]
    channel = {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Channel",
        "metadata": {
            "name": "acme-web",
            "namespace": "default",
            "labels": {"tenant": "acme", "channel": "web", "version": "1"},
        },
        "spec": {
            "requiredCapabilities": [{"name": can["name"], "version": can["version"]} for can in provided]
        },
    }
    return {"apiVersion": "v1", "kind": "List", "items": [*agents, channel]}


def agent(name: str, port: int, capabilities: dict[str, list[str]]) -> dict[str, Any]:
    """An Agent on this machine; `capabilities` are names with examples."""
    return {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Agent",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "supportedTenants": ["acme"],
            "supportedChannels": ["web"],
            "providedCapabilities": [
                {"name": name, "version": "1.0.0", "description": f"About {name}", "examples": examples}
                for name, examples in capabilities.items()
            ],
            "endpoint": {"host": "127.0.0.1", "port": port},
        },
    }


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310 - loopback
            return
        time.sleep(0.05)
    raise SystemExit(f"{url} did not answer within {_START_SECONDS:g} s.")


def _resident_kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
