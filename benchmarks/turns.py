"""
The runtime in front of an Agent that answers at once, beside asking that Agent directly.

    python -m benchmarks.turns [--clients 1 16 64] [--rounds 3] [--seconds 3] [--workers 2]
                               [--routed] [--plain]

The runtime is a process of its own and is told the Agent (`explicitAgent`), or with `--routed` chooses it
among 150 Capabilities of ten Agents. "Direct" opens a new WebSocket for each Turn. "Idle" is an app behind
the same HTTP server that does nothing for its answer. The load client runs on uvloop, or with `--plain` on
Python's own event loop. Rounds are interleaved, figures are medians, and what counts are the ratios.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.machine import machine
from benchmarks.standing import agent, free_port, manifests, process, runtime

if TYPE_CHECKING:
    from benchmarks.standing import Standing

Runs = list[dict[str, Any]]
"""What the load client said, a round each."""

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench"
_AGENTS, _CAPABILITIES, _EXAMPLES = 10, 15, 10
_WORDS = (
    "bill invoice contract internet router phone signal sim card payment address name order return refund"
    " delivery television channel price tariff roaming data volume speed outage repair technician"
    " appointment cancel upgrade bonus"
).split()


def main() -> None:
    """Print one line for each number of clients, then the runtime's memory."""
    options = _options()
    if not BENCH.is_dir():
        print(f"Skipped: {BENCH} is not there.")
        return
    with tempfile.TemporaryDirectory(prefix="lmos-bench-") as folder:
        stub, idle = free_port(), free_port()
        path, body = Path(folder) / "manifests.json", BENCH / "body.json"
        path.write_text(json.dumps(manifests(*_agents(stub, routed=options.routed))), encoding="utf-8")
        if options.routed:
            body = Path(folder) / "body.json"
            body.write_text(json.dumps(_routed_body()), encoding="utf-8")
        # Outside its virtual environment, Python finds no uvloop.
        load = Load(sys._base_executable if options.plain else sys.executable, body, options.seconds)  # type: ignore[attr-defined]  # noqa: SLF001 - nothing else tells
        with (
            process([sys.executable, str(BENCH / "stub_agent.py"), "--port", str(stub)]),
            process([sys.executable, "-m", "benchmarks.idle_app", str(idle)]),
            machine(path) as control,
            runtime(control.kubeconfig, folder, "--workers", str(options.workers)) as measured,
        ):
            for clients in options.clients:
                _report(clients, *_rounds(load, clients, options.rounds, (stub, idle), measured))
            print(f"memory of the runtime: {measured.resident_megabytes()} MB")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--routed", action="store_true")
    parser.add_argument("--plain", action="store_true")
    return parser.parse_args()


class Load:
    """The load client of ../shared/bench: an interpreter, a body for the runtime, and how long."""

    def __init__(self, python: str, body: Path, seconds: float) -> None:
        self._python = python
        self._body = body
        self._seconds = seconds

    def run(self, mode: str, port: int, clients: int) -> dict[str, Any]:
        """What it measured; whatever is not answered ends the benchmark."""
        command = [self._python, str(BENCH / "load.py"), "--mode", mode, "--port", str(port)]
        command += ["--body", str(self._body)] if mode == "http" else []
        sizes = ["--conc", str(clients), "--secs", str(self._seconds), "--warm", "100"]
        found = subprocess.run([*command, *sizes], check=True, capture_output=True, text=True)
        measured: dict[str, Any] = json.loads(found.stdout)
        failed = {status: count for status, count in measured["status"].items() if status != "200"}
        if failed:
            raise SystemExit(f"{mode} with {clients} clients: {failed}")
        return measured


def _rounds(
    load: Load, clients: int, rounds: int, ports: tuple[int, int], measured: Standing
) -> tuple[Runs, Runs, Runs]:
    """What the load client measured directly, idly and through the runtime, one after the other."""
    stub, idle = ports
    direct, idly, through = [], [], []
    for _ in range(rounds):
        direct.append(load.run("ws-new", stub, clients))
        idly.append(load.run("http", idle, clients))
        before = measured.cpu_seconds()
        run = load.run("http", measured.port, clients)
        worked = measured.cpu_seconds() - before
        through.append(run | {"cpu_ms": worked * 1000 / (run["n"] + run["warm_n"])})
    return direct, idly, through


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


def _agents(port: int, *, routed: bool) -> list[dict[str, Any]]:
    if not routed:
        return [agent("stub-agent", port, {"stub-capability": ["hello"]})]
    return [
        agent(
            f"agent-{number}",
            port,
            {f"can-{number}-{each}": _phrases(number, each) for each in range(_CAPABILITIES)},
        )
        for number in range(_AGENTS)
    ]


def _routed_body() -> dict[str, Any]:
    body: dict[str, Any] = json.loads((BENCH / "body.json").read_text())
    text = _phrases(3, 7)[0]
    return body | {"inputContext": {"messages": [{"role": "user", "content": text, "format": "text"}]}}


def _phrases(number: int, each: int) -> list[str]:
    """Examples that say different things with the same words."""
    chance = random.Random(number * _CAPABILITIES + each)
    topic = chance.sample(_WORDS, 3)
    return [" ".join(chance.sample(topic + chance.choices(_WORDS, k=4), 6)) for _ in range(_EXAMPLES)]


if __name__ == "__main__":
    main()
