"""Turns that an Agent is asked at once, and Turns that wait: counted, in order, none forgotten."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmos.adapters.agents.gate import Gate, GateFull


def in_a_minute() -> float:
    return asyncio.get_running_loop().time() + 60


async def test_turns_beyond_the_number_wait_in_the_order_of_their_coming() -> None:
    gate, order = Gate(lambda: 1, 10), list[int]()

    async def turn(number: int) -> None:
        await gate.enter(in_a_minute())
        order.append(number)
        await asyncio.sleep(0)
        gate.leave()

    await asyncio.gather(*(turn(number) for number in range(5)))

    assert order == [0, 1, 2, 3, 4]
    assert (gate.running, gate.waiting) == (0, 0)


async def test_one_more_than_may_wait_is_refused_at_once() -> None:
    gate = Gate(lambda: 1, 1)
    await gate.enter(in_a_minute())
    waiting = asyncio.create_task(gate.enter(in_a_minute()))
    await asyncio.sleep(0)

    with pytest.raises(GateFull):
        await gate.enter(in_a_minute())

    gate.leave()
    await waiting


async def test_a_turn_whose_time_is_over_waits_no_longer_and_leaves_no_trace() -> None:
    gate = Gate(lambda: 1, 1)
    await gate.enter(in_a_minute())

    with pytest.raises(TimeoutError):
        await gate.enter(asyncio.get_running_loop().time())

    assert (gate.running, gate.waiting) == (1, 0)


async def test_a_turn_cancelled_as_it_is_let_through_passes_its_place_on() -> None:
    gate = Gate(lambda: 1, 2)
    await gate.enter(in_a_minute())
    first, second = (asyncio.create_task(gate.enter(in_a_minute())) for _ in range(2))
    await asyncio.sleep(0)

    gate.leave()
    first.cancel()
    await second

    assert (gate.running, gate.waiting) == (1, 0)


async def test_more_turns_go_through_once_more_may() -> None:
    most = 1
    gate = Gate(lambda: most, 10)
    await gate.enter(in_a_minute())
    waiting = [asyncio.create_task(gate.enter(in_a_minute())) for _ in range(3)]
    await asyncio.sleep(0)

    most = 3
    gate.leave()
    await asyncio.sleep(0)

    assert [task.done() for task in waiting] == [True, True, True]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=25))
def test_no_place_is_lost_or_doubled_whoever_gives_up(most: int, turns: list[tuple[int, bool]]) -> None:
    async def story() -> None:
        gate, through = Gate(lambda: most, 100), 0

        async def turn(rounds: int) -> None:
            nonlocal through
            await gate.enter(in_a_minute())
            through += 1
            try:
                assert through <= most
                for _ in range(rounds):
                    await asyncio.sleep(0)
            finally:
                through -= 1
                gate.leave()

        tasks = [(asyncio.create_task(turn(rounds)), gives_up) for rounds, gives_up in turns]
        for task, gives_up in tasks:
            await asyncio.sleep(0)
            if gives_up:
                task.cancel()
        ended = await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
        assert not [end for end in ended if isinstance(end, Exception)]
        assert (gate.running, gate.waiting) == (0, 0)

    asyncio.run(story())
