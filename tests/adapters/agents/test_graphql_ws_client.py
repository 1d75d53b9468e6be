"""What an Agent is asked, and what is made of its answers and of its silence."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lmos.adapters.agents import Deadlines, Limits
from lmos.core.errors import InvalidInput
from lmos.core.resources.endpoint import Address
from lmos.ports.agents import AgentFailed, AgentTimeout, AgentUnavailable
from tests.adapters.agents.wayward import (
    Peer,
    answer,
    answer_frame,
    asking,
    frame,
    free_port,
    raw,
    request,
    text_of,
    wayward,
)

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection


STUB = Path(__file__).parents[4] / "shared" / "bench" / "stub_agent.py"


async def test_an_agent_that_refuses_every_time_is_unavailable() -> None:
    async def refuse(_peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        error = {"message": "stopping", "extensions": {"code": "TurnRefused"}}
        await socket.send(frame("error", message["id"], [error]))

    async with wayward(refuse) as peer, asking() as client:
        with pytest.raises(AgentUnavailable, match="turned the Turn away"):
            await text_of(client, peer.address)


async def test_subsets_do_not_share_a_socket_and_each_turn_carries_its_trace() -> None:
    async with wayward(answer) as peer, asking() as client:
        for subset, trace in [("stable", "00-1"), ("canary", "00-2"), ("stable", "00-3")]:
            await text_of(client, peer.address, {"X-Subset": subset, "traceparent": trace})

    assert [upgrade["x-subset"] for upgrade in peer.upgrades] == ["stable", "canary"]
    assert not any("traceparent" in upgrade for upgrade in peer.upgrades)
    traces = [message["payload"]["extensions"]["traceparent"] for message in peer.subscribed]
    assert traces == ["00-1", "00-2", "00-3"]


@pytest.mark.parametrize("subset", ["a\r\nx-admin: 1", "a\x00", "grün"])
async def test_a_header_that_http_cannot_carry_is_refused(subset: str) -> None:
    async with asking() as client:
        with pytest.raises(InvalidInput, match="x-subset"):
            await text_of(client, Address("127.0.0.1"), {"x-subset": subset})


@pytest.mark.parametrize(
    "host", ["a" * 70, "a\x00b", "does-not-exist.invalid", "a/b"], ids=["long", "control", "unknown", "slash"]
)
async def test_a_host_that_cannot_be_dialled_is_unavailable(host: str) -> None:
    async with asking() as client:
        with pytest.raises(AgentUnavailable, match="is unavailable"):
            await text_of(client, Address(host))


async def test_a_peer_that_never_agrees_to_the_upgrade_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        async with asking(deadlines=Deadlines(connect_seconds=0.05)) as client:
            with pytest.raises(AgentUnavailable, match=r"did not connect within 0\.05 s"):
                await text_of(client, Address("127.0.0.1", mute.getsockname()[1]))


@pytest.mark.parametrize(
    ("greeting", "says"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "refused the upgrade with HTTP 404"),
        (b"HTTP/1.1 302 Found\r\nLocation: ws://elsewhere/\r\nContent-Length: 0\r\n\r\n", "with HTTP 302"),
        (b"SSH-2.0-OpenSSH_9.7\r\n", "is unavailable"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "refused"),
        (b"", "closed the connection"),
    ],
)
async def test_a_peer_that_is_no_agent_is_unavailable(greeting: bytes, says: str) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(greeting)

    async with raw(greet) as port, asking() as client:
        with pytest.raises(AgentUnavailable, match=says):
            await text_of(client, Address("127.0.0.1", port))


@pytest.mark.parametrize(
    ("frames", "error", "says"),
    [
        (
            [frame("error", "1", [{"message": "out of order"}]), frame("complete", "1")],
            AgentFailed,
            "out of order",
        ),
        ([frame("error", "1", [])], AgentFailed, "answered with an error"),
        ([frame("complete", "1")], AgentFailed, "ended without an answer"),
        ([frame("next", "1", {"data": None, "errors": [{"message": "bad"}]})], AgentFailed, "bad"),
        ([frame("next", "1", {"data": {"agent": {"type": "MESSAGE"}}})], AgentFailed, "breaks the schema"),
        ([answer_frame("1"), "garbage"], AgentFailed, "Half-way, it spoke something other than"),
        (["garbage"], AgentUnavailable, "it spoke something other than"),
        ([answer_frame("1", "x" * 70_000)], AgentUnavailable, "exceeding max allowed size"),
    ],
)
async def test_an_answer_that_makes_no_sense_is_a_typed_error(
    frames: list[str], error: type[Exception], says: str
) -> None:
    async def say(_peer: Peer, socket: ServerConnection, _message: dict[str, Any]) -> None:
        for each in frames:
            await socket.send(each)

    async with wayward(say) as peer, asking(limits=Limits(message_bytes=65_536)) as client:
        with pytest.raises(error, match=says):
            await text_of(client, peer.address)


async def test_frames_of_nobodys_subscription_are_passed_over() -> None:
    async def chatter(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        await socket.send(answer_frame("someone-else", "not yours"))
        await socket.send(frame("complete", "someone-else"))
        await answer(peer, socket, message)

    async with wayward(chatter) as peer, asking() as client:
        assert await text_of(client, peer.address) == "hello"


async def test_a_line_that_breaks_before_the_first_result_is_unavailable_and_after_it_a_failure() -> None:
    async def hang_up(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if len(peer.subscribed) == 2:
            await socket.send(answer_frame(message["id"]))
        await socket.close(1011, "oops")

    async with wayward(hang_up) as peer, asking() as client:
        with pytest.raises(AgentUnavailable, match="closed the socket"):
            await text_of(client, peer.address)
        with pytest.raises(AgentFailed, match="Half-way"):
            await text_of(client, peer.address)


@pytest.mark.parametrize(
    ("deadlines", "says"),
    [(Deadlines(first_result_seconds=0.05), "begin"), (Deadlines(turn_seconds=0.3), "begin")],
)
async def test_a_silent_agent_is_given_up_and_told_so(deadlines: Deadlines, says: str) -> None:
    async def silence(_peer: Peer, _socket: ServerConnection, _message: dict[str, Any]) -> None:
        return

    async with wayward(silence) as peer:
        async with asking(deadlines=deadlines) as client:
            with pytest.raises(AgentTimeout, match=says):
                await text_of(client, peer.address)
        await asyncio.wait_for(peer.none_open.wait(), 5)

        assert peer.completed == ["1"]


async def test_a_reader_that_stopped_is_given_up_for_the_sake_of_others_on_its_socket() -> None:
    async def flood(_peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        while True:
            await socket.send(answer_frame(message["id"]))

    limits = Limits(waiting_results=3, slow_reader_seconds=0.02)
    async with wayward(flood) as peer, asking(limits=limits) as client:
        answers = client.ask(peer.address, request())
        await anext(answers)
        await peer.until(lambda _: peer.completed)
        with pytest.raises(AgentFailed, match="faster than anyone read"):
            _ = [result async for result in answers]


async def test_a_living_peer_that_is_silent_keeps_its_socket() -> None:
    limits = Limits(settle_seconds=0.0, ping_seconds=0.01)
    async with wayward(answer) as peer, asking(limits=limits) as client:
        await text_of(client, peer.address)
        await asyncio.sleep(0.05)
        await text_of(client, peer.address)

        assert len(peer.upgrades) == 1


async def test_an_agent_that_asks_for_a_sign_of_life_gets_it() -> None:
    async def ask_first(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        async with asyncio.timeout(5):
            await (await socket.ping())
            await socket.send('{"type":"ping"}')
        await answer(peer, socket, message)

    async with wayward(ask_first) as peer, asking() as client:
        assert await text_of(client, peer.address) == "hello"


async def test_a_socket_is_closed_with_a_goodbye_on_both_sides() -> None:
    async with wayward(answer) as peer:
        async with asking() as client:
            await text_of(client, peer.address)
            (socket,) = peer.sockets
        await asyncio.wait_for(socket.wait_closed(), 5)

        assert (socket.close_code, socket.close_reason) == (1000, "")


async def test_idle_sockets_are_closed() -> None:
    async with wayward(answer) as peer, asking(limits=Limits(idle_seconds=0.01)) as client:
        await text_of(client, peer.address)

        await asyncio.wait_for(peer.none_open.wait(), 5)


async def test_closing_the_client_closes_its_sockets() -> None:
    async with wayward(answer) as peer:
        async with asking() as client:
            await text_of(client, peer.address)

        await asyncio.wait_for(peer.none_open.wait(), 5)


@pytest.mark.e2e
@pytest.mark.skipif(not STUB.exists(), reason="the stub agent is not at ../shared/bench")
async def test_an_agent_of_another_hand_is_asked() -> None:
    port = free_port()
    with subprocess.Popen([sys.executable, str(STUB), "--port", str(port)]) as stub:
        try:
            async with asking() as client, asyncio.timeout(20):
                answered = ""
                while not answered:
                    try:
                        answered = await text_of(client, Address("127.0.0.1", port))
                    except AgentUnavailable:
                        await asyncio.sleep(0.05)
                many = await asyncio.gather(
                    *(text_of(client, Address("127.0.0.1", port)) for _ in range(100))
                )
        finally:
            stub.kill()

    assert answered == "stub answer"
    assert set(many) == {"stub answer"}
