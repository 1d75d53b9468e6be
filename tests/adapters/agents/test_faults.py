"""What can go wrong with an Agent, each with what the user gets and how often the Agent was asked."""

from __future__ import annotations

import asyncio
import os
import resource
import tracemalloc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lmos.adapters.agents import Deadlines, Limits
from lmos.core.resources.endpoint import Address
from lmos.ports.agents import AgentFailed, AgentLost, AgentTimeout, AgentUnavailable
from tests.adapters.agents.wayward import (
    Peer,
    answer,
    answer_frame,
    asking,
    frame,
    outcomes,
    raw,
    request,
    text_of,
    wayward,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.asyncio.server import ServerConnection


async def test_an_agent_that_refuses_connections_is_unavailable_at_once_and_hardly_dialled() -> None:
    dialled = 0

    async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        nonlocal dialled
        dialled += 1

    async with raw(hang_up) as port, asking() as client:
        counted = await outcomes(client, Address("127.0.0.1", port), turns=200, at_once=10)

    assert counted == {"AgentUnavailable": 200}
    assert dialled <= 15


async def test_an_agent_that_hangs_before_its_first_result_is_told_to_stop_and_others_are_answered() -> None:
    async def hang_on_the_third(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if not any(message is third for third in peer.subscribed[2:3]):
            await answer(peer, socket, message)

    deadlines = Deadlines(first_result_seconds=0.3)
    async with wayward(hang_on_the_third) as peer, asking(deadlines=deadlines) as client:
        counted = await outcomes(client, peer.address, turns=20, at_once=4)
        stopped = peer.subscribed[2]["id"]

    assert counted == {"hello": 19, "AgentTimeout": 1}
    assert len(peer.subscribed) == 20
    assert peer.completed == [stopped]


async def test_an_agent_that_hangs_between_results_has_timed_out_after_what_it_said() -> None:
    async def hang(_peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        await socket.send(answer_frame(message["id"], "well"))

    async with wayward(hang) as peer, asking(deadlines=Deadlines(turn_seconds=0.3)) as client:
        answers = client.ask(peer.address, request())
        assert (await anext(answers)).text == "well"
        with pytest.raises(AgentTimeout, match="did not finish"):
            await anext(answers)

    assert len(peer.subscribed) == 1


@pytest.mark.parametrize(("says_a_word", "error"), [(True, AgentFailed), (False, AgentLost)])
async def test_an_agent_that_dies_half_way_is_asked_once_and_the_next_turn_dials_anew(
    says_a_word: bool, error: type[Exception]
) -> None:
    async def die_once(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if len(peer.subscribed) > 1:
            await answer(peer, socket, message)
            return
        if says_a_word:
            await socket.send(answer_frame(message["id"]))
        socket.transport.abort()

    async with wayward(die_once) as peer, asking() as client:
        with pytest.raises(error):
            await text_of(client, peer.address)
        assert len(peer.subscribed) == 1

        assert await text_of(client, peer.address) == "hello"
        assert len(peer.upgrades) == 2


@pytest.mark.parametrize(
    "garbage",
    [
        "not JSON",
        "[]",
        '{"type": "launch"}',
        '{"type": "next", "id": "1"}',
        '{"type": "next", "id": "1", "payload": {"data": {"agent": {"messages": 7}}}}',
        b"\x00\x01",
        b'{"type": "complete", "id": "1"}',
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
async def test_garbage_is_a_typed_error_and_the_next_turn_is_answered(garbage: str | bytes) -> None:
    async def babble_once(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if len(peer.subscribed) == 1:
            await socket.send(garbage)
        else:
            await answer(peer, socket, message)

    async with wayward(babble_once) as peer, asking() as client:
        counted = await outcomes(client, peer.address, turns=2, at_once=1)

    assert counted["hello"] == 1
    assert counted["AgentLost"] + counted["AgentFailed"] == 1
    assert len(peer.subscribed) == 2


async def test_a_result_of_an_unknown_type_fails_its_turn_alone() -> None:
    odd = {"messages": [], "type": "TELEPATHY"}

    async def be_odd_once(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if len(peer.subscribed) == 1:
            await socket.send(frame("next", message["id"], {"data": {"agent": odd}}))
        else:
            await answer(peer, socket, message)

    async with wayward(be_odd_once) as peer, asking() as client:
        with pytest.raises(AgentFailed, match="breaks the schema: type"):
            await text_of(client, peer.address)
        assert await text_of(client, peer.address) == "hello"
        assert len(peer.upgrades) == 1


async def test_a_result_of_10_mb_comes_whole_and_its_grown_buffer_is_not_kept() -> None:
    text = "x" * 10_000_000

    async def be_long_once(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        await socket.send(answer_frame(message["id"], text if len(peer.subscribed) == 1 else "short"))
        await socket.send(frame("complete", message["id"]))

    async with wayward(be_long_once) as peer, asking() as client:
        assert await text_of(client, peer.address) == text
        assert await text_of(client, peer.address) == "short"
        assert len(peer.upgrades) == 2


async def test_a_message_in_fragments_comes_whole_and_a_longer_one_than_allowed_does_not() -> None:
    async def in_pieces(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        text = answer_frame(message["id"], "x" * (60_000 if len(peer.subscribed) == 1 else 70_000))
        await socket.send([text[at : at + 1000] for at in range(0, len(text), 1000)])
        await socket.send(frame("complete", message["id"]))

    async with wayward(in_pieces) as peer, asking(limits=Limits(message_bytes=65_536)) as client:
        assert len(await text_of(client, peer.address)) == 60_000
        with pytest.raises(AgentLost, match="more than 65536 bytes"):
            await text_of(client, peer.address)


async def test_10_000_tiny_messages_come_in_order_and_wait_for_their_reader_outside() -> None:
    async def chatter(_peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        for number in range(10_000):
            await socket.send(answer_frame(message["id"], str(number)))
        await socket.send(frame("complete", message["id"]))

    async with wayward(chatter) as peer, asking(limits=Limits(waiting_results=100)) as client:
        answers = client.ask(peer.address, request())
        heard = [(await anext(answers)).text]
        tracemalloc.start()
        # Nothing is read for a while: what the Agent says meanwhile must not pile up here.
        await asyncio.sleep(0.2)
        _, most_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        heard += [result.text async for result in answers]

    assert heard == [str(number) for number in range(10_000)]
    assert most_bytes < 3_000_000


async def test_a_peer_that_went_without_a_word_while_it_was_asked_is_noticed_by_its_silence() -> None:
    async def go_deaf(_peer: Peer, socket: ServerConnection, _message: dict[str, Any]) -> None:
        socket.transport.pause_reading()

    limits = Limits(ping_seconds=0.05, pong_seconds=0.05)
    async with wayward(go_deaf) as peer, asking(limits=limits) as client:
        with pytest.raises(AgentLost, match="gave no sign of life"):
            await text_of(client, peer.address)

    assert len(peer.subscribed) == 1


async def test_a_peer_that_went_without_a_word_while_idle_is_noticed_before_it_is_asked() -> None:
    async def answer_and_go_deaf_once(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        await answer(peer, socket, message)
        if len(peer.subscribed) == 1:
            socket.transport.pause_reading()

    limits = Limits(settle_seconds=0.0, ping_seconds=0.05, pong_seconds=0.05)
    async with wayward(answer_and_go_deaf_once) as peer, asking(limits=limits) as client:
        await text_of(client, peer.address)
        await asyncio.sleep(0.06)

        assert await text_of(client, peer.address) == "hello"
        assert len(peer.subscribed) == 2


@contextmanager
def no_more_descriptors() -> Iterator[None]:
    """This process can open no file or socket."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_out_of_file_descriptors_open_sockets_serve_and_a_new_one_is_a_temporary_error() -> None:
    async with wayward(answer) as open_to, wayward(answer) as not_open_to, asking() as client:
        await text_of(client, open_to.address)
        with no_more_descriptors():
            assert await outcomes(client, open_to.address, turns=20, at_once=1) == {"hello": 20}
            with pytest.raises(AgentUnavailable, match="Too many open files") as caught:
                await text_of(client, not_open_to.address)
        assert "ulimit" in caught.value.hint

        assert await outcomes(client, not_open_to.address, turns=20, at_once=4) == {"hello": 20}
