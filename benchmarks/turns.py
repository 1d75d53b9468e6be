"""
The runtime in front of an Agent that answers at once, beside asking that Agent directly.

    python -m benchmarks.turns [--clients 1 16 64] [--rounds 3] [--seconds 3]

The runtime is a process of its own and is told the Agent (`explicitAgent`). "Direct" opens a new WebSocket
for each Turn. "Idle" is an app behind the same HTTP server that does nothing for its answer. Rounds are
interleaved, figures are medians, and what counts are the ratios.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.machine import machine

if TYPE_CHECKING:
    from collections.abc import Iterator

Runs = list[dict[str, Any]]
"""What the load client said, a round each."""

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench"
_START_SECONDS = 30.0
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print one line for each number of clients, then the runtime's memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    if not BENCH.is_dir():
        print(f"Skipped: {BENCH} is not there.")
        return
    with tempfile.TemporaryDirectory(prefix="lmos-bench-") as folder:
        agent, idle = _free_port(), _free_port()
        manifests = Path(folder) / "manifests.json"
        manifests.write_text(json.dumps(_manifests(agent)), encoding="utf-8")
        stub = [sys.executable, str(BENCH / "stub_agent.py"), "--port", str(agent)]
        with (
            _process(stub),
            _process([sys.executable, "-m", "benchmarks.idle_app", str(idle)]),
            machine(manifests) as control,
            _runtime(control.kubeconfig, folder) as (pid, port),
        ):
            for clients in options.clients:
                load = (clients, options.seconds)
                _report(clients, *_rounds(load, options.rounds, (agent, idle, port), pid))
            print(f"memory of the runtime: {_resident_megabytes(pid)} MB")


def _rounds(
    load: tuple[int, float], rounds: int, ports: tuple[int, int, int], pid: int
) -> tuple[Runs, Runs, Runs]:
    """What the load client measured directly, idly and through the runtime, one after the other."""
    agent, idle, runtime = ports
    body = ("--body", str(BENCH / "body.json"))
    direct, idly, through = [], [], []
    for _ in range(rounds):
        direct.append(_load("ws-new", agent, *load))
        idly.append(_load("http", idle, *load, *body))
        before = _cpu_seconds(pid)
        measured = _load("http", runtime, *load, *body)
        turns = measured["n"] + measured["warm_n"]
        through.append(measured | {"cpu_ms": (_cpu_seconds(pid) - before) * 1000 / turns})
    return direct, idly, through


def _load(mode: str, port: int, clients: int, seconds: float, *more: str) -> dict[str, Any]:
    command = [sys.executable, str(BENCH / "load.py"), "--mode", mode, "--port", str(port), *more]
    sizes = ["--conc", str(clients), "--secs", str(seconds), "--warm", "100"]
    found = subprocess.run([*command, *sizes], check=True, capture_output=True, text=True)
    measured: dict[str, Any] = json.loads(found.stdout)
    failed = {status: count for status, count in measured["status"].items() if status != "200"}
    if failed:
        raise SystemExit(f"{mode} with {clients} clients: {failed}")
    return measured


def _report(clients: int, direct: Runs, idly: Runs, through: Runs) -> None:
    def middle(runs: Runs, field: str) -> float:
        return median(float(run[field]) for run in runs)

    latency = median(ours["p50_ms"] / theirs["p50_ms"] for theirs, ours in zip(direct, through, strict=True))
    throughput = median(ours["rps"] / theirs["rps"] for theirs, ours in zip(direct, through, strict=True))
    tail = median(run["p99_ms"] / run["p50_ms"] for run in through)
    print(
        f"{clients:3d} clients: direct {middle(direct, 'rps'):6.0f}/s p50 {middle(direct, 'p50_ms'):6.2f} ms,"
        f" idle {middle(idly, 'rps'):6.0f}/s p50 {middle(idly, 'p50_ms'):6.2f} ms,"
        f" runtime {middle(through, 'rps'):6.0f}/s p50 {middle(through, 'p50_ms'):6.2f}"
        f" p99 {middle(through, 'p99_ms'):6.2f} ms, {middle(through, 'cpu_ms'):.2f} ms CPU a Turn;"
        f" latency x {latency:.2f}, throughput x {throughput:.2f}, p99 / p50 {tail:.1f}",
        flush=True,
    )


@contextlib.contextmanager
def _runtime(kubeconfig: Path, folder: str) -> Iterator[tuple[int, int]]:
    """A runtime that serves the Channel: its process id and port."""
    port = _free_port()
    options = ("--kubeconfig", str(kubeconfig), "--port", str(port), "--data", f"{folder}/runtime")
    command = [sys.executable, "-m", "lmos.cli.main", "runtime", *options]
    with _process(command, Path(folder) / "runtime.log") as process:
        _wait_for(f"http://127.0.0.1:{port}/apis/v1/agents/acme/web")
        yield process.pid, port


@contextlib.contextmanager
def _process(command: list[str], log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    with (log or Path(os.devnull)).open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310 - loopback
            return
        time.sleep(0.05)
    raise SystemExit(f"{url} did not answer within {_START_SECONDS:g} s.")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _resident_megabytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) // 1024


def _manifests(port: int) -> dict[str, Any]:
    endpoint = {"host": "127.0.0.1", "port": port}
    capability = {"name": "stub-capability", "version": "1.0.0", "description": "Answers at once"}
    agent = {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Agent",
        "metadata": {"name": "stub-agent", "namespace": "default"},
        "spec": {
            "supportedTenants": ["acme"],
            "supportedChannels": ["web"],
            "providedCapabilities": [{**capability, "examples": ["hello"]}],
            "endpoint": endpoint,
        },
    }
    channel = {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Channel",
        "metadata": {
            "name": "acme-web",
            "namespace": "default",
            "labels": {"tenant": "acme", "channel": "web", "version": "1"},
        },
        "spec": {"requiredCapabilities": [{"name": "stub-capability", "version": "1.0.0"}]},
    }
    return {"apiVersion": "v1", "kind": "List", "items": [agent, channel]}


if __name__ == "__main__":
    main()
