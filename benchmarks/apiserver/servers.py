"""API servers to measure, each in processes of its own: ours, a real one, and one that does nothing."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TOKEN = "benchmark"  # noqa: S105 - of servers that live for a minute
NO_ASSETS = "not measured: KUBEBUILDER_ASSETS names no folder with kube-apiserver and etcd"
ANY_CERTIFICATE = ssl.create_default_context()
ANY_CERTIFICATE.check_hostname, ANY_CERTIFICATE.verify_mode = False, ssl.CERT_NONE
_READY_SECONDS = 60.0
_LOOK_SECONDS = 0.005


class DidNotStart(Exception):
    """A server ended, or was not ready in time."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is ready; `start_seconds` after its command."""

    url: str
    start_seconds: float
    pids: tuple[int, ...]

    def memory_megabytes(self) -> float:
        """Resident set size of its processes."""
        return sum(_resident_megabytes(pid) for pid in self.pids)


@contextmanager
def embedded(folder: Path, *, in_memory: bool = False) -> Iterator[Running]:
    """`lmos apiserver` on a folder that need not be empty, or in memory."""
    (folder / "token").write_text(TOKEN)
    (port,) = _free_ports(1)
    data = ":memory:" if in_memory else str(folder)
    command = [sys.executable, "-m", "lmos.cli.main", "apiserver", "--port", str(port), "--data", data]
    began = time.monotonic()
    with _process(command, folder) as pid:
        yield _ready(f"http://127.0.0.1:{port}", began, pid)


def real_binaries() -> Path | None:
    """Where kube-apiserver and etcd are."""
    folder = Path(os.environ.get("KUBEBUILDER_ASSETS", "absent"))
    return folder if (folder / "kube-apiserver").exists() and (folder / "etcd").exists() else None


@contextmanager
def real(folder: Path, binaries: Path) -> Iterator[Running]:
    """kube-apiserver on an etcd that writes to disk as it does by default, before it answers."""
    etcd_port, peer_port, port = _free_ports(3)
    etcd, peer = f"http://127.0.0.1:{etcd_port}", f"http://127.0.0.1:{peer_port}"
    etcd_command = [
        str(binaries / "etcd"),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={etcd}",
        f"--advertise-client-urls={etcd}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
    ]
    key, tokens = folder / "service-account.key", folder / "tokens.csv"
    if not key.exists():
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
        tokens.write_text(f'{TOKEN},bench,bench,"system:masters"\n')
    command = [
        str(binaries / "kube-apiserver"),
        f"--etcd-servers={etcd}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        f"--cert-dir={folder / 'certificates'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        f"--token-auth-file={tokens}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--endpoint-reconciler-type=none",
        "--disable-admission-plugins=ServiceAccount",
    ]
    began = time.monotonic()
    # The API server is stopped before its etcd.
    with _process(etcd_command, folder) as etcd_pid, _process(command, folder) as pid:
        yield _ready(f"https://127.0.0.1:{port}", began, etcd_pid, pid)


@contextmanager
def idle(folder: Path) -> Iterator[Running]:
    """An app that reads a request and answers as much as a create is answered with: the client's ceiling."""
    (port,) = _free_ports(1)
    command = [sys.executable, str(Path(__file__).with_name("idle.py")), str(port)]
    began = time.monotonic()
    with _process(command, folder) as pid:
        yield _ready(f"http://127.0.0.1:{port}", began, pid)


def _ready(url: str, began: float, *pids: int) -> Running:
    """The server of these processes, once it says that it is ready."""
    while not _says_ready(url):
        if time.monotonic() - began > _READY_SECONDS:
            raise DidNotStart(url)
        time.sleep(_LOOK_SECONDS)
    return Running(url, time.monotonic() - began, pids)


def _says_ready(url: str) -> bool:
    try:
        with urlopen(f"{url}/readyz", context=ANY_CERTIFICATE) as answer:  # noqa: S310 - a URL of ours
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


@contextmanager
def _process(command: Sequence[str], folder: Path) -> Iterator[int]:
    with (folder / f"{Path(command[0]).name}.log").open("a") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def _resident_megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
