"""
The embedded API server over its socket, beside kube-apiserver on etcd where `KUBEBUILDER_ASSETS` names them.

    python -m benchmarks.apiserver.run [--objects 50000]

Both are asked by the same client with the same token, in rounds that take turns; figures are medians. The
real server speaks TLS, and its etcd flushes each write to the disk before it is answered; ours speaks plain
HTTP on loopback, and a write that it acknowledged outlives the process, but not a power cut of that moment.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import uvloop

from benchmarks.apiserver import measures
from benchmarks.apiserver.servers import NO_ASSETS, Running, embedded, idle, real, real_binaries
from benchmarks.machine import conditions

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Server = Callable[[Path], AbstractContextManager[Running]]

STARTS = 5
ROUNDS = 5
LISTED = 5_000
_CREATES_A_ROUND = LISTED // ROUNDS


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=50_000)
    print(json.dumps(report(parser.parse_args().objects), indent=2))


def report(objects: int) -> dict[str, Any]:
    """Everything measured, as plain values: for each row a cell a server."""
    before, binaries = conditions(), real_binaries()
    servers: dict[str, Server] = {"lmos": embedded}
    if binaries:
        servers["real"] = partial(real, binaries=binaries)
    with tempfile.TemporaryDirectory(prefix="lmos-bench-") as scratch:
        in_memory = _starts(partial(embedded, in_memory=True), Path(scratch))
        folders = {name: Path(scratch) / name for name in servers}
        for folder in folders.values():
            folder.mkdir()
        cells = {name: {"cold start": _starts(server, Path(scratch))} for name, server in servers.items()}
        for name, cell in _under_load(servers, folders).items():
            cells[name] |= cell
        for name, server in servers.items():
            cells[name] |= {f"{objects:,} Agents": _filled(server, folders[name], objects)}
        ceiling = _ceiling(Path(scratch))
    return {
        "conditions": before,
        "creates a second that the client can send to an app that does nothing": ceiling,
        "lmos in memory": {"cold start": in_memory},
        "lmos": cells["lmos"],
        "real": cells.get("real", NO_ASSETS),
    }


def _starts(server: Server, scratch: Path) -> dict[str, float]:
    """Medians over fresh folders."""
    found = []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory(dir=scratch) as folder, server(Path(folder)) as running:
            found.append((running.start_seconds, running.memory_megabytes()))
    seconds, megabytes = (median(each) for each in zip(*found, strict=True))
    return {"ready_seconds": round(seconds, 2), "megabytes": round(megabytes)}


def _under_load(servers: dict[str, Server], folders: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """Rounds that take turns between the servers, which all run meanwhile."""
    found: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in servers}
    with ExitStack() as running:
        urls = {name: running.enter_context(server(folders[name])).url for name, server in servers.items()}
        for url in urls.values():
            uvloop.run(measures.install_kinds(url))
        for number in range(ROUNDS):
            for name, url in urls.items():
                for row, value in uvloop.run(_round(url, number)).items():
                    found[name][row].append(value)
    return {
        name: {row: round(median(values), 2) for row, values in rows.items()} for name, rows in found.items()
    }


async def _round(url: str, number: int) -> dict[str, float]:
    creates = await measures.creates_per_second(url, number * _CREATES_A_ROUND, _CREATES_A_ROUND)
    found = {
        "creates_per_second_at_16_clients": creates,
        "get_milliseconds": await measures.get_milliseconds(url),
        "apply_milliseconds": await measures.apply_milliseconds(url, number),
    }
    fan_out, lost = await measures.fan_out_seconds(url, number)
    found |= {"fan_out_seconds": fan_out, "fan_out_lost": lost}
    if number == ROUNDS - 1:
        found["list_of_5000_milliseconds"] = await measures.list_milliseconds(url)
    return found


def _filled(server: Server, folder: Path, objects: int) -> dict[str, float]:
    """Create the rest of so many objects in one go, and start again with all of them."""
    with server(folder) as running:
        creates = uvloop.run(measures.creates_per_second(running.url, LISTED, objects - LISTED))
        full = running.memory_megabytes()
    with server(folder) as running:
        return {
            "creates_per_second": round(creates),
            "megabytes_then": round(full),
            "ready_again_seconds": round(running.start_seconds, 2),
            "megabytes_again": round(running.memory_megabytes()),
        }


def _ceiling(scratch: Path) -> int:
    with idle(scratch) as nothing:
        return round(uvloop.run(measures.creates_per_second(nothing.url, 0, LISTED)))


if __name__ == "__main__":
    main()
