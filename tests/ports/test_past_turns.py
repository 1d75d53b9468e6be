"""Turns of before, read from the file of Conversations while it is in use."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lmos.adapters.sqlite import SqlitePastTurns, SqliteStore
from lmos.ports.store import StoreUnavailable
from tests.ports.turns import NOON, answered, failed, record, state

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lmos.ports.past_turns import PastTurn
    from lmos.ports.store import TurnRecord

LONG_AGO = NOON - timedelta(days=365)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "conversations.db")
    yield store
    store.close()


async def kept(store: SqliteStore, *turns: TurnRecord) -> None:
    for each in turns:
        await store.begin(replace(record(each.turn.id), turn=each.turn, received_at=each.received_at))
        await store.finish(each, state(each) if each.answer else None)


def read(folder: Path, *, remembered: int = 10, tenant: str = "", limit: int = 100) -> Sequence[PastTurn]:
    turns = SqlitePastTurns(folder / "conversations.db", remembered)
    return tuple(turns.since(NOON, tenant=tenant, channel="", limit=limit))


def ids(turns: Sequence[PastTurn]) -> list[str]:
    return [past.record.turn.id for past in turns]


async def test_turns_come_with_what_was_said_before_them(store: SqliteStore, tmp_path: Path) -> None:
    turns = [answered(record(f"t{number}", f"question {number}")) for number in range(4)]
    await kept(store, *turns)

    past = read(tmp_path, remembered=2)

    assert [each.record for each in past] == turns
    assert [each.earlier for each in past] == [(), (turns[0],), tuple(turns[0:2]), tuple(turns[1:3])]
    assert [each.agent_before for each in past] == ["", "billing", "billing", "billing"]
    assert {each.subset for each in past} == {"stable"}


async def test_a_turn_that_failed_is_no_history(store: SqliteStore, tmp_path: Path) -> None:
    await kept(store, answered(record("t1")), failed(record("t2")), answered(record("t3")))

    assert [each.turn.id for each in read(tmp_path)[-1].earlier] == ["t1"]


async def test_of_other_conversations_nothing_is_history(store: SqliteStore, tmp_path: Path) -> None:
    await kept(store, answered(record("t1", conversation="c1")), answered(record("t2", conversation="c2")))

    assert [past.earlier for past in read(tmp_path)] == [(), ()]


async def test_what_came_before_is_history_and_nothing_else(store: SqliteStore, tmp_path: Path) -> None:
    old = replace(answered(record("old")), received_at=LONG_AGO)
    await kept(store, old, answered(record("new")))

    (past,) = read(tmp_path)

    assert (past.record.turn.id, [each.turn.id for each in past.earlier]) == ("new", ["old"])


async def test_the_newest_are_taken_oldest_first(store: SqliteStore, tmp_path: Path) -> None:
    await kept(store, *(answered(record(f"t{number}")) for number in range(4)))

    assert ids(read(tmp_path, limit=2)) == ["t2", "t3"]


async def test_turns_of_one_tenant_are_told_from_others(store: SqliteStore, tmp_path: Path) -> None:
    await kept(store, answered(record("t1")), answered(record("t2", tenant="globex")))

    assert ids(read(tmp_path, tenant="globex")) == ["t2"]
    assert ids(read(tmp_path)) == ["t1", "t2"]


async def test_turns_are_read_while_others_are_written(store: SqliteStore, tmp_path: Path) -> None:
    await kept(store, answered(record("t1")), answered(record("t2")))
    turns = SqlitePastTurns(tmp_path / "conversations.db", 10)
    reading = turns.since(NOON, tenant="", channel="", limit=10)
    first = next(reading)

    assert await asyncio.wait_for(store.forget("acme", "c1"), 5)
    assert (first.record.turn.id, list(reading)) == ("t1", [])


async def test_turns_are_read_when_the_runtime_has_stopped(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "conversations.db")
    await kept(store, answered(record("t1")))
    store.close()

    assert ids(read(tmp_path)) == ["t1"]


def test_where_there_are_no_conversations_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="There are no Conversations"):
        read(tmp_path)
