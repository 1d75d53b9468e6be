"""Commands run as `main` runs them, and one LMOS for all tests that need a running one."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from lmos.cli.main import main
from tests.e2e.running import AGENTS, Up, has_proc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def lmos(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Run a command in this process; `given` is its standard input."""

    def run(*arguments: str, given: str | bytes = "") -> Said:
        content = given.encode() if isinstance(given, str) else given
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        capsys.readouterr()
        status = 0
        try:
            main(list(arguments))
        except SystemExit as ended:
            status = int(ended.code or 0)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def running_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`lmos up` with two Agents and a Channel for both."""
    if not has_proc():
        pytest.skip("which processes are left is told by /proc")
    folder = tmp_path_factory.mktemp("cli")
    (folder / "agent.py").write_text(AGENTS)
    with Up.start(folder, "agent.py") as up:
        assert up.endpoints
        yield up


@pytest.fixture
def up(running_up: Up, monkeypatch: pytest.MonkeyPatch) -> Up:
    """The running LMOS, found by commands as beside its manifests."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.chdir(running_up.folder)
    return running_up


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder on a machine without any kubeconfig."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path
