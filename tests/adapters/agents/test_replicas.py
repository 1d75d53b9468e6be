"""Which replica gets a Turn, and what becomes of it when replicas die: counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.resources.endpoint import Address
from lmos.ports.agents import AgentUnavailable
from tests.adapters.agents.wayward import (
    Peer,
    Replicas,
    answer,
    answer_frame,
    asking,
    frame,
    free_port,
    outcomes,
    request,
    text_of,
    wayward,
)

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection


BILLING = Address("billing")


async def test_idle_replicas_take_turns() -> None:
    async with (
        wayward(answer) as one,
        wayward(answer) as two,
        asking(book=Replicas(one.port, two.port)) as client,
    ):
        for _ in range(6):
            await text_of(client, Address("billing"))

    assert (len(one.subscribed), len(two.subscribed)) == (3, 3)


async def test_the_replica_with_the_fewest_turns_under_way_gets_the_next() -> None:
    async def think(_peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        await socket.send(answer_frame(message["id"], "thinking"))

    async with (
        wayward(think) as slow,
        wayward(answer) as quick,
        asking(book=Replicas(slow.port, quick.port)) as client,
    ):
        thinking = client.ask(Address("billing"), request())
        await anext(thinking)
        for _ in range(5):
            await text_of(client, Address("billing"))
        await thinking.aclose()

    assert (len(slow.subscribed), len(quick.subscribed)) == (1, 5)


async def test_a_replica_that_is_gone_from_the_book_gets_no_more_turns_and_its_sockets_are_closed() -> None:
    async with wayward(answer) as one, wayward(answer) as two:
        book = Replicas(one.port)
        async with asking(book=book) as client:
            await text_of(client, Address("billing"))
            book.ports = (two.port,)
            await text_of(client, Address("billing"))
            await asyncio.wait_for(one.none_open.wait(), 5)

    assert (len(one.subscribed), len(two.subscribed)) == (1, 1)


async def test_a_replica_that_refuses_connections_is_passed_over() -> None:
    async with wayward(answer) as peer, asking(book=Replicas(free_port(), peer.port)) as client:
        answers = [await text_of(client, Address("billing")) for _ in range(4)]

    assert answers == ["hello"] * 4


async def test_a_service_without_a_ready_replica_is_unavailable() -> None:
    async with asking(book=Replicas()) as client:
        with pytest.raises(AgentUnavailable, match="no ready replica"):
            await text_of(client, Address("billing"))


async def test_with_1_of_10_replicas_dead_no_turn_is_lost_and_none_doubled() -> None:
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(wayward(answer)) for _ in range(9)]
        book = Replicas(*(peer.port for peer in peers), free_port())
        client = await stack.enter_async_context(asking(book=book))
        counted = await outcomes(client, BILLING, turns=320, at_once=16)

    assert counted == {"hello": 320}
    assert sum(len(peer.subscribed) for peer in peers) == 320


async def test_when_a_busy_replica_is_killed_its_turns_fail_and_no_other_does() -> None:
    async def die_on_the_tenth(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if len(peer.subscribed) < 10:
            await asyncio.sleep(0)
            await answer(peer, socket, message)
            return
        peer.stop_listening()
        for each in peer.sockets:
            each.transport.abort()

    async with (
        wayward(die_on_the_tenth) as mortal,
        wayward(answer) as one,
        wayward(answer) as two,
        asking(book=Replicas(mortal.port, one.port, two.port)) as client,
    ):
        counted = await outcomes(client, BILLING, turns=300, at_once=10)

    # What the dying one had not read yet may be missing from its count; nobody else was asked instead.
    assert counted.total() == 300
    assert set(counted) == {"hello", "AgentLost"}
    assert counted["AgentLost"] <= 10
    assert sum(len(peer.subscribed) for peer in (mortal, one, two)) <= 300


async def test_with_all_replicas_dead_every_turn_is_told_so_and_when_to_come_back() -> None:
    ports = [free_port(), free_port()]
    async with asking(book=Replicas(*ports)) as client:
        assert await outcomes(client, BILLING, turns=100, at_once=10) == {"AgentUnavailable": 100}
        with pytest.raises(AgentUnavailable) as caught:
            await text_of(client, BILLING)
        assert 0 < caught.value.retry_after_seconds <= 5

        async with wayward(answer, port=ports[0]):
            counted: Counter[str] = Counter()
            async with asyncio.timeout(10):
                while not counted["hello"]:
                    await asyncio.sleep(0.05)
                    counted += await outcomes(client, BILLING, turns=1, at_once=1)
            assert await outcomes(client, BILLING, turns=50, at_once=5) == {"hello": 50}


async def test_a_replica_that_is_stopping_refuses_and_the_others_answer() -> None:
    async def refuse(_peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        error = {"message": "stopping", "extensions": {"code": "TurnRefused"}}
        await socket.send(frame("error", message["id"], [error]))

    async with (
        wayward(refuse) as stopping,
        wayward(answer) as serving,
        asking(book=Replicas(stopping.port, serving.port)) as client,
    ):
        assert await outcomes(client, BILLING, turns=100, at_once=5) == {"hello": 100}

    assert len(serving.subscribed) == 100
