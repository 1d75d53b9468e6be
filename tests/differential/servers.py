"""API servers to ask: ours, and the real one that `KUBEBUILDER_ASSETS` names."""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TOKEN = "differential"
_READY_SECONDS = 60.0
_SLICE = "10.96.0.0/16"


@dataclass(frozen=True, slots=True)
class ApiServer:
    """A running API server: where it is, and a client that may do everything."""

    name: str
    client: httpx2.Client
    kubeconfig: Path | None = None


@contextmanager
def embedded_server(folder: Path) -> Iterator[ApiServer]:
    """`lmos apiserver` with an empty folder."""
    data = folder / "data"
    command = [sys.executable, "-m", "lmos.cli.main", "apiserver", "--port", "0", "--data", str(data)]
    config = data / "kubeconfig"
    with _process(command, folder / "embedded.log"):
        _wait(lambda: config.exists() and "server:" in config.read_text())
        (cluster,) = yaml.safe_load(config.read_text())["clusters"]
        token = (data / "token").read_text()
        url = re.sub("//.*@", "//", cluster["cluster"]["server"])
        with _client(url, token) as client:
            yield ApiServer("embedded", client, config)


@contextmanager
def real_server(folder: Path) -> Iterator[ApiServer]:
    """A kube-apiserver on an etcd of its own; skips the test where there is none."""
    binaries = Path(os.environ.get("KUBEBUILDER_ASSETS", "absent"))
    if not (binaries / "kube-apiserver").exists():
        pytest.skip("KUBEBUILDER_ASSETS names no folder with kube-apiserver and etcd")
    with ExitStack() as running:
        etcd_port, peer_port, port = _free_ports(3)
        running.enter_context(_process(_etcd(binaries, folder, etcd_port, peer_port), folder / "etcd.log"))
        command = _kube_apiserver(binaries, folder, etcd_port, port)
        running.enter_context(_process(command, folder / "kube-apiserver.log"))
        client = running.enter_context(_client(f"https://127.0.0.1:{port}", TOKEN))
        _wait(lambda: _is_ready(client))
        _start_collectors(running, binaries, folder, port)
        yield ApiServer("real", client)


def _etcd(binaries: Path, folder: Path, port: int, peer_port: int) -> list[str]:
    url, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    return [
        str(binaries / "etcd"),
        "--unsafe-no-fsync",
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
    ]


def _kube_apiserver(binaries: Path, folder: Path, etcd_port: int, port: int) -> list[str]:
    key, tokens = folder / "service-account.key", folder / "tokens.csv"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    tokens.write_text(f'{TOKEN},tests,tests,"system:masters"\n', encoding="utf-8")
    return [
        str(binaries / "kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        f"--cert-dir={folder / 'certificates'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        f"--token-auth-file={tokens}",
        "--authorization-mode=RBAC",
        f"--service-cluster-ip-range={_SLICE}",
        "--endpoint-reconciler-type=none",
        "--disable-admission-plugins=ServiceAccount",
    ]


def _start_collectors(running: ExitStack, binaries: Path, folder: Path, port: int) -> None:
    """What collects garbage and empties namespaces, and nothing else that would change our objects."""
    binary = binaries / "kube-controller-manager"
    if not binary.exists():
        return
    cluster = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "real", "cluster": cluster}],
        "users": [{"name": "tests", "user": {"token": TOKEN}}],
        "contexts": [{"name": "real", "context": {"cluster": "real", "user": "tests"}}],
        "current-context": "real",
    }
    path = folder / "controllers.kubeconfig"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [
        str(binary),
        f"--kubeconfig={path}",
        "--controllers=garbage-collector-controller,namespace-controller",
        "--leader-elect=false",
        "--secure-port=0",
    ]
    running.enter_context(_process(command, folder / "controllers.log"))


@contextmanager
def _process(command: Sequence[str], log: Path) -> Iterator[None]:
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _client(url: str, token: str) -> httpx2.Client:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    headers = {"authorization": f"Bearer {token}", "user-agent": "differential/1.0"}
    return httpx2.Client(base_url=url, headers=headers, verify=trusting, timeout=30, trust_env=False)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for item in sockets:
            item.bind(("127.0.0.1", 0))
        return [item.getsockname()[1] for item in sockets]


def _is_ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False


def _wait(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, "the server did not start; see its log"
        time.sleep(0.05)
