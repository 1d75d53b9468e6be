"""Conversations that a runtime forgets: past their age, and those of a Tenant that leaves."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lmos.adapters.sqlite import SqliteStore
from lmos.core.conversation import Retention, message_result
from lmos.ports.store import StoreUnavailable
from lmos.runtime.retention import forget_idle, keep_forgetting
from lmos.testing.cluster import memory_cluster
from lmos.testing.waiting import eventually
from tests.runtime.rig import Rig, routing, runtime_over

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx2

    from lmos.core.conversation import AgentRequest, AgentResult

WEEK = timedelta(days=7).total_seconds()
MONTH = timedelta(days=30).total_seconds()


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Rig]:
    """A runtime whose Turns are in a file, with the Agent `billing` for two Tenants."""
    store = SqliteStore(tmp_path / "conversations.db")
    async with memory_cluster() as cluster, runtime_over(cluster, store) as rig:
        rig.agents.answers("billing", "roses and thorns")
        await rig.serve(routing("billing"), routing("billing", tenant="umbrella"))
        yield rig
    store.close()


async def forget(rig: Rig, retention: str) -> None:
    await forget_idle(Retention.parse(retention), rig.store, rig.turns, rig.clock.now())


async def conversations(rig: Rig, tenant: str = "acme") -> list[str]:
    told = await rig.http.get(f"/apis/v1/{tenant}/conversations")
    return [each["conversation"] for each in told.json()["conversations"]]


async def leave(rig: Rig, tenant: str = "acme") -> httpx2.Response:
    return await rig.http.delete(f"/apis/v1/{tenant}/conversations")


def bytes_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("conversations.db*"))


async def test_a_conversation_goes_when_its_last_turn_is_past_the_age_of_its_tenant(kept: Rig) -> None:
    await kept.ask(turn="t1", conversation="old")
    await kept.ask(turn="t1", conversation="goes-on")
    await kept.ask(turn="t1", conversation="theirs", tenant="umbrella")
    kept.clock.advance(WEEK)
    await kept.ask("and now?", turn="t2", conversation="goes-on")
    kept.clock.advance(1)

    await forget(kept, "forever,acme=7d")

    assert await conversations(kept) == ["goes-on"]
    assert await conversations(kept, "umbrella") == ["theirs"]
    assert len((await kept.http.get("/apis/v1/acme/conversations/goes-on")).json()["turns"]) == 2


async def test_a_tenant_may_keep_what_others_do_not(kept: Rig) -> None:
    await kept.ask()
    await kept.ask(tenant="umbrella")
    kept.clock.advance(2 * MONTH)

    await forget(kept, "30d,umbrella=forever")

    assert (await conversations(kept), await conversations(kept, "umbrella")) == ([], ["c1"])


async def test_what_is_past_its_age_is_no_longer_in_the_file(kept: Rig, tmp_path: Path) -> None:
    for number in range(60):
        await kept.ask(f"my secret garden {number}", turn=f"t{number}", conversation=f"c{number % 7}")
    before = bytes_in(tmp_path)
    kept.clock.advance(WEEK + 1)

    await forget(kept, "7d")

    assert b"secret garden" in before
    assert b"roses and thorns" in before
    after = bytes_in(tmp_path)
    assert b"secret garden" not in after
    assert b"roses and thorns" not in after


async def test_a_turn_under_way_keeps_its_conversation(kept: Rig) -> None:
    goes_on = asyncio.Event()

    async def script(_: AgentRequest) -> AsyncIterator[AgentResult]:
        await goes_on.wait()
        yield message_result("at last")

    await kept.ask("first", turn="t1")
    kept.agents.plays("billing", script)
    asking = asyncio.create_task(kept.ask("second", turn="t2"))
    await eventually(lambda: len(kept.agents.asked) == 2)
    kept.clock.advance(MONTH)

    await forget(kept, "7d")
    goes_on.set()

    assert (await asking).json()["content"] == "at last"
    assert kept.heard() == ["first", "roses and thorns", "second"]
    assert [each["turn"] for each in await turns_of(kept)] == ["t2", "t1"]


async def turns_of(rig: Rig, conversation: str = "c1") -> list[dict[str, str]]:
    told = await rig.http.get(f"/apis/v1/acme/conversations/{conversation}")
    turns: list[dict[str, str]] = told.json()["turns"]
    return turns


async def test_turns_are_answered_while_old_conversations_are_removed(kept: Rig) -> None:
    for number in range(150):
        await kept.ask(turn="t1", conversation=f"old{number}")
    kept.clock.advance(WEEK + 1)

    forgetting = asyncio.create_task(forget(kept, "7d"))
    answered = 0
    while not forgetting.done():
        answered += (await kept.ask(turn=f"t{answered}", conversation=f"new{answered}")).is_success
    await forgetting

    assert answered > 3
    listed = (await kept.http.get("/apis/v1/acme/conversations?limit=200")).json()["conversations"]
    assert {each["conversation"] for each in listed} == {f"new{number}" for number in range(answered)}


async def test_a_conversation_that_was_removed_begins_anew(kept: Rig) -> None:
    await kept.ask("first", turn="t1")
    kept.clock.advance(WEEK + 1)
    await forget(kept, "7d")

    again = await kept.ask("first", turn="t1")

    assert again.is_success
    assert len(kept.agents.asked) == 2
    assert kept.heard() == ["first"]
    assert await conversations(kept) == ["c1"]


async def test_the_runtime_forgets_by_itself(kept: Rig) -> None:
    await kept.ask()
    kept.clock.advance(WEEK + 1)

    forgetting = asyncio.create_task(
        keep_forgetting(Retention.parse("7d"), kept.store, kept.turns, kept.clock)
    )

    async def is_gone() -> bool:
        return not await conversations(kept)

    await eventually(is_gone)
    forgetting.cancel()
    await asyncio.wait([forgetting])


async def test_without_an_age_nobody_looks(rig: Rig) -> None:
    rig.store.broken = StoreUnavailable("The disk is gone.")

    await keep_forgetting(Retention.parse("acme=forever"), rig.store, rig.turns, rig.clock)


async def test_a_store_that_is_away_for_a_while_ends_nothing(rig: Rig) -> None:
    rig.store.broken = StoreUnavailable("The disk is gone.")

    forgetting = asyncio.create_task(keep_forgetting(Retention.parse("7d"), rig.store, rig.turns, rig.clock))
    done, _ = await asyncio.wait([forgetting], timeout=0.05)
    forgetting.cancel()

    assert not done


async def test_of_a_tenant_that_leaves_nothing_is_left(kept: Rig, tmp_path: Path) -> None:
    for number in range(60):
        await kept.ask(f"my secret garden {number}", turn=f"t{number}", conversation=f"c{number % 7}")
    await kept.ask(tenant="umbrella")

    response = await leave(kept)

    assert (response.status_code, response.content) == (204, b"")
    assert (await conversations(kept), await conversations(kept, "umbrella")) == ([], ["c1"])
    assert b"secret garden" not in bytes_in(tmp_path)
    assert (await leave(kept)).status_code == 204


async def test_a_tenant_with_a_turn_under_way_is_told_what_is_left(rig: Rig) -> None:
    goes_on = asyncio.Event()

    async def script(_: AgentRequest) -> AsyncIterator[AgentResult]:
        await goes_on.wait()
        yield message_result("at last")

    await rig.ask(conversation="done")
    rig.agents.plays("billing", script)
    asking = asyncio.create_task(rig.ask(conversation="under-way"))
    await eventually(lambda: len(rig.agents.asked) == 2)

    refused = await leave(rig)
    goes_on.set()
    await asking

    assert (refused.status_code, refused.json()["code"]) == (409, "TenantBusy")
    assert "under way in 1 Conversations" in refused.json()["message"]
    assert await conversations(rig) == ["under-way"]
    assert (await leave(rig)).status_code == 204
