"""The services as processes of their own, and commands on a real terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest
import yaml

from tests.e2e.running import LMOS, channel, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e


@contextmanager
def service(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A service that ends well when it is told to."""
    with subprocess.Popen(
        [*LMOS, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()


def address_of(process: subprocess.Popen[str]) -> str:
    """The URL in the first line that a service prints."""
    assert process.stdout is not None
    found = re.search(r"http://\S+?(?=[,\s])", process.stdout.readline())
    assert found is not None
    return found[0]


def test_the_services_do_apart_what_they_do_together(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    config = ("--kubeconfig", str(tmp_path / "data" / "kubeconfig"))
    with service(tmp_path, "apiserver", "--port", "0", *data) as apiserver:
        address_of(apiserver)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = str(probe.getsockname()[1])
        with (
            service(tmp_path, "operator", "--port", "0", *config) as operator,
            service(tmp_path, "runtime", "--port", port, *data, *config),
        ):
            url = address_of(operator)
            given = channel("acme-web", "view-bill")
            subprocess.run([*LMOS, "apply", "-f", "-", *config], input=given, text=True, check=True)
            routing = until(
                lambda: _json(f"{url}/apis/v1/tenants/acme/channels/web/routing"), "it is planned"
            )
            until(lambda: _json(f"http://127.0.0.1:{port}/health/readiness"), "the runtime is ready")

    assert routing["spec"] == {"capabilityGroups": []}


def test_a_second_api_server_on_the_same_data_is_refused(tmp_path: Path) -> None:
    arguments = ("apiserver", "--port", "0", "--data", "data")
    with service(tmp_path, *arguments) as first:
        address_of(first)
        second = subprocess.run(
            [*LMOS, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    assert second.returncode == 5
    assert "Another LMOS" in second.stderr


def test_a_taken_port_is_told_by_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        arguments = ("apiserver", "--port", str(taken.getsockname()[1]), "--data", ":memory:")
        said = subprocess.run([*LMOS, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert said.returncode == 1
    assert "The API server cannot listen on" in said.stderr
    assert "--port" in said.stderr


def test_agents_of_a_file_are_served(tmp_path: Path) -> None:
    code = "from lmos.arc import Agent\nagent = Agent('echo', channels=['web'])\n@agent.capability('echo')\n"
    (tmp_path / "agent.py").write_text(f"{code}def echo(turn): return turn.text\n")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    with service(tmp_path, "agent", "run", "agent.py", "--port", port):
        said = until(lambda: _json(f"http://127.0.0.1:{port}/.well-known/capabilities.json"), "it answers")

    assert said["id"] == "echo"


@pytest.mark.parametrize(("no_color", "is_red"), [("", True), ("1", False)])
def test_errors_are_red_on_a_terminal_unless_nobody_wants_that(no_color: str, *, is_red: bool) -> None:
    said = on_terminal("why", "turn", "--runtime", "http://127.0.0.1:1", environment={"NO_COLOR": no_color})

    assert "does not answer" in said
    assert ("\x1b[31m" in said) is is_red


def test_what_takes_longer_than_a_second_is_announced_on_a_terminal(tmp_path: Path) -> None:
    with slow_server() as port:
        config = tmp_path / "kubeconfig"
        context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
        document = {
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [context],
            "current-context": "x",
        }
        config.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", **document}))
        said = on_terminal("get", "agents", "-o", "json", "--kubeconfig", str(config))

    assert "Reading …" in said
    assert '"items": []' in said


def on_terminal(*arguments: str, environment: dict[str, str] | None = None) -> str:
    """What a command writes to a terminal of its own."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [*LMOS, *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=os.environ | {"TERM": "xterm-256color"} | (environment or {}),
    )
    os.close(terminal)
    said = b""
    try:
        while part := os.read(controller, 4096):
            said += part
    except OSError:
        # Linux says so when the last writer has left.
        pass
    finally:
        os.close(controller)
        process.wait(10)
    return said.decode()


@contextmanager
def slow_server() -> Iterator[int]:
    """A server that thinks for a while before it lists nothing."""
    body = json.dumps({"items": [], "metadata": {}}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                time.sleep(1.5)
                connection.sendall(head + body)

        answering = threading.Thread(target=answer)
        answering.start()
        yield listening.getsockname()[1]
        answering.join()


def _json(url: str) -> dict[str, object]:
    """The answer's body once it is 200."""
    try:
        answer = httpx2.get(url)
    except httpx2.TransportError:
        return {}
    found: dict[str, object] = answer.json() if answer.status_code == httpx2.codes.OK else {}
    return found
