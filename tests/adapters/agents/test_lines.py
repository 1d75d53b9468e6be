"""How Turns share sockets: as far as each Agent was seen to bear it, and without losing one to find out."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from lmos.adapters.agents import Limits
from lmos.core.resources.endpoint import Address
from tests.adapters.agents.wayward import (
    Peer,
    Replicas,
    answer,
    answer_frame,
    asking,
    frame,
    request,
    text_of,
    wayward,
)

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

    from lmos.adapters.agents import GraphQlAgentClient
    from tests.adapters.agents.wayward import Manner


async def test_turns_one_after_another_use_one_socket() -> None:
    async with wayward(answer) as peer, asking() as client:
        answers = [await text_of(client, peer.address) for _ in range(5)]

        assert answers == ["hello"] * 5
        assert len(peer.upgrades) == 1


async def ask_side_by_side(client: GraphQlAgentClient, peer: Peer, turns: int) -> list[str]:
    """The answers to Turns that the Agent, `together`, answers once it was asked them all."""
    return await asyncio.gather(
        *(text_of(client, peer.address, {"traceparent": f"of-{turns}"}) for _ in range(turns))
    )


def together() -> Manner:
    """An Agent that answers a group of Turns once it was asked them all."""
    groups: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
    asked: Counter[int] = Counter()

    async def answer_together(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        turns = int(message["payload"]["extensions"]["traceparent"].removeprefix("of-"))
        asked[turns] += 1
        if asked[turns] == turns:
            groups[turns].set()
        await groups[turns].wait()
        await answer(peer, socket, message)

    return answer_together


async def test_turns_side_by_side_share_a_socket_once_two_of_them_did() -> None:
    async with wayward(together()) as peer, asking() as client:
        await ask_side_by_side(client, peer, 1)
        await ask_side_by_side(client, peer, 2)
        await ask_side_by_side(client, peer, 10)

        assert len(peer.upgrades) == 1


async def test_until_sockets_proved_to_be_shared_the_third_turn_gets_its_own() -> None:
    async with wayward(together()) as peer, asking() as client:
        await ask_side_by_side(client, peer, 1)
        await ask_side_by_side(client, peer, 3)

        assert len(peer.upgrades) == 2


async def test_a_full_socket_is_joined_by_another_up_to_a_number_which_turns_then_share_evenly() -> None:
    limits = Limits(settle_seconds=0.0, turns_a_line=5, lines_a_target=3)
    async with wayward(together()) as peer, asking(limits=limits) as client:
        await ask_side_by_side(client, peer, 1)
        await ask_side_by_side(client, peer, 2)
        await ask_side_by_side(client, peer, 10)
        assert len(peer.upgrades) == 2

        await ask_side_by_side(client, peer, 40)
        assert len(peer.upgrades) == 3


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


@pytest.mark.parametrize("code", [1000, 1008, 4400, 4409, 4429])
async def test_an_agent_that_takes_one_turn_a_socket_is_noticed_and_no_turn_is_lost(code: int) -> None:
    busy: set[ServerConnection] = set()
    hold = asyncio.Event()

    async def one_at_a_time(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if socket in busy:
            await socket.close(code, "One subscription a socket")
            hold.set()
            return
        busy.add(socket)
        if len(peer.subscribed) > 1:
            await hold.wait()
        await answer(peer, socket, message)
        busy.discard(socket)

    async with wayward(one_at_a_time) as peer, asking() as client:
        await text_of(client, peer.address)
        assert await asyncio.gather(*(text_of(client, peer.address) for _ in range(2))) == ["hello"] * 2

        before = len(peer.upgrades)
        assert await asyncio.gather(*(text_of(client, peer.address) for _ in range(3))) == ["hello"] * 3
        assert len(peer.upgrades) == before + 3


async def test_a_turn_that_has_begun_is_not_put_at_risk_by_a_second_one_on_its_socket() -> None:
    go_on = asyncio.Event()

    async def begin_and_wait(_peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        await socket.send(answer_frame(message["id"], "begun"))
        await go_on.wait()
        await socket.send(frame("complete", message["id"]))

    async with wayward(begin_and_wait) as peer, asking() as client:
        go_on.set()
        await text_of(client, peer.address)
        go_on.clear()
        first = client.ask(peer.address, request())
        assert (await anext(first)).text == "begun"
        second = client.ask(peer.address, request())
        assert (await anext(second)).text == "begun"
        go_on.set()
        assert [result async for result in first] == []
        assert [result async for result in second] == []

        assert len(peer.upgrades) == 2


async def test_a_turn_on_a_socket_that_the_agent_closes_as_fulfilled_is_asked_again() -> None:
    async def close_unanswered_once(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if len(peer.subscribed) == 1:
            await socket.close()
        else:
            await answer(peer, socket, message)

    async with wayward(close_unanswered_once) as peer, asking() as client:
        assert await text_of(client, peer.address) == "hello"
        assert len(peer.subscribed) == 2


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


async def test_among_replicas_of_every_manner_no_turn_is_lost() -> None:
    busy: set[ServerConnection] = set()

    async def one_at_a_time(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if socket in busy:
            await socket.close(4409, "Subscriber exists")
            return
        busy.add(socket)
        await asyncio.sleep(0)
        await answer(peer, socket, message)
        busy.discard(socket)

    async def hang_up(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        await answer(peer, socket, message)
        await socket.close()

    async with (
        wayward(answer) as one,
        wayward(answer, echoes_subprotocol=False) as two,
        wayward(one_at_a_time) as three,
        wayward(hang_up) as four,
        asking(book=Replicas(one.port, two.port, three.port, four.port), limits=Limits()) as client,
    ):

        async def some() -> list[str]:
            return [await text_of(client, Address("billing")) for _ in range(20)]

        answers = await asyncio.gather(*(some() for _ in range(20)))

    assert answers == [["hello"] * 20] * 20
    # What the third turned away it was asked again; nobody else was asked twice.
    asked = [len(peer.subscribed) for peer in (one, two, three, four)]
    assert 400 <= sum(asked) <= 410
    assert min(asked) > 0
