from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.client import connect

from lmos.arc.errors import PortUnavailable
from lmos.arc.serving import host_from, listen, port_from
from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_RESIDENT_KIB = 60 * 1024
FILE = """
import asyncio
from pathlib import Path
from lmos.arc import Agent, Turn

agent = Agent("slow-agent", channels=["web"])

@agent.capability("wait", examples=["please wait"])
async def wait(turn: Turn) -> str:
    while not Path(turn.text).exists():
        await asyncio.sleep(0.01)
    return "done"
"""


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ({}, "127.0.0.1"),
        ({"HOST": "::1"}, "::1"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "0.0.0.0"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOST": "127.0.0.1"}, "127.0.0.1"),
    ],
)
def test_an_agent_listens_on_loopback_unless_it_is_in_a_pod(environment: dict[str, str], host: str) -> None:
    assert host_from(environment) == host


@pytest.mark.parametrize(("environment", "port"), [({}, 8080), ({"PORT": ""}, 8080), ({"PORT": "0"}, 0)])
def test_the_port_comes_from_the_environment(environment: dict[str, str], port: int) -> None:
    assert port_from(environment) == port


@pytest.mark.parametrize("text", ["web", "-1", "65536", "80.5"])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="PORT is"):
        port_from({"PORT": text})


def test_a_port_in_use_is_named() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(PortUnavailable, match="Cannot listen on"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_a_host_that_is_not_ours_is_named() -> None:
    with pytest.raises(PortUnavailable, match="Cannot listen on"):
        listen("no/host", 0)


@contextmanager
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """An Agent in a process of its own, as a Deployment starts it."""
    file = tmp_path / "agent.py"
    file.write_text(FILE)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", f"from lmos.arc import run_file; run_file({str(file)!r})"]
    started = subprocess.Popen(command, env={**os.environ, "PORT": str(port)})
    try:
        yield started, port
    finally:
        started.kill()
        started.wait()


async def dialled(port: int) -> None:
    """Wait until something listens on `port`."""
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return


def ask(text: str, id_: str) -> str:
    request = {
        "messages": [{"role": "user", "content": text}],
        "conversationContext": {"conversationId": "c1"},
    }
    query = "subscription($request: AgentRequestInput!) { agent(request: $request) { messages { content } } }"
    payload = {"query": query, "variables": {"request": request}}
    return json.dumps({"type": "subscribe", "id": id_, "payload": payload})


@pytest.mark.e2e
async def test_a_stopping_agent_answers_what_it_began_refuses_what_is_new_and_ends_with_0(
    tmp_path: Path,
) -> None:
    signalled = tmp_path / "go"
    with process(tmp_path) as (agent, port):
        await dialled(port)
        async with connect(f"ws://127.0.0.1:{port}/subscriptions") as client:
            await client.send('{"type":"connection_init"}')
            await client.recv()
            await client.send(ask(str(signalled), "begun"))
            await client.send('{"type":"ping"}')
            await client.recv()
            agent.send_signal(signal.SIGTERM)
            async with asyncio.timeout(10):
                refused = None
                while refused is None:
                    # Until the signal has arrived, a Turn that is done at once is answered.
                    await client.send(ask(str(tmp_path), "new"))
                    heard = json.loads(await client.recv())
                    if heard["type"] == "error":
                        refused = heard
                    else:
                        await client.recv()
                signalled.touch()
                answer = json.loads(await client.recv())

        status = await asyncio.to_thread(agent.wait, 10)

    assert refused["payload"][0]["extensions"]["code"] == "TurnRefused"
    assert (answer["id"], answer["type"]) == ("begun", "next")
    assert status == 0


@pytest.mark.e2e
@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="needs /proc to read the memory of a process"
)
async def test_an_agent_without_a_model_needs_less_than_60_mb(tmp_path: Path) -> None:
    with process(tmp_path) as (agent, port):
        await dialled(port)
        async with connect(f"ws://127.0.0.1:{port}/subscriptions") as client:
            await client.send('{"type":"connection_init"}')
            await client.recv()
            for number in range(50):
                await client.send(ask(str(tmp_path), str(number)))
                await client.recv()
                await client.recv()
        status = Path(f"/proc/{agent.pid}/status").read_text()

    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak < MAX_RESIDENT_KIB
