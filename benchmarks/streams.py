"""
Server-sent events: ten thousand Turns open at once, and how much later a piece comes than from the Agent.

    python -m benchmarks.streams [--streams 10000] [--turns 30]

Each stream is a Turn of its own whose Agent has not answered yet. Once all are open, the Agent is told to go
on, and every stream has to bring its own answer. For the delay, the Agent says in each piece when it left;
the same Agent is asked directly over a WebSocket as well, in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

import uvloop
from websockets import Subprotocol
from websockets.asyncio.client import connect

from benchmarks.machine import machine
from benchmarks.standing import Standing, agent, free_port, manifests, process, runtime
from lmos.core.conversation import Conversation, agent_request
from lmos.core.protocols.agent_api import QUERY

_AGENT = Path(__file__).with_name("streaming_agent.py")
_AT_ONCE = 200
_OPEN_SECONDS = 120.0


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=30)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="lmos-bench-") as folder:
        port = free_port()
        path = Path(folder) / "manifests.json"
        path.write_text(json.dumps(manifests(agent("streaming-agent", port, {"speak": ["now"]}))))
        serve = [sys.executable, "-m", "lmos.cli.main", "agent", "run", str(_AGENT), "--port", str(port)]
        with process(serve), machine(path) as control, runtime(control.kubeconfig, folder) as measured:
            uvloop.run(_measure(measured, port, options.streams, options.turns))


async def _measure(measured: Standing, agent_port: int, streams: int, turns: int) -> None:
    direct, through = [], []
    for number in range(turns):
        direct += await _pieces_of(agent_port, "now")
        through += await _delays_through(measured.port, number)
    _report_delays(direct, through)
    before, began = measured.resident_megabytes(), time.monotonic()
    opening = asyncio.Semaphore(_AT_ONCE)
    all_open = asyncio.Barrier(streams + 1)
    tasks = [
        asyncio.create_task(_answered(measured.port, number, opening, all_open)) for number in range(streams)
    ]
    async with asyncio.timeout(_OPEN_SECONDS):
        await all_open.wait()
    opened, held = time.monotonic(), measured.resident_megabytes()
    await _pieces_of(agent_port, "go")
    answered = sum(await asyncio.gather(*tasks))
    print(
        f"{streams} streams open at once after {opened - began:.1f} s: runtime {held} MB, {before} MB before;"
        f" {answered} of them answered with their own message {time.monotonic() - opened:.1f} s later"
    )


async def _answered(port: int, number: int, opening: asyncio.Semaphore, all_open: asyncio.Barrier) -> bool:
    """Whether one Turn's stream brought its own answer."""
    text = f"message {number}"
    async with opening:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_request(f"stream-{number}", text))
        await reader.readuntil(b"event: turn.started\n")
    await all_open.wait()
    heard = await reader.read()
    writer.close()
    return f'"content":"{text}"'.encode() in heard and b"event: turn.finished" in heard


async def _delays_through(port: int, number: int) -> list[float]:
    """From a piece's leaving the Agent to its coming out of the runtime, in milliseconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_request(f"delay-{number}", "now"))
    delays: list[float] = []
    while b"turn.finished" not in (line := await reader.readline()):
        if line.startswith(b"event: message.delta"):
            data = await reader.readline()
            delays.append(_since(json.loads(data.removeprefix(b"data: "))["content"]))
    writer.close()
    return delays


async def _pieces_of(port: int, text: str) -> list[float]:
    """The same where the Agent is asked directly."""
    body = Conversation.model_validate(_body(text))
    request = agent_request(body, tenant="acme", conversation="direct", turn="t1", streaming=True)
    payload = {"query": QUERY, "variables": {"request": request.to_wire()}}
    delays = []
    async with connect(
        f"ws://127.0.0.1:{port}/subscriptions",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        compression=None,
    ) as socket:
        await socket.send('{"type":"connection_init"}')
        await socket.recv()
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        async for frame in socket:
            message = json.loads(frame)
            if message["type"] != "next":
                break
            result = message["payload"]["data"]["agent"]
            if text == "now" and result["type"] != "MESSAGE":
                delays.append(_since(result["messages"][0]["content"]))
    return delays


def _report_delays(direct: list[float], through: list[float]) -> None:
    def told(delays: list[float]) -> str:
        return f"p50 {median(delays):.2f} p99 {quantiles(delays, n=100)[98]:.2f} ms"

    print(f"a piece after it left the Agent: direct {told(direct)}, runtime {told(through)}", flush=True)


def _since(nanoseconds: str) -> float:
    return (time.perf_counter_ns() - int(nanoseconds)) / 1e6


def _request(conversation: str, text: str) -> bytes:
    body = json.dumps(_body(text)).encode()
    head = (
        f"POST /apis/v1/acme/chat/{conversation}/message HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Accept: text/event-stream\r\nContent-Type: application/json\r\n"
        f"x-turn-id: t1\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _body(text: str) -> dict[str, object]:
    return {
        "inputContext": {
            "messages": [{"role": "user", "content": text, "format": "text"}],
            "explicitAgent": "streaming-agent",
        },
        "systemContext": {"channelId": "web"},
        "userContext": {"userId": "u"},
    }


if __name__ == "__main__":
    main()
