"""The controller kit: what happens to keys."""

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from lmos.core.errors import InvalidInput, TemporaryError
from lmos.operator.controller import Controller, WorkQueue
from lmos.ports.informer import Key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

A, B = Key("default", "a"), Key("default", "b")


@asynccontextmanager
async def running(controller: Controller) -> "AsyncIterator[None]":
    task = asyncio.create_task(controller.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_key_that_is_added_many_times_is_worked_on_once() -> None:
    queue = WorkQueue()
    for key in (A, A, B, A):
        queue.add(key)

    taken = [await queue.take(), await queue.take()]
    for key in taken:
        queue.done(key)

    assert taken == [A, B]
    assert queue.is_idle


async def test_a_key_added_during_its_work_is_handed_out_again_afterwards() -> None:
    queue = WorkQueue()
    queue.add(A)
    key = await queue.take()

    queue.add(A)
    assert not queue.is_idle
    queue.done(key)

    assert await queue.take() == A


async def test_one_key_is_never_with_two_workers() -> None:
    inside = 0
    most = 0
    rounds = 0
    finished = asyncio.Event()

    async def reconcile(_: Key) -> None:
        nonlocal inside, most, rounds
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        rounds += 1
        if rounds < 20:
            controller.queue.add(A)
        else:
            finished.set()

    controller = Controller("test", reconcile, workers=4)
    controller.queue.add(A)
    async with running(controller):
        await asyncio.wait_for(finished.wait(), 5)

    assert most == 1


async def test_a_failing_key_is_tried_again_and_does_not_hold_up_others() -> None:
    seen: list[Key] = []
    finished = asyncio.Event()

    async def reconcile(key: Key) -> None:
        seen.append(key)
        if key == A and seen.count(A) < 3:
            raise TemporaryError("not yet", retry_after_seconds=0.01)
        if seen.count(A) == 3:
            finished.set()

    controller = Controller("test", reconcile, workers=1)
    controller.queue.add(A)
    controller.queue.add(B)
    async with running(controller):
        await asyncio.wait_for(finished.wait(), 5)

    assert seen == [A, B, A, A]


async def test_a_bug_in_one_object_does_not_stop_the_controller() -> None:
    done = asyncio.Event()

    async def reconcile(key: Key) -> None:
        if key == A:
            raise InvalidInput("broken for good")
        done.set()

    controller = Controller("test", reconcile, workers=1)
    controller.queue.add(A)
    controller.queue.add(B)
    async with running(controller):
        await asyncio.wait_for(done.wait(), 5)


async def test_a_reconciler_may_ask_to_look_again_later() -> None:
    rounds = 0
    twice = asyncio.Event()

    async def reconcile(_: Key) -> float | None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            return 0.01
        twice.set()
        return None

    controller = Controller("test", reconcile)
    controller.queue.add(A)
    async with running(controller):
        await asyncio.wait_for(twice.wait(), 5)

    assert rounds == 2
