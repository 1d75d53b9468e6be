"""The probe that judges any API server, real or not, judges ours."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from lmos.adapters.system import RandomIds, SystemClock
from lmos.apiserver import Server, Storage, app

if TYPE_CHECKING:
    from collections.abc import Iterator

PROBE = Path(__file__).resolve().parents[3] / "shared" / "kube" / "kube_probe.py"
# The probe asks for httpx by its old name, and for its own path as the first argument.
RUN = """
import runpy, sys
import httpx2
sys.modules["httpx"] = httpx2
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
"""
BEHAVIOURS = 31


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server on a socket of its own, in a thread of its own."""
    started = threading.Event()
    running: list[uvicorn.Server] = []

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: object = None) -> None:
            await super().startup(sockets)  # type: ignore[arg-type]  # none are given
            running.append(self)
            started.set()

    def serve() -> None:
        storage = Storage(tmp_path / "objects.db")
        kube = app(Server(storage, SystemClock(), RandomIds()), token="secret")
        config = uvicorn.Config(
            kube, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=1
        )
        Announcing(config).run()
        storage.close()

    thread = threading.Thread(target=serve)
    thread.start()
    assert started.wait(10)
    port = running[0].servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    running[0].should_exit = True
    thread.join(10)


def test_every_behaviour_that_controllers_rely_on_is_there(url: str) -> None:
    if not PROBE.exists():
        pytest.skip(f"{PROBE} is absent")

    done = subprocess.run(
        [sys.executable, "-c", RUN, str(PROBE), url, "secret"], capture_output=True, text=True, check=False
    )

    print(done.stdout, done.stderr)
    missing = [line for line in done.stdout.splitlines() if line.startswith("NO")]
    assert missing == []
    assert f"{BEHAVIOURS} of {BEHAVIOURS}" in done.stdout
