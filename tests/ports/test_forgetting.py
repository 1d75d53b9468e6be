"""Idle Conversations are removed in steps: by the SQLite file, by SQLite in memory, and by the twin."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lmos.adapters.sqlite import SqliteStore
from lmos.testing.store import MemoryStore
from tests.ports.turns import NOON, answered, keep, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from lmos.ports.store import ConversationStore, TurnRecord

BEFORE = NOON - timedelta(days=7)
OLD, YOUNG = BEFORE - timedelta(seconds=1), BEFORE


@pytest.fixture(params=["file", "memory", "twin"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ConversationStore]:
    if request.param == "twin":
        yield MemoryStore()
        return
    store = SqliteStore(tmp_path / "conversations.db" if request.param == "file" else ":memory:")
    yield store
    store.close()


async def said(
    store: ConversationStore, turn: str, *, at: datetime = OLD, conversation: str = "c1", tenant: str = "acme"
) -> TurnRecord:
    """A Turn that came at a moment and was answered."""
    over = answered(replace(record(turn, tenant=tenant, conversation=conversation), received_at=at))
    await store.begin(replace(record(turn, tenant=tenant, conversation=conversation), received_at=at))
    await keep(store, over)
    return over


async def forget(store: ConversationStore, *spared: str, tenant: str = "acme") -> int:
    """All steps in forgetting a Tenant's idle Conversations; how many are gone."""
    gone, after = 0, ""
    while True:
        step = await store.forget_idle(tenant, BEFORE, after, spared.__contains__)
        gone += step.gone
        if step.after is None:
            return gone
        after = step.after


async def conversations(store: ConversationStore, tenant: str = "acme") -> list[str]:
    return [each.id for each in await store.conversations(tenant, 100)]


async def test_a_conversation_is_removed_when_its_last_turn_is_too_old(store: ConversationStore) -> None:
    await said(store, "t1", conversation="old")
    await said(store, "t2", conversation="old")
    await said(store, "t3", conversation="young", at=YOUNG)

    assert await forget(store) == 1

    assert await conversations(store) == ["young"]
    assert await store.turns("acme", "old", 10) == []
    assert await store.conversation("acme", "old", 10) is None


async def test_a_conversation_that_went_on_keeps_all_of_its_turns(store: ConversationStore) -> None:
    await said(store, "t1", at=OLD)
    await said(store, "t2", at=YOUNG)

    assert await forget(store) == 0

    assert len(await store.turns("acme", "c1", 10)) == 2


async def test_a_conversation_without_an_answer_is_removed_too(store: ConversationStore) -> None:
    await store.begin(replace(record(), received_at=OLD))

    assert await forget(store) == 1

    assert await store.find("t1") is None


async def test_a_conversation_that_is_spared_is_left(store: ConversationStore) -> None:
    await said(store, "t1", conversation="busy")
    await said(store, "t2", conversation="idle")

    assert await forget(store, "busy") == 1

    assert await conversations(store) == ["busy"]


async def test_other_tenants_keep_theirs(store: ConversationStore) -> None:
    await said(store, "t1", tenant="acme")
    await said(store, "t1", tenant="globex")

    await forget(store, tenant="acme")

    assert (await conversations(store), await conversations(store, "globex")) == ([], ["c1"])


async def test_tenants_are_named_one_after_the_other(store: ConversationStore) -> None:
    for tenant in ("b", "a", "c"):
        for turn in ("t1", "t2"):
            await said(store, turn, tenant=tenant)

    named = [await store.next_tenant(after) for after in ("", "a", "b", "c")]

    assert named == ["a", "b", "c", None]


@pytest.mark.parametrize(("turns", "letters"), [(333, 1), (9, 300_000)])
async def test_a_long_conversation_is_removed_in_several_steps_the_oldest_turns_first(
    tmp_path: Path, turns: int, letters: int
) -> None:
    store = SqliteStore(tmp_path / "conversations.db")
    for number in range(turns):
        begun = replace(record(f"t{number}", "x" * letters), received_at=OLD)
        await store.begin(begun)
    left = []

    after: str | None = ""
    while after is not None:
        after = (await store.forget_idle("acme", BEFORE, after, lambda _: False)).after
        left.append([each.turn.id for _, each in await store.turns("acme", "c1", turns)])
    store.close()

    assert left[-1] == []
    assert len(left) > 3
    newest_first = [f"t{number}" for number in reversed(range(turns))]
    assert all(ids == newest_first[: len(ids)] for ids in left)


async def test_a_conversation_that_goes_on_between_two_steps_keeps_what_is_left(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "conversations.db")
    for number in range(80):
        await said(store, f"t{number}")

    step = await store.forget_idle("acme", BEFORE, "", lambda _: False)
    await said(store, "new", at=NOON)
    again = await forget(store)
    found = await store.turns("acme", "c1", 100)
    state = await store.conversation("acme", "c1", 2)
    store.close()

    assert (step.gone, step.after, again) == (0, "", 0)
    assert 1 < len(found) < 81
    assert found[0][1].turn.id == "new"
    assert state is not None
    assert (state.agent, len(state.messages)) == ("billing", 4)


async def test_many_conversations_are_looked_at_in_several_steps(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "conversations.db")
    for number in range(250):
        await said(store, "t1", conversation=f"c{number:03}", at=OLD if number % 2 else YOUNG)

    first = await store.forget_idle("acme", BEFORE, "", lambda _: False)
    rest = await forget(store)
    left = await store.conversations("acme", 200)
    store.close()

    assert 0 < first.gone < 125
    assert first.gone + rest == 125
    assert [each.id for each in left] == [f"c{number:03}" for number in range(0, 250, 2)]


def bytes_in(folder: Path) -> bytes:
    """All that the file and the log beside it hold."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_of_what_was_removed_nothing_is_left_in_the_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "conversations.db")
    for number in range(120):
        await store.begin(replace(record(f"t{number}", f"my secret garden {number}"), received_at=OLD))
        await said(store, f"o{number}", conversation="c2", at=NOON)
    before = bytes_in(tmp_path)

    await forget(store)

    after = bytes_in(tmp_path)
    store.close()
    assert b"secret garden" in before
    assert b"secret garden" not in after
    assert b"42 euros" in after


async def test_what_a_killed_runtime_had_removed_is_not_left_in_its_log(tmp_path: Path) -> None:
    """A copy of the files of a store that is open is what a kill leaves."""
    store = SqliteStore(tmp_path / "conversations.db")
    for number in range(80):
        await store.begin(replace(record(f"t{number}", f"my secret garden {number:03}"), received_at=OLD))
    await store.forget_idle("acme", BEFORE, "", lambda _: False)
    left = tmp_path / "killed"
    left.mkdir()
    for file in tmp_path.glob("conversations.db*"):
        (left / file.name).write_bytes(file.read_bytes())
    store.close()
    before = bytes_in(left)

    restarted = SqliteStore(left / "conversations.db")
    after = bytes_in(left)
    restarted.close()

    assert b"secret garden 003" in before
    assert b"secret garden 003" not in after
    assert b"secret garden 079" in after
