"""What can go wrong with an Agent that speaks A2A, each with how often it was asked."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lmos.adapters.agents import Deadlines, Limits
from lmos.core.resources.endpoint import A2A_HTTP_JSON, A2A_JSONRPC, Address
from lmos.ports.agents import AgentBusy, AgentFailed, AgentLost, AgentTimeout, AgentUnavailable
from tests.adapters.agents.a2a_agents import PROTOCOLS, acting, asking
from tests.adapters.agents.test_faults import no_more_descriptors
from tests.adapters.agents.wayward import Replicas, free_port, raw, request

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Awaitable, Callable

    from lmos.adapters.agents import ProtocolAgentClient

    Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]

SUBMITTED = {"task": {"id": "t1", "contextId": "c1", "status": {"state": "TASK_STATE_SUBMITTED"}}}


class Server:
    """An Agent that answers HTTP by hand; `asked` says whereto, in order."""

    def __init__(self, port: int, protocol: str) -> None:
        self.address = Address("127.0.0.1", port, path="/", protocol=protocol)
        self.asked: list[str] = []


@asynccontextmanager
async def serving(answer: Answer, protocol: str = A2A_HTTP_JSON) -> AsyncIterator[Server]:
    asked: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        asked.append(head.split(" ")[1])
        await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
        await answer(writer)

    async with raw(handle) as port:
        server = Server(port, protocol)
        server.asked = asked
        yield server


def status(code: int, body: str = "", **headers: str) -> Answer:
    """Answers with that status."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {code} Reason", f"Content-Length: {len(body)}", "Content-Type: application/json"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", body]).encode())

    return answer


def stream(*events: str, then: Callable[[asyncio.StreamWriter], Awaitable[None]] | None = None) -> Answer:
    """Streams the data of events, does something, and ends the stream properly."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for event in events:
            data = f"data: {event}\n\n".encode()
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        if then is not None:
            await then(writer)
        writer.write(b"0\r\n\r\n")

    return answer


async def drop(writer: asyncio.StreamWriter) -> None:
    await writer.drain()
    writer.transport.abort()


async def text_of(client: ProtocolAgentClient, address: Address) -> str:
    return [result async for result in client.ask(address, request())][-1].text


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_an_agent_that_is_not_there_is_unavailable_and_hardly_dialled(protocol: str) -> None:
    address = Address("127.0.0.1", free_port(), path="/", protocol=protocol)
    async with asking() as client:
        for _ in range(20):
            with pytest.raises(AgentUnavailable) as caught:
                await text_of(client, address)

    assert type(caught.value) is AgentUnavailable
    assert "set aside" in caught.value.message


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_dead_replica_costs_no_turn(protocol: str) -> None:
    async with acting() as actor, asking(book=Replicas(free_port(), actor.port)) as client:
        address = Address("billing", path=actor.address(protocol).path, protocol=protocol)
        heard = [await text_of(client, address) for _ in range(6)]

    assert heard == ["hi"] * 6
    assert len(actor.asked) == 6


async def test_without_a_replica_nobody_is_asked() -> None:
    async with asking(book=Replicas()) as client:
        with pytest.raises(AgentUnavailable, match="no ready replica"):
            await text_of(client, Address("billing", path="/", protocol=A2A_JSONRPC))


async def test_out_of_file_descriptors_it_is_said_and_the_agent_not_blamed() -> None:
    async with acting() as actor, acting() as other, asking() as client:
        address = actor.address(A2A_JSONRPC)
        await text_of(client, other.address(A2A_JSONRPC))
        with no_more_descriptors(), pytest.raises(AgentUnavailable) as caught:
            await text_of(client, address)
        assert "ulimit" in caught.value.hint

        assert await text_of(client, address) == "hi"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("events", "error"), [([], AgentLost), ([SUBMITTED], AgentFailed)], ids=["before", "after"]
)
async def test_an_agent_that_dies_is_asked_once(
    protocol: str, events: list[dict[str, Any]], error: type[Exception]
) -> None:
    lines = [json.dumps(_enveloped(event, protocol)) for event in events]
    async with serving(stream(*lines, then=drop), protocol) as server, asking() as client:
        with pytest.raises(error) as caught:
            await text_of(client, server.address)

    assert type(caught.value) is error
    # With a Task it could be asked to stop, and was.
    assert len(server.asked) == 1 + len(events)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_an_agent_that_hangs_before_its_first_event_has_timed_out(protocol: str) -> None:
    asked = 0

    async def hang_until_left(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read()

    async with (
        raw(hang_until_left) as port,
        asking(deadlines=Deadlines(first_result_seconds=0.2)) as client,
    ):
        with pytest.raises(AgentTimeout, match="did not begin"):
            await text_of(client, Address("127.0.0.1", port, path="/", protocol=protocol))

    assert asked == 1


async def test_a_stream_that_ends_without_an_answer_is_a_failure() -> None:
    async with serving(stream(json.dumps(SUBMITTED))) as server, asking() as client:
        with pytest.raises(AgentFailed, match="without an answer"):
            await text_of(client, server.address)

    assert server.asked == ["/message:stream", "/tasks/t1:cancel"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "garbage",
    [
        "no JSON",
        "[]",
        "7",
        '"text"',
        '{"jsonrpc": "2.0", "result": []}',
        '{"jsonrpc": "2.0", "result": {}}',
        '{"task": {"status": 7}}',
        '{"message": {"parts": 7}}',
        '{"statusUpdate": {}}',
        "\\ud800",
    ],
)
async def test_garbage_is_an_agent_that_failed(protocol: str, garbage: str) -> None:
    async with serving(stream(garbage), protocol) as server, asking() as client:
        with pytest.raises(AgentFailed):
            await text_of(client, server.address)

    assert len(server.asked) == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, AgentFailed),
        (401, AgentFailed),
        (307, AgentFailed),
        (429, AgentBusy),
        (500, AgentFailed),
        (502, AgentLost),
        (503, AgentUnavailable),
        (504, AgentLost),
    ],
)
async def test_a_status_is_the_error_that_it_means(protocol: str, code: int, error: type[Exception]) -> None:
    async with serving(status(code, "<html>", Location="/"), protocol) as server, asking() as client:
        with pytest.raises(error, match=str(code)) as caught:
            await text_of(client, server.address)

    assert type(caught.value) is error
    assert len(server.asked) == 1


async def test_an_agent_that_asks_to_come_back_later_says_when() -> None:
    async with serving(status(503, Retry_After="17")) as server, asking() as client:
        with pytest.raises(AgentUnavailable) as caught:
            await text_of(client, server.address)

    assert caught.value.retry_after_seconds == 17


async def test_an_error_of_json_rpc_is_told() -> None:
    refusal = json.dumps({"jsonrpc": "2.0", "id": "1", "error": {"code": -32602, "message": "No such skill"}})
    async with serving(status(200, refusal), A2A_JSONRPC) as server, asking() as client:
        with pytest.raises(AgentFailed, match="No such skill"):
            await text_of(client, server.address)

    assert len(server.asked) == 1


async def test_a_compressed_answer_is_not_unpacked() -> None:
    async with serving(status(200, "zz", Content_Encoding="gzip")) as server, asking() as client:
        with pytest.raises(AgentFailed, match="compressed"):
            await text_of(client, server.address)


async def test_a_body_that_is_no_stream_is_limited_as_a_whole() -> None:
    body = "[" + "\n\n" * 1000
    async with serving(status(200, body)) as server, asking(limits=Limits(message_bytes=500)) as client:
        with pytest.raises(AgentFailed, match="more than 500 bytes at once"):
            await text_of(client, server.address)


async def test_10_000_events_come_in_order_however_small_each_may_be() -> None:
    pieces = [
        json.dumps(
            {
                "artifactUpdate": {
                    "taskId": "t1",
                    "artifact": {"artifactId": "a", "parts": [{"text": f"{number} "}]},
                    "append": True,
                }
            }
        )
        for number in range(10_000)
    ]
    end = json.dumps({"statusUpdate": {"taskId": "t1", "status": {"state": "TASK_STATE_COMPLETED"}}})
    async with serving(stream(*pieces, end)) as server, asking(limits=Limits(message_bytes=500)) as client:
        assert await text_of(client, server.address) == "".join(f"{number} " for number in range(10_000))


async def test_an_error_after_the_first_event_does_not_ask_again() -> None:
    refusal = {"jsonrpc": "2.0", "id": "1", "error": {"code": -32004, "message": "Not any more"}}
    events = [json.dumps(_enveloped(SUBMITTED, A2A_JSONRPC)), json.dumps(refusal)]
    async with serving(stream(*events), A2A_JSONRPC) as server, asking() as client:
        with pytest.raises(AgentFailed, match="Not any more"):
            await text_of(client, server.address)

    # The second one is the request to stop.
    assert len(server.asked) == 2


def _enveloped(event: dict[str, Any], protocol: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": "1", "result": event} if protocol == A2A_JSONRPC else event
