"""Conversations listed, read back and forgotten through the runtime's doors."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from lmos.testing.waiting import eventually
from tests.runtime.test_turns import SlowAgent

if TYPE_CHECKING:
    from tests.runtime.rig import Rig

BASE = "/apis/v1/acme/conversations"


async def page(rig: Rig, path: str = "", **params: str | int) -> dict[str, Any]:
    response = await rig.http.get(BASE + path, params=params)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_conversations_are_listed_in_pages(rig: Rig) -> None:
    rig.agents.answers("billing", "42 euros")
    for name in ("c1", "c2", "c3"):
        await rig.ask("hello", conversation=name)

    first = await page(rig, limit=2)
    second = await page(rig, limit=2, after=first["next"])

    assert [each["conversation"] for each in first["conversations"]] == ["c1", "c2"]
    assert first["conversations"][0]["agent"] == "billing"
    assert [each["conversation"] for each in second["conversations"]] == ["c3"]
    assert second["next"] is None


async def test_a_conversation_is_read_back_in_pages_the_newest_first(rig: Rig) -> None:
    rig.agents.answers("billing", "42 euros")
    for number in range(3):
        await rig.ask(f"question {number}", turn=f"t{number}")

    first = await page(rig, "/c1", limit=2)
    second = await page(rig, "/c1", limit=2, before=first["next"])

    assert [each["question"] for each in first["turns"]] == ["question 2", "question 1"]
    assert [each["question"] for each in second["turns"]] == ["question 0"]
    assert first["turns"][0]["answer"] == "42 euros"


async def test_a_forgotten_conversation_begins_anew(rig: Rig) -> None:
    rig.agents.answers("billing", "42 euros")
    await rig.ask("hello")
    gone = await rig.http.delete(f"{BASE}/c1")
    again = await rig.http.delete(f"{BASE}/c1")
    await rig.ask("hello")

    assert (gone.status_code, again.status_code) == (204, 404)
    assert again.json()["code"] == "NoSuchConversation"
    assert rig.heard() == ["hello"]
    assert len(rig.agents.asked) == 2


async def test_a_conversation_with_a_turn_under_way_is_not_forgotten(rig: Rig) -> None:
    agent = SlowAgent(rig)
    asking = asyncio.create_task(rig.ask("hello"))
    await eventually(lambda: agent.begun)
    refused = await rig.http.delete(f"{BASE}/c1")
    agent.may_answer.set()
    await asking

    assert (refused.status_code, refused.json()["code"]) == (409, "ConversationBusy")
    assert (await rig.http.delete(f"{BASE}/c1")).status_code == 204


async def test_another_tenant_sees_and_forgets_nothing(rig: Rig) -> None:
    rig.agents.answers("billing", "42 euros")
    await rig.ask("hello")

    theirs = "/apis/v1/globex/conversations"
    assert (await rig.http.get(theirs)).json() == {"conversations": [], "next": None}
    assert (await rig.http.get(f"{theirs}/c1")).status_code == 404
    assert (await rig.http.delete(f"{theirs}/c1")).status_code == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=1000", "limit=x"])
async def test_a_page_has_its_bounds(rig: Rig, query: str) -> None:
    assert (await rig.http.get(f"{BASE}?{query}")).status_code == 400
