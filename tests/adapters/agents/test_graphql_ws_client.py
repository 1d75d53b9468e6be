from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from websockets.utils import accept_key

from lmos.adapters.agents import Deadlines, GraphQlAgentClient, Limits
from lmos.core.errors import InvalidInput
from lmos.core.resources.endpoint import Address
from lmos.ports.agents import AgentFailed, AgentTimeout, AgentUnavailable
from tests.adapters.agents.wayward import Peer, answer, answer_frame, frame, raw, request, text_of, wayward

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from websockets.asyncio.server import ServerConnection

    from lmos.core.conversation import AgentResult
    from lmos.ports.agents import AddressBook

STUB = Path(__file__).parents[4] / "shared" / "bench" / "stub_agent.py"

# Sockets are used again at once: these tests do not wait to see whether the Agent hangs up.
EAGER = Limits(settle_seconds=0.0)


@asynccontextmanager
async def asking(
    *, limits: Limits = EAGER, deadlines: Deadlines | None = None, book: AddressBook | None = None
) -> AsyncIterator[GraphQlAgentClient]:
    client = GraphQlAgentClient(book, limits=limits, deadlines=deadlines)
    try:
        yield client
    finally:
        await client.aclose()


class Replicas:
    """An address book with one page."""

    def __init__(self, *ports: int) -> None:
        self.ports = ports

    def addresses(self, host: str, port: int) -> Sequence[tuple[str, int]]:
        assert (host, port) == ("billing", 8080)
        return [("127.0.0.1", port) for port in self.ports]


async def read_slowly(answers: AsyncIterator[AgentResult]) -> None:
    async for _ in answers:
        await asyncio.sleep(0.01)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


async def test_turns_one_after_another_use_one_socket() -> None:
    async with wayward(answer) as peer, asking() as client:
        answers = [await text_of(client, peer.address) for _ in range(5)]

        assert answers == ["hello"] * 5
        assert len(peer.upgrades) == 1


async def test_turns_side_by_side_share_a_socket_that_proved_to_last() -> None:
    gate = asyncio.Event()

    async def wait_for_all(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if len(peer.subscribed) == 12:
            gate.set()
        if len(peer.subscribed) > 2:
            await gate.wait()
        await answer(peer, socket, message)

    async with wayward(wait_for_all) as peer, asking() as client:
        await text_of(client, peer.address)
        await text_of(client, peer.address)
        await asyncio.gather(*(text_of(client, peer.address) for _ in range(10)))

        assert len(peer.upgrades) == 1


async def test_a_socket_carries_no_more_turns_than_the_limit() -> None:
    gate = asyncio.Event()

    async def wait_for_all(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if len(peer.subscribed) == 12:
            gate.set()
        if len(peer.subscribed) > 2:
            await gate.wait()
        await answer(peer, socket, message)

    limits = Limits(settle_seconds=0.0, turns_a_socket=5)
    async with wayward(wait_for_all) as peer, asking(limits=limits) as client:
        await text_of(client, peer.address)
        await text_of(client, peer.address)
        await asyncio.gather(*(text_of(client, peer.address) for _ in range(10)))

        assert len(peer.upgrades) >= 2


async def test_an_agent_that_does_not_know_the_subprotocol_gets_one_turn_at_a_time_on_a_socket() -> None:
    gate = asyncio.Barrier(3)

    async def wait_for_three(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if len(peer.subscribed) > 2:
            await gate.wait()
        await answer(peer, socket, message)

    async with wayward(wait_for_three, echoes_subprotocol=False) as peer, asking() as client:
        await text_of(client, peer.address)
        await text_of(client, peer.address)
        assert len(peer.upgrades) == 1

        await asyncio.gather(*(text_of(client, peer.address) for _ in range(3)))
        assert len(peer.upgrades) == 3


async def test_an_agent_that_hangs_up_after_each_turn_gets_a_socket_for_each() -> None:
    async def hang_up(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        await answer(peer, socket, message)
        await socket.close()

    async with wayward(hang_up) as peer, asking(limits=Limits()) as client:
        for number in range(3):
            assert await text_of(client, peer.address) == "hello"
            await asyncio.wait_for(peer.none_open.wait(), 5)
            assert len(peer.upgrades) == number + 1
        await asyncio.gather(*(text_of(client, peer.address) for _ in range(5)))

        assert len(peer.upgrades) == 8


async def test_an_agent_that_takes_one_turn_a_socket_is_noticed_and_the_newcomer_is_asked_again() -> None:
    joined = asyncio.Event()

    async def one_at_a_time(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if len(peer.subscribed) == 3:
            await socket.send(answer_frame(message["id"], "begun"))
            await joined.wait()
            await socket.close(4429, "One subscription a socket")
        elif len(peer.subscribed) == 4:
            joined.set()
        else:
            await answer(peer, socket, message)

    async with wayward(one_at_a_time) as peer, asking() as client:
        await text_of(client, peer.address)
        await text_of(client, peer.address)
        first = client.ask(peer.address, request())
        assert (await anext(first)).text == "begun"

        assert await text_of(client, peer.address) == "hello"
        with pytest.raises(AgentFailed, match="Half-way"):
            await anext(first)
        await asyncio.gather(*(text_of(client, peer.address) for _ in range(3)))

        assert len(peer.upgrades) == 5


async def test_a_turn_that_the_agent_refused_unbegun_is_asked_on_another_socket() -> None:
    async def refuse_once(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if len(peer.subscribed) == 1:
            error = {"message": "stopping", "extensions": {"code": "TurnRefused"}}
            await socket.send(frame("error", message["id"], [error]))
        else:
            await answer(peer, socket, message)

    async with wayward(refuse_once) as peer, asking() as client:
        assert await text_of(client, peer.address) == "hello"
        assert len(peer.upgrades) == 2


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
    assert [upgrade["traceparent"] for upgrade in peer.upgrades] == ["00-1", "00-2"]
    traces = [message["payload"]["extensions"]["traceparent"] for message in peer.subscribed]
    assert traces == ["00-1", "00-2", "00-3"]


@pytest.mark.parametrize("subset", ["a\r\nx-admin: 1", "a\x00", "grün"])
async def test_a_header_that_http_cannot_carry_is_refused(subset: str) -> None:
    async with asking() as client:
        with pytest.raises(InvalidInput, match="x-subset"):
            await text_of(client, Address("127.0.0.1"), {"x-subset": subset})


async def test_replicas_take_turns() -> None:
    async with (
        wayward(answer) as one,
        wayward(answer) as two,
        asking(book=Replicas(one.port, two.port)) as client,
    ):
        for _ in range(6):
            await text_of(client, Address("billing"))

    assert (len(one.subscribed), len(two.subscribed)) == (3, 3)


async def test_a_replica_that_refuses_connections_is_passed_over() -> None:
    async with wayward(answer) as peer, asking(book=Replicas(free_port(), peer.port)) as client:
        answers = [await text_of(client, Address("billing")) for _ in range(4)]

    assert answers == ["hello"] * 4


async def test_a_service_without_a_ready_replica_is_unavailable() -> None:
    async with asking(book=Replicas()) as client:
        with pytest.raises(AgentUnavailable, match="no ready replica"):
            await text_of(client, Address("billing"))


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
        ([answer_frame("1", "x" * 70_000)], AgentUnavailable, "exceeds limit of 65536 bytes"),
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
    [(Deadlines(first_result_seconds=0.05), "begin"), (Deadlines(turn_seconds=0.05), "begin")],
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


async def test_an_agent_that_answers_faster_than_anyone_reads_is_cut_off() -> None:
    async def flood(_peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        while True:
            await socket.send(answer_frame(message["id"]))

    async with wayward(flood) as peer, asking(limits=Limits(buffered_results=3)) as client:
        with pytest.raises(AgentFailed, match="faster than anyone read"):
            await read_slowly(client.ask(peer.address, request()))


async def test_a_living_peer_that_is_silent_keeps_its_socket() -> None:
    limits = Limits(settle_seconds=0.0, ping_seconds=0.01)
    async with wayward(answer) as peer, asking(limits=limits) as client:
        await text_of(client, peer.address)
        await asyncio.sleep(0.05)
        await text_of(client, peer.address)

        assert len(peer.upgrades) == 1


async def test_a_dead_peer_is_noticed_between_two_pings() -> None:
    async def upgrade_and_die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        key = re.search(rb"Sec-WebSocket-Key: (\S+)", await reader.readuntil(b"\r\n\r\n"))
        assert key
        accept = accept_key(key[1].decode())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        writer.write(f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        await reader.read()

    async with raw(upgrade_and_die) as port, asking(limits=Limits(ping_seconds=0.02)) as client:
        with pytest.raises(AgentUnavailable, match="gave no sign of life"):
            await text_of(client, Address("127.0.0.1", port))


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
