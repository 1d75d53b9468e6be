"""A real `lmos up` to measure: started as a process, watched from outside, stopped."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 60.0
_LOOK_SECONDS = 0.01


class DidNotStart(Exception):
    """`lmos up` ended, or was not ready in time."""


def conditions() -> dict[str, Any]:
    """What a figure depends on and does not say: processors, Python, and what else the machine is doing."""
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load_average": round(os.getloadavg()[0], 1),
    }


@dataclass(frozen=True, slots=True)
class Machine:
    """A running `lmos up`."""

    pid: int
    started_at: float
    api: str
    operator: str
    runtime: str
    kubeconfig: Path

    def memory_megabytes(self) -> dict[str, float]:
        """Proportional set size of each process, by what it runs; shared pages count in part."""
        return {f"{pid} {_title(pid)}": _pss(pid) for pid in (self.pid, *_descendants(self.pid))}


@contextmanager
def machine(*paths: Path) -> Iterator[Machine]:
    """Start `lmos up` on `paths` with a fresh data folder and free ports; stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="lmos-bench-") as folder:
        data = Path(folder)
        output = data / "output.txt"
        ports = ("--api-port", "0", "--operator-port", "0", "--runtime-port", "0")
        command = [sys.executable, "-m", "lmos.cli.main", "up", *map(str, paths), "--data", folder, *ports]
        started_at = time.monotonic()
        with output.open("w") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            endpoints = _wait_for(data / "endpoints.json", process, output)
            yield Machine(process.pid, started_at, **endpoints, kubeconfig=data / "kubeconfig")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


def _wait_for(path: Path, process: subprocess.Popen[bytes], output: Path) -> dict[str, str]:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if path.exists():
            endpoints: dict[str, str] = json.loads(path.read_text())
            return endpoints
        if process.poll() is not None:
            break
        time.sleep(_LOOK_SECONDS)
    raise DidNotStart(output.read_text())


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [each for child in map(int, children) for each in (child, *_descendants(child))]


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _title(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    return " ".join(Path(word).name if word.startswith("/") else word for word in words[:6]).strip()
