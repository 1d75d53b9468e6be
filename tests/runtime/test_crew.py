"""Workers among themselves: what becomes of a Turn whose owner is away, dies, or refuses it."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lmos.core.conversation import message_result, owner_of
from lmos.runtime import WhenBusy
from lmos.runtime import running as running_turns
from lmos.runtime.running import Failed
from lmos.runtime.workers import Crew
from lmos.runtime.workers.fellow import Fellow, WorkerUnavailable
from lmos.testing.waiting import eventually
from tests.runtime.rig import routing, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from lmos.core.conversation import AgentRequest, AgentResult
    from tests.runtime.rig import Rig

OWNER = owner_of("acme", "c1", 2)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: that of a Unix socket is limited."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
async def owner(rig: Rig, folder: Path) -> AsyncIterator[Crew]:
    """The worker to whom c1 belongs."""
    crew = Crew(rig.turns, OWNER, 2, folder)
    await crew.open()
    yield crew
    crew.close()


@pytest.fixture
async def door(folder: Path) -> AsyncIterator[Crew]:
    """Another worker."""
    async with running() as other:
        crew = Crew(other.turns, 1 - OWNER, 2, folder)
        yield crew
        crew.close()


async def test_conversations_spread_evenly_and_stay_where_they_are() -> None:
    owners = [owner_of("acme", f"c{number}", 4) for number in range(4000)]

    assert all(900 < owners.count(worker) < 1100 for worker in range(4))
    assert owners[:3] == [owner_of("acme", f"c{number}", 4) for number in range(3)]


async def test_while_the_owner_is_away_a_turn_may_be_sent_again(rig: Rig, door: Crew) -> None:
    outcome = await door.take(rig.asked()).outcome()

    assert isinstance(outcome, Failed)
    assert (outcome.failure.code, outcome.failure.http_status) == ("WorkerUnavailable", 503)
    assert outcome.failure.retry_after_seconds == 1.0
    with pytest.raises(WorkerUnavailable):
        await door.cancel("acme", "c1", "t1")
    assert not rig.agents.asked


async def test_an_owner_that_came_late_is_found_by_the_next_turn(rig: Rig, door: Crew, folder: Path) -> None:
    await door.take(rig.asked()).outcome()
    owner = Crew(rig.turns, OWNER, 2, folder)
    await owner.open()

    outcome = await door.take(rig.asked(turn="t2"), only_end=True).outcome()

    assert not isinstance(outcome, Failed)
    owner.close()


async def test_turns_whose_owner_dies_are_interrupted(rig: Rig, owner: Crew, door: Crew) -> None:
    waits = asyncio.Event()

    async def answer(_: AgentRequest) -> AsyncIterator[AgentResult]:
        await waits.wait()
        yield message_result("42 euros")

    rig.agents.plays("billing", answer)
    taken = door.take(rig.asked())
    await eventually(lambda: rig.agents.asked)
    owner.close()

    outcome = await taken.outcome()

    assert isinstance(outcome, Failed)
    assert outcome.failure.code == "TurnInterrupted"
    waits.set()


async def test_a_megabyte_arrives_whole(rig: Rig, owner: Crew, door: Crew) -> None:  # noqa: ARG001 - it is there
    rig.agents.answers("billing", "x" * 1_000_000)

    outcome = await door.take(rig.asked("y" * 1_000_000)).outcome()

    assert not isinstance(outcome, Failed)
    assert len(outcome.message.content) == 1_000_000
    assert len(rig.heard()[0]) == 1_000_000


async def test_the_owner_refuses_as_it_was_told_to(folder: Path, door: Crew) -> None:
    async with running(WhenBusy.REFUSE) as rig:
        rig.agents.plays("billing", never)
        await rig.serve(routing("billing"))
        owner = Crew(rig.turns, OWNER, 2, folder)
        await owner.open()
        door.take(rig.asked())
        await eventually(lambda: rig.agents.asked)

        outcome = await door.take(rig.asked("another", turn="t2")).outcome()

        assert isinstance(outcome, Failed)
        assert (outcome.failure.code, outcome.failure.http_status) == ("ConversationBusy", 409)
        owner.close()


@pytest.mark.usefixtures("owner")
async def test_a_tenant_that_leaves_is_forgotten_by_every_worker(rig: Rig, door: Crew) -> None:
    await door.take(rig.asked()).outcome()
    assert await door.forget_tenant("acme") == 0
    assert not await rig.store.conversations("acme", 10)


async def test_what_each_counted_is_told_by_any_of_them(rig: Rig, owner: Crew, door: Crew) -> None:
    for number in range(3):
        await door.take(rig.asked(turn=f"t{number}")).outcome()
    await owner.take(rig.asked(turn="t3")).outcome()
    await asyncio.sleep(0)

    for crew in (owner, door):
        told = (await crew.exposition()).decode()
        assert 'outcome="answered"' in told
        assert any(
            line.startswith("lmos_turns_total{") and line.endswith(" 4.0") for line in told.splitlines()
        )


async def test_who_is_away_is_left_out_of_what_was_counted(door: Crew) -> None:
    assert "lmos_turns_running" in (await door.exposition()).decode()


@pytest.mark.usefixtures("owner")
async def test_a_turn_that_nobody_listens_to_is_stopped_and_forgotten_at_both_ends(
    rig: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_turns, "DESERTED_SECONDS", 0.05)
    rig.agents.plays("billing", never)
    fellow = Fellow(folder / str(OWNER))
    fellow.take(rig.asked(), rig.turns.received(rig.asked()), only_end=False)
    await eventually(lambda: rig.agents.asked)

    await eventually(lambda: len(rig.turns) == 0)

    assert len(fellow) == 0
    fellow.close()


async def never(_: AgentRequest) -> AsyncIterator[AgentResult]:
    await asyncio.Event().wait()
    yield message_result("never")
