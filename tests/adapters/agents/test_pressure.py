"""How many Turns an Agent is asked at once, and what waiting, refusal and cancelling leave behind."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest

from lmos.adapters.agents import Deadlines, Limits
from lmos.ports.agents import AgentBusy
from tests.adapters.agents.wayward import (
    Peer,
    answer,
    answer_frame,
    asking,
    outcomes,
    request,
    text_of,
    wayward,
)

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection


async def test_an_agent_is_asked_so_many_turns_at_once_and_beyond_the_queue_the_answer_is_503() -> None:
    most_at_once, now = 0, 0
    open_up = asyncio.Event()

    async def work(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        nonlocal most_at_once, now
        now += 1
        peer.tell()
        most_at_once = max(most_at_once, now)
        await open_up.wait()
        now -= 1
        await answer(peer, socket, message)

    limits = Limits(lonely_turns=2, running_turns=2, queued_turns=3)
    async with wayward(work) as peer, asking(limits=limits) as client:
        turns = asyncio.create_task(outcomes(client, peer.address, turns=10, at_once=10))
        await peer.until(lambda _: now == 2)
        with pytest.raises(AgentBusy, match="3 Turns wait for it") as caught:
            await text_of(client, peer.address)
        open_up.set()
        counted = await turns

    assert (caught.value.http_status, caught.value.retry_after_seconds) == (503, 1.0)
    assert counted == {"hello": 5, "AgentBusy": 5}
    assert most_at_once == 2


async def test_a_turn_whose_time_is_over_in_the_queue_was_never_asked() -> None:
    async def think(_peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        await socket.send(answer_frame(message["id"], "thinking"))

    deadlines = Deadlines(turn_seconds=0.3)
    async with wayward(think) as peer, asking(limits=Limits(lonely_turns=1), deadlines=deadlines) as client:
        thinking = client.ask(peer.address, request())
        await anext(thinking)
        counted = await outcomes(client, peer.address, turns=2, at_once=2)
        await thinking.aclose()

    assert counted == {"AgentBusy": 2}
    assert len(peer.subscribed) == 1


async def test_a_cancelled_turn_is_completed_and_makes_room_for_the_next() -> None:
    async def hang_once(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        if len(peer.subscribed) > 1:
            await answer(peer, socket, message)

    async with wayward(hang_once) as peer, asking(limits=Limits(lonely_turns=1)) as client:
        cancelled = asyncio.create_task(text_of(client, peer.address))
        await peer.until(lambda _: peer.subscribed)
        next_one = asyncio.create_task(text_of(client, peer.address))
        cancelled.cancel()

        assert await next_one == "hello"
        assert peer.completed == ["1"]


async def test_turns_cancelled_at_any_moment_leave_no_place_taken() -> None:
    chance = random.Random(7)  # noqa: S311 - the same moments each time

    async def take_a_while(peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        await asyncio.sleep(0.001)
        await answer(peer, socket, message)

    limits = Limits(lonely_turns=4, running_turns=4, queued_turns=300)
    async with wayward(take_a_while) as peer, asking(limits=limits) as client:
        turns = [asyncio.create_task(text_of(client, peer.address)) for _ in range(300)]
        for turn in chance.sample(turns, 150):
            await asyncio.sleep(chance.uniform(0, 0.001))
            turn.cancel()
        ended = await asyncio.gather(*turns, return_exceptions=True)
        assert {str(end) for end in ended if not isinstance(end, asyncio.CancelledError)} == {"hello"}

        assert await outcomes(client, peer.address, turns=100, at_once=4) == {"hello": 100}


async def test_a_turn_cancelled_while_it_is_dialled_for_leaves_the_socket_to_the_next() -> None:
    async with wayward(answer) as peer, asking() as client:
        impatient = asyncio.create_task(text_of(client, peer.address))
        await asyncio.sleep(0)
        impatient.cancel()
        await peer.until(lambda _: peer.upgrades)

        assert await text_of(client, peer.address) == "hello"
        assert len(peer.upgrades) == 1
