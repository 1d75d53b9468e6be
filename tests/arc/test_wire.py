"""What an Agent says on the wire, seen by a raw client."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from lmos.arc import Agent, Turn
from lmos.arc.sockets import MAX_TURNS_A_SOCKET
from lmos.arc.testing import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

RECORDINGS = Path(__file__).parents[3] / "shared" / "contracts" / "recordings"
QUERY = (
    "subscription($request: AgentRequestInput!, $agentName: String) { agent(agentName: $agentName, request: "
    "$request) { status, type, responseTime, toolCalls{name,arguments}, context{key,value}, "
    "anonymizationEntities{type,value,replacement}, messages{content format,role} } }"
)

SOCKET_TRACE = f"00-{'a' * 32}-{'1' * 16}-01"
TURN_TRACE = f"00-{'b' * 32}-{'2' * 16}-00"


def echo() -> Agent:
    agent = Agent("echo-agent", channels=["web"])

    @agent.handler
    async def answer(turn: Turn) -> AsyncIterator[str]:
        if turn.text == "fail":
            raise RuntimeError("the secret is out")
        if turn.text == "wait":
            await asyncio.Event().wait()
        yield "echo: "
        yield turn.text

    return agent


def ask(text: str, id_: str = "1", agent: str | None = None, **system: str) -> str:
    request = {
        "messages": [{"role": "user", "content": text, "format": "text", "turnId": None, "binaryData": None}],
        "conversationContext": {"conversationId": "c1", "turnId": "t1", "anonymizationEntities": None},
        "systemContext": [{"key": key, "value": value} for key, value in system.items()],
        "userContext": {"userId": "u1", "userToken": None, "profile": []},
    }
    payload = {"query": QUERY, "variables": {"request": request, "agentName": agent}}
    return json.dumps({"type": "subscribe", "id": id_, "payload": payload})


@asynccontextmanager
async def dial(
    *agents: Agent, subprotocols: Sequence[str] | None = None, init: bool = True
) -> AsyncIterator[ClientConnection]:
    async with served(*(agents or (echo(),))) as port:
        offered = [Subprotocol(name) for name in subprotocols] if subprotocols else None
        uri = f"ws://127.0.0.1:{port}/subscriptions"
        async with connect(uri, subprotocols=offered, compression=None) as socket:
            if init:
                await socket.send('{"type":"connection_init"}')
                assert await socket.recv() == '{"type":"connection_ack"}'
            yield socket


async def frames(socket: ClientConnection) -> list[Any]:
    """Every frame up to the end of a subscription."""
    heard: list[Any] = []
    while not heard or heard[-1]["type"] not in {"complete", "error"}:
        heard.append(json.loads(await asyncio.wait_for(socket.recv(), 5)))
    return heard


def result(frame: Any) -> Any:
    return frame["payload"]["data"]["agent"]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, None),
        (["graphql-transport-ws"], "graphql-transport-ws"),
        (["graphql-ws", "graphql-transport-ws"], "graphql-transport-ws"),
        (["graphql-ws"], None),
    ],
)
async def test_a_turn_is_answered_with_and_without_a_subprotocol(
    offered: list[str] | None, chosen: str | None
) -> None:
    async with dial(subprotocols=offered) as socket:
        await socket.send(ask("hi"))
        heard = await frames(socket)

        assert socket.subprotocol == chosen
        assert [frame["type"] for frame in heard] == ["next", "complete"]


async def test_an_answer_has_every_field_that_the_original_runtime_needs() -> None:
    async with dial() as socket:
        await socket.send(ask("hi"))
        answer, complete = await frames(socket)

    assert result(answer) | {"responseTime": 0} == {
        "status": None,
        "type": "MESSAGE",
        "responseTime": 0,
        "toolCalls": [],
        "context": [],
        "anonymizationEntities": [],
        "messages": [{"content": "echo: hi", "format": "text", "role": "assistant"}],
    }
    assert complete == {"type": "complete", "id": "1"}


async def test_pieces_come_only_where_they_were_asked_for() -> None:
    async with dial() as socket:
        await socket.send(ask("hi", streaming="true"))
        heard = await frames(socket)

    assert [result(frame)["type"] for frame in heard[:-1]] == [
        "INTERMEDIATE_MESSAGE",
        "INTERMEDIATE_MESSAGE",
        "MESSAGE",
    ]


async def test_a_failure_is_an_error_frame_that_gives_nothing_away() -> None:
    async with dial() as socket:
        await socket.send(ask("fail"))
        (error,) = await frames(socket)

    assert error == {
        "type": "error",
        "id": "1",
        "payload": [{"message": "Agent echo-agent failed!", "extensions": {"code": "HandlerFailed"}}],
    }


async def test_after_an_error_the_socket_serves_the_next_turn() -> None:
    async with dial() as socket:
        await socket.send(ask("fail"))
        await frames(socket)
        await socket.send(ask("hi"))

        assert result((await frames(socket))[0])["messages"][0]["content"] == "echo: hi"


async def test_turns_share_a_socket_and_a_slow_one_holds_up_nobody() -> None:
    async with dial() as socket:
        await socket.send(ask("wait", "slow"))
        await socket.send(ask("hi", "quick"))
        heard = await frames(socket)

    assert {frame["id"] for frame in heard} == {"quick"}


@pytest.mark.parametrize("leaves", ["completes", "hangs up"])
async def test_a_client_that_leaves_cancels_the_handler(leaves: str) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()
    agent = Agent("patient-agent")

    @agent.handler
    async def wait(_turn: Turn) -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return "never"

    async with dial(agent) as socket:
        await socket.send(ask("hi"))
        await begun.wait()
        if leaves == "completes":
            await socket.send('{"type":"complete","id":"1"}')
        else:
            await socket.close()

        await asyncio.wait_for(cancelled.wait(), 5)


async def test_the_name_chooses_among_several_agents() -> None:
    other = Agent("other-agent")
    other.handler(lambda _turn: "other")

    async with dial(echo(), other) as socket:
        await socket.send(ask("hi", agent="other-agent"))

        assert result((await frames(socket))[0])["messages"][0]["content"] == "other"


async def test_an_unknown_name_is_an_error() -> None:
    async with dial() as socket:
        await socket.send(ask("hi", agent="nobody"))
        (error,) = await frames(socket)

    assert error["payload"] == [
        {"message": "There is no Agent 'nobody' here.", "extensions": {"code": "UnknownAgent"}}
    ]


async def test_without_a_name_the_agent_with_the_capability_answers() -> None:
    billing, roaming = Agent("billing-agent"), Agent("roaming-agent")
    billing.capability("view-bill", examples=["how much is my bill"])(lambda _turn: "bill")
    roaming.capability("roam", examples=["can I use my phone in Spain"])(lambda _turn: "roaming")

    async with dial(billing, roaming) as socket:
        for text, system, expected in [
            ("can I use it in Spain", {}, "roaming"),
            ("how much is my bill", {}, "bill"),
            ("how much is my bill", {"capability": "roam"}, "roaming"),
        ]:
            await socket.send(ask(text, **system))
            assert result((await frames(socket))[0])["messages"][0]["content"] == expected


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ([ask("hi")], 4401),
        (['{"type":"connection_init"}', '{"type":"connection_init"}'], 4429),
        (['{"type":"connection_init"}', ask("wait"), ask("wait")], 4409),
        (["not json"], 4400),
        (['{"type":"foo"}'], 4400),
        ([b"\x00\xff"], 4400),
    ],
)
async def test_a_client_that_breaks_the_protocol_is_closed_with_its_code(
    sent: list[str | bytes], code: int
) -> None:
    async with dial(init=False) as socket:
        for frame in sent:
            await socket.send(frame)
        await asyncio.wait_for(socket.wait_closed(), 5)

        assert socket.close_code == code


async def test_a_client_that_never_begins_is_closed_with_4408() -> None:
    async with served(echo(), init_seconds=0.02) as port:
        async with connect(f"ws://127.0.0.1:{port}/subscriptions") as socket:
            await asyncio.wait_for(socket.wait_closed(), 5)

        assert socket.close_code == 4408


async def test_a_socket_takes_a_bounded_number_of_turns_at_once() -> None:
    async with dial() as socket:
        for number in range(MAX_TURNS_A_SOCKET + 1):
            await socket.send(ask("wait", str(number)))
        (refused,) = await frames(socket)

    assert refused["id"] == str(MAX_TURNS_A_SOCKET)
    assert refused["payload"][0]["extensions"] == {"code": "TurnRefused"}


async def test_a_handler_sees_the_trace_of_its_turn_rather_than_that_of_the_socket() -> None:
    agent = Agent("traced-agent")
    agent.handler(lambda turn: f"{turn.trace['traceparent']} {turn.trace.get('tracestate', '')}")
    message = json.loads(ask("hi"))
    message["payload"]["extensions"] = {"traceparent": TURN_TRACE}

    async with served(agent) as port:
        headers = {"traceparent": SOCKET_TRACE, "tracestate": "vendor=1"}
        async with connect(f"ws://127.0.0.1:{port}/subscriptions", additional_headers=headers) as socket:
            await socket.send('{"type":"connection_init"}')
            await socket.recv()
            answers = []
            for sent in (ask("hi"), json.dumps(message)):
                await socket.send(sent)
                answers.append(result((await frames(socket))[0])["messages"][0]["content"])

    assert answers == [f"{SOCKET_TRACE} vendor=1", f"{TURN_TRACE} "]


async def test_a_ping_is_answered_with_a_pong() -> None:
    async with dial() as socket:
        await socket.send('{"type":"ping"}')

        assert await socket.recv() == '{"type":"pong"}'


def recorded() -> dict[str, list[dict[str, Any]]]:
    if not RECORDINGS.is_dir():
        return {}
    lines = (RECORDINGS / "agent-subscriptions.jsonl").read_text().splitlines()
    frames = [json.loads(line) for line in lines]
    groups = {name: list(group) for name, group in groupby(frames, key=lambda frame: frame["scenario"])}
    return {
        name: [
            json.loads(frame["data"]) for frame in group if frame["dir"] == "C>" and '"next"' in str(group)
        ]
        for name, group in groups.items()
        if group[0]["dir"] == "upgrade" and any('"next"' in str(frame["data"]) for frame in group)
    }


@pytest.mark.skipif(not recorded(), reason="the recordings of the original are not at ../shared")
@pytest.mark.parametrize("scenario", recorded())
async def test_requests_that_the_original_answered_are_answered(scenario: str) -> None:
    names = {"named plain-agent": "plain-agent"}
    agent = Agent(names.get(scenario, "weather-agent"))
    agent.handler(lambda turn: f"echo: {turn.text}")
    asked = [message for message in recorded()[scenario] if message["type"] == "subscribe"]

    async with dial(agent) as socket:
        for message in asked:
            await socket.send(json.dumps(message))
            heard = await frames(socket)

            if scenario == "unknown agent name":
                # The original takes its first Agent instead.
                assert heard[-1]["payload"][0]["extensions"] == {"code": "UnknownAgent"}
                continue
            request = message["payload"]["variables"]["request"]
            assert result(heard[0])["messages"] == [
                {
                    "content": f"echo: {request['messages'][-1]['content']}",
                    "format": "text",
                    "role": "assistant",
                }
            ]
            assert heard[-1] == {"type": "complete", "id": message["id"]}
