"""Child processes on a real machine: started, told apart, and never left behind."""

import asyncio
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lmos.adapters.system import SystemClock
from lmos.localnode.container import Container
from lmos.localnode.log_files import last_lines
from lmos.localnode.probes import Probe, answers
from lmos.localnode.process import CannotStart, ChildProcess, Ports, Reaper
from lmos.localnode.volumes import Mounts
from lmos.testing.waiting import eventually

pytestmark = pytest.mark.e2e

SERVES = """
import http.server, os
address = "127.0.0.1", int(os.environ["PORT"])
http.server.HTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""
IGNORES_SIGTERM = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""
PRINTS_AND_FAILS = """
import os, sys
print(os.environ["PORT"], os.environ["COLOUR"])
print("oops", file=sys.stderr)
sys.exit(3)
"""


def container(*command: str, directory: str = "", secrets: tuple[bytes, ...] = (), **env: str) -> Container:
    return Container(command, {"COLOUR": "blue"} | env, directory, Mounts(), secrets)


def python(code: str, *, port: int = 0, directory: str = "") -> Container:
    return container(sys.executable, "-c", code, directory=directory, PORT=str(port))


def started(what: Container, log: Path, reaper: Reaper) -> ChildProcess:
    return ChildProcess.start(what, log, SystemClock(), reaper)


@pytest.fixture
def reaper() -> Iterator[Reaper]:
    with Reaper() as reaper:
        yield reaper


def is_running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


async def test_a_command_finds_its_port_and_environment_and_its_output_is_kept(
    tmp_path: Path, reaper: Reaper
) -> None:
    log = tmp_path / "logs" / "a.log"
    child = started(python(PRINTS_AND_FAILS, port=4711), log, reaper)

    assert await child.wait() == 3
    assert last_lines(log, 10) == ["4711 blue", "oops"]
    assert log.stat().st_mode & 0o777 == 0o600


async def test_a_process_that_listens_on_its_port_answers(tmp_path: Path, reaper: Reaper) -> None:
    port = Ports().take()
    child = started(python(SERVES, port=port), tmp_path / "a.log", reaper)
    try:
        await eventually(lambda: answers(Probe("/"), port))
        assert await answers(Probe(), port)
        assert not await answers(Probe("/no-such-page"), port)
    finally:
        await child.stop(5)
    assert not await answers(Probe(), port)


async def test_a_process_that_ignores_sigterm_is_killed_after_its_grace(
    tmp_path: Path, reaper: Reaper
) -> None:
    log = tmp_path / "a.log"
    child = started(python(IGNORES_SIGTERM), log, reaper)
    await eventually(lambda: "up" in log.read_text())

    assert await child.stop(0.2) == -signal.SIGKILL


async def test_a_directory_that_does_not_exist_is_reported(tmp_path: Path, reaper: Reaper) -> None:
    with pytest.raises(CannotStart, match="cannot be started"):
        started(python("", directory=str(tmp_path / "gone")), tmp_path / "a.log", reaper)


@pytest.mark.parametrize("command", [("a\0b",), ("\ud800",)])
async def test_a_command_that_no_system_can_start_is_reported(
    tmp_path: Path, reaper: Reaper, command: tuple[str, ...]
) -> None:
    with pytest.raises(CannotStart) as caught:
        started(container(*command), tmp_path / "a.log", reaper)
    assert caught.value.hint


async def test_a_log_that_cannot_be_written_is_reported(tmp_path: Path, reaper: Reaper) -> None:
    (tmp_path / "logs").write_text("a file")

    with pytest.raises(CannotStart, match="cannot be written"):
        started(python(""), tmp_path / "logs" / "a.log", reaper)


async def test_a_process_that_is_not_waited_for_any_more_is_killed_at_once(
    tmp_path: Path, reaper: Reaper
) -> None:
    log = tmp_path / "a.log"
    child = started(python(IGNORES_SIGTERM), log, reaper)
    await eventually(lambda: "up" in log.read_text())

    stopping = asyncio.create_task(child.stop(60))
    await asyncio.sleep(0)
    stopping.cancel()

    assert await child.wait() == -signal.SIGKILL


async def test_a_command_that_does_not_exist_ends_with_status_127(tmp_path: Path, reaper: Reaper) -> None:
    log = tmp_path / "a.log"
    child = started(container("no-such-command"), log, reaper)

    assert await child.wait() == 127
    assert "no-such-command" in log.read_text()


async def test_children_and_grandchildren_end_when_the_parent_is_killed(tmp_path: Path) -> None:
    grandchild = tmp_path / "grandchild"
    child_code = textwrap.dedent(
        f"""
        import pathlib, subprocess, sys, time
        other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        pathlib.Path({str(grandchild)!r}).write_text(str(other.pid))
        time.sleep(60)
        """
    )
    parent_code = textwrap.dedent(
        f"""
        import asyncio, sys
        from pathlib import Path
        from lmos.adapters.system import SystemClock
        from lmos.localnode.container import Container
        from lmos.localnode.process import ChildProcess, Reaper
        from lmos.localnode.volumes import Mounts

        async def main():
            command = (sys.executable, "-c", {child_code!r})
            container = Container(command, {{}}, "", Mounts(), ())
            child = ChildProcess.start(container, Path({str(tmp_path / "a.log")!r}), SystemClock(), Reaper())
            print(child.pid, flush=True)
            await child.wait()

        asyncio.run(main())
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child_pid = int(await asyncio.to_thread(parent.stdout.readline))
    await eventually(lambda: grandchild.exists() and grandchild.read_text())
    pids = [child_pid, int(grandchild.read_text())]
    assert all(is_running(pid) for pid in pids)

    parent.kill()
    parent.wait()
    parent.stdout.close()

    await eventually(lambda: not any(is_running(pid) for pid in pids))


async def test_two_processes_that_start_together_get_different_ports() -> None:
    ports = Ports()

    assert len({ports.take() for _ in range(50)}) == 50
