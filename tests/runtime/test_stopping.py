"""A Turn that is stopped while the store writes it down: one end is kept, and that one is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from lmos.core.conversation import TurnStatus
from lmos.runtime.running import Answered, Failed
from lmos.testing.cluster import memory_cluster
from lmos.testing.store import MemoryStore
from lmos.testing.waiting import eventually
from tests.runtime.rig import Rig, routing, runtime_over

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.ports.store import Begun, ConversationState, TurnRecord


class SlowStore(MemoryStore):
    """Takes its time: what it is told is written when `go` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.go = {"begin": asyncio.Event(), "finish": asyncio.Event()}
        self.asked = {"begin": asyncio.Event(), "finish": asyncio.Event()}

    async def begin(self, record: TurnRecord) -> Begun:
        begun = await super().begin(record)
        self.asked["begin"].set()
        await self.go["begin"].wait()
        return begun

    async def finish(self, record: TurnRecord, state: ConversationState | None) -> None:
        self.asked["finish"].set()
        await self.go["finish"].wait()
        await super().finish(record, state)

    def let_go(self) -> None:
        for event in self.go.values():
            event.set()


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with memory_cluster() as cluster, runtime_over(cluster, SlowStore()) as rig:
        await rig.serve(routing("billing"))
        rig.agents.answers("billing", "42 euros")
        yield rig
        rig.store.let_go()


async def stopped(rig: Rig) -> None:
    """The Turn t1 is cancelled, and then the store is done."""
    stopping = asyncio.create_task(rig.turns.cancel("acme", "c1", "t1"))
    await asyncio.sleep(0)
    rig.store.let_go()
    assert await stopping


async def status(rig: Rig) -> TurnStatus:
    found = await rig.store.find("t1")
    assert found is not None
    return TurnStatus(found.turn.status)


async def test_an_answer_that_is_being_kept_is_the_end(rig: Rig) -> None:
    rig.store.go["begin"].set()
    running = rig.turns.take(rig.asked())
    await rig.store.asked["finish"].wait()

    await stopped(rig)

    assert isinstance(await running.outcome(), Answered)
    assert await status(rig) is TurnStatus.ANSWERED


async def test_a_turn_that_is_stopped_while_it_is_begun_asks_no_agent(rig: Rig) -> None:
    running = rig.turns.take(rig.asked())
    await rig.store.asked["begin"].wait()

    await stopped(rig)

    outcome = await running.outcome()
    assert isinstance(outcome, Failed)
    assert outcome.failure.code == "TurnCancelled"
    assert await status(rig) is TurnStatus.CANCELLED
    assert rig.agents.asked == []


async def test_a_turn_that_was_answered_before_stays_so(rig: Rig) -> None:
    rig.store.let_go()
    await rig.turns.take(rig.asked()).outcome()
    await eventually(lambda: not len(rig.turns))
    rig.store.go["begin"].clear()
    rig.store.asked["begin"].clear()

    again = rig.turns.take(rig.asked())
    await rig.store.asked["begin"].wait()
    await stopped(rig)

    assert isinstance(await again.outcome(), Answered)
    assert await status(rig) is TurnStatus.ANSWERED


async def test_a_runtime_that_stops_asks_no_agent_any_more(rig: Rig) -> None:
    running = rig.turns.take(rig.asked())
    await rig.store.asked["begin"].wait()
    stopping = asyncio.create_task(rig.turns.aclose())
    await asyncio.sleep(0)
    rig.store.let_go()
    await stopping

    outcome = await running.outcome()
    assert isinstance(outcome, Failed)
    assert outcome.failure.code == "TurnInterrupted"
    assert rig.agents.asked == []
