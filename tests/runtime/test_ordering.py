"""One queue for each Conversation."""

from __future__ import annotations

import asyncio
import contextlib

from lmos.runtime.ordering import Queues


async def test_those_with_one_key_go_in_the_order_in_which_they_came() -> None:
    queues, went = Queues(), list[int]()

    async def go(number: int) -> None:
        async with queues.turn_of("key"):
            await asyncio.sleep(0)
            went.append(number)

    await asyncio.gather(*map(go, range(5)))

    assert went == [0, 1, 2, 3, 4]


async def test_those_with_different_keys_do_not_wait_for_each_other() -> None:
    queues = Queues()

    async with queues.turn_of("one"), queues.turn_of("other"):
        assert len(queues) == 2


async def test_nothing_is_left_of_a_queue_that_nobody_waits_in_whatever_happened_in_it() -> None:
    queues = Queues()

    async def fail() -> None:
        async with queues.turn_of("key"):
            raise ValueError

    async with queues.turn_of("key"):
        waiting = asyncio.create_task(fail())
        gave_up = asyncio.create_task(fail())
        await asyncio.sleep(0)
        gave_up.cancel()
        await asyncio.wait([gave_up])
        assert len(queues) == 1
    with contextlib.suppress(ValueError):
        await waiting

    assert len(queues) == 0
