"""What every ConversationStore does: the SQLite file, SQLite in memory, and the twin."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmos.adapters.sqlite import SqliteStore
from lmos.core.conversation import Choice
from lmos.ports.store import Begun, ConversationState
from lmos.testing.store import MemoryStore
from tests.ports.turns import answered, failed, keep, record, state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lmos.ports.store import ConversationStore, TurnRecord

AWKWARD = ["", "\0", "😀\u202e\ufeff", "'; DROP TABLE turns; --", 'a"b\\c\n', "x" * 1_000_000]


@pytest.fixture(params=["file", "memory", "twin"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ConversationStore]:
    if request.param == "twin":
        yield MemoryStore()
        return
    store = SqliteStore(tmp_path / "conversations.db" if request.param == "file" else ":memory:")
    yield store
    store.close()


async def test_a_new_turn_is_kept(store: ConversationStore) -> None:
    assert await store.begin(record()) == Begun()

    assert await store.find("t1") == record()


async def test_a_turn_is_begun_only_once(store: ConversationStore) -> None:
    await store.begin(record())
    later = replace(record(), received_at=datetime(2027, 1, 1, tzinfo=UTC))

    assert await store.begin(later) == Begun(record())
    assert await store.find("t1") == record()


@pytest.mark.parametrize(
    "other",
    [
        record("t2"),
        record(tenant="globex"),
        record(conversation="c2"),
        record(digest="d2"),
    ],
)
async def test_turns_that_differ_in_any_part_of_their_key_are_different(
    store: ConversationStore, other: TurnRecord
) -> None:
    await store.begin(record())

    assert (await store.begin(other)).present is None


@pytest.mark.parametrize("over", [answered(record()), failed(record()), failed(record(), may_repeat=True)])
async def test_the_end_of_a_turn_is_kept_with_all_that_is_known(
    store: ConversationStore, over: TurnRecord
) -> None:
    await keep(store, over)

    assert await store.find("t1") == over


async def test_a_turn_that_is_over_is_not_begun_again(store: ConversationStore) -> None:
    await keep(store, answered(record()))

    assert (await store.begin(record())).present == answered(record())


async def test_a_turn_that_may_be_repeated_is_begun_anew_as_the_newest(store: ConversationStore) -> None:
    await keep(store, failed(record("t1"), may_repeat=True))
    await keep(store, answered(record("t2", "second"), "two"))
    await store.finish(answered(record("t2", "second"), "two"), state(record()))

    assert await store.begin(record("t1")) == Begun()
    assert await store.find("t1") == record("t1")
    await store.finish(answered(record("t1", "how much?"), "one"), state(record()))

    found = await store.conversation("acme", "c1", 10)
    assert found is not None
    assert [each.content for each in found.messages] == ["second", "two", "how much?", "one"]


async def test_a_conversation_without_answers_is_unknown(store: ConversationStore) -> None:
    await keep(store, failed(record()))

    assert await store.conversation("acme", "c1", 10) is None


async def test_a_conversation_remembers_its_subset_agent_and_messages(store: ConversationStore) -> None:
    for number in range(3):
        await keep(store, answered(record(f"t{number}", f"question {number}"), f"answer {number}"), "canary")
    await keep(store, failed(record("t3", "lost")))

    found = await store.conversation("acme", "c1", 2)

    assert found is not None
    assert (found.subset, found.agent) == ("canary", "billing")
    assert [(each.role, each.content) for each in found.messages] == [
        ("user", "question 1"),
        ("assistant", "answer 1"),
        ("user", "question 2"),
        ("assistant", "answer 2"),
    ]


async def test_a_conversation_moves_on(store: ConversationStore) -> None:
    await keep(store, answered(record("t1")))
    await store.begin(record("t2"))
    await store.finish(answered(record("t2")), state(record(), "canary", "network"))

    found = await store.conversation("acme", "c1", 0)

    assert found == ConversationState("acme", "c1", "canary", "network")


async def test_a_conversation_remembers_what_was_offered_at_last(store: ConversationStore) -> None:
    offered = (Choice("billing", "view-bill", "my bill"), Choice("network", "report-fault", "a fault"))
    await keep(store, answered(record("t1")))
    await store.begin(record("t2"))
    await store.finish(answered(record("t2")), replace(state(record()), choices=offered))

    first = await store.conversation("acme", "c1", 0)
    await store.begin(record("t3"))
    await store.finish(answered(record("t3")), state(record()))
    second = await store.conversation("acme", "c1", 0)

    assert first is not None
    assert second is not None
    assert (first.choices, second.choices) == (offered, None)


async def test_an_agent_that_spoke_first_answered_nothing(store: ConversationStore) -> None:
    await keep(store, answered(record(question=""), "Welcome!"))

    found = await store.conversation("acme", "c1", 10)

    assert found is not None
    assert [(each.role, each.content) for each in found.messages] == [("assistant", "Welcome!")]


async def test_conversations_of_two_tenants_are_kept_apart(store: ConversationStore) -> None:
    await keep(store, answered(record(tenant="acme"), "ours"))
    await keep(store, answered(record(tenant="globex"), "theirs"))

    found = await store.conversation("globex", "c1", 10)

    assert found is not None
    assert [each.content for each in found.messages] == ["how much?", "theirs"]


async def test_of_turns_with_one_id_the_newest_is_found(store: ConversationStore) -> None:
    await store.begin(record(question="first", digest="d1"))
    await store.begin(record(question="second", digest="d2"))
    await store.begin(record(question="elsewhere", conversation="c2"))

    everywhere, here = await store.find("t1"), await store.find("t1", ("acme", "c1"))

    assert everywhere is not None
    assert here is not None
    assert (everywhere.turn.question, here.turn.question) == ("elsewhere", "second")
    assert await store.find("t1", ("globex", "c1")) is None
    assert await store.find("t2") is None


@pytest.mark.parametrize("text", AWKWARD)
async def test_any_text_comes_back_as_it_was(store: ConversationStore, text: str) -> None:
    over = answered(record(question=text), text)
    await keep(store, over)

    assert await store.find("t1") == over


STEPS = st.tuples(
    st.sampled_from(["answer", "fail", "give up", "read", "find", "restart"]),
    st.sampled_from(["c1", "c2"]),
    st.sampled_from(["t1", "t2", "t3"]),
    st.sampled_from(["", "hello", "x" * 15_000]),
)


@given(steps=st.lists(STEPS, max_size=25))
@settings(max_examples=40, deadline=None)
def test_the_file_and_the_twin_tell_the_same_story(steps: list[tuple[str, str, str, str]]) -> None:
    """Turns of two Conversations, with restarts between them that forget what was in memory."""
    with tempfile.TemporaryDirectory() as folder:
        told_by_file, told_by_twin = asyncio.run(played(steps, Path(folder) / "conversations.db"))

    assert told_by_file == told_by_twin


async def played(steps: list[tuple[str, str, str, str]], path: Path) -> tuple[list[object], list[object]]:
    file, twin = SqliteStore(path), MemoryStore()
    told_by_file, told_by_twin = list[object](), list[object]()
    for deed, conversation, turn, text in steps:
        if deed == "restart":
            file.close()
            file = SqliteStore(path)
            continue
        begun = record(turn, text, conversation=conversation, digest=text[:8])
        told_by_file.append(await step(file, deed, begun))
        told_by_twin.append(await step(twin, deed, begun))
    file.close()
    return told_by_file, told_by_twin


async def step(store: ConversationStore, deed: str, begun: TurnRecord) -> object:
    if deed == "read":
        return await store.conversation("acme", begun.turn.conversation, 2)
    if deed == "find":
        return await store.find(begun.turn.id, ("acme", begun.turn.conversation))
    present = (await store.begin(begun)).present
    if present is None and deed == "answer":
        await store.finish(answered(begun, begun.turn.question), state(begun, agent=begun.turn.id))
    elif present is None:
        await store.finish(failed(begun, may_repeat=deed == "give up"), None)
    return present


async def test_conversations_are_listed_by_id_a_page_at_a_time(store: ConversationStore) -> None:
    for number, name in enumerate(("c3", "c1", "c2")):
        await keep(store, answered(record(f"t{number}", conversation=name)))
    await keep(store, answered(record("t9", conversation="c1")))
    await keep(store, answered(record(tenant="globex", conversation="c0")))

    first = await store.conversations("acme", 2)
    second = await store.conversations("acme", 2, first[-1].id)

    assert [(each.id, each.turns, each.agent) for each in first] == [
        ("c1", 2, "billing"),
        ("c2", 1, "billing"),
    ]
    assert [each.id for each in second] == ["c3"]
    assert first[0].last_turn_at == record().received_at


async def test_the_turns_of_a_conversation_are_read_back_the_newest_first(store: ConversationStore) -> None:
    for name in ("t1", "t2", "t3"):
        await keep(store, answered(record(name)))
    await keep(store, failed(record("t4")))

    first = await store.turns("acme", "c1", 3)
    second = await store.turns("acme", "c1", 3, first[-1][0])

    assert [each.turn.id for _, each in first] == ["t4", "t3", "t2"]
    assert [each.turn.id for _, each in second] == ["t1"]
    assert first[1][1] == answered(record("t3"))


async def test_a_forgotten_conversation_is_gone_and_the_others_stay(store: ConversationStore) -> None:
    await keep(store, answered(record()))
    await keep(store, answered(record("t2", conversation="c2")))

    assert await store.forget("acme", "c1")

    assert await store.conversation("acme", "c1", 10) is None
    assert await store.find("t1") is None
    assert await store.turns("acme", "c1", 10) == []
    assert [each.id for each in await store.conversations("acme", 10)] == ["c2"]
    assert not await store.forget("acme", "c1")
    assert not await store.forget("globex", "c2")


async def test_an_id_that_another_message_had_is_told(store: ConversationStore) -> None:
    await keep(store, answered(record(digest="d1")))

    assert (await store.begin(record(question="another", digest="d2"))).reuses_id
    assert (await store.begin(record(digest="d1"))).reuses_id
    assert not (await store.begin(record(conversation="c2", digest="d2"))).reuses_id
