"""A message while another one of its Conversation is being answered."""

from __future__ import annotations

import asyncio

import pytest

from lmos.apps.runtime import when_busy
from lmos.core.errors import InvalidInput
from lmos.runtime import WhenBusy
from lmos.testing.waiting import eventually
from tests.runtime.rig import routing, running
from tests.runtime.test_turns import SlowAgent, answer, failure


async def test_it_can_be_refused() -> None:
    async with running(WhenBusy.REFUSE) as rig:
        await rig.serve(routing("billing"))
        agent = SlowAgent(rig)
        first = rig.turns.take(rig.asked("first"))
        await eventually(lambda: agent.begun)
        refused = await rig.ask("second", turn="t2")
        elsewhere = asyncio.create_task(rig.ask("third", turn="t3", conversation="c2"))
        agent.may_answer.set()

        assert (refused.status_code, refused.json()["code"]) == (409, "ConversationBusy")
        assert await answer(first) == "about first"
        assert (await elsewhere).is_success
        assert (await rig.ask("second", turn="t2")).is_success


async def test_it_can_replace_what_is_under_way() -> None:
    async with running(WhenBusy.REPLACE) as rig:
        await rig.serve(routing("billing"))
        agent = SlowAgent(rig)
        first = rig.turns.take(rig.asked("first"))
        await eventually(lambda: agent.begun)
        second = asyncio.create_task(rig.ask("second", turn="t2"))
        await eventually(lambda: len(agent.begun) == 2)
        agent.may_answer.set()

        assert await failure(first) == "TurnCancelled"
        assert (await second).json()["content"] == "about second"
        assert (await rig.why("t1"))["status"] == "cancelled"


async def test_the_same_turn_again_joins_and_replaces_nothing() -> None:
    async with running(WhenBusy.REPLACE) as rig:
        await rig.serve(routing("billing"))
        agent = SlowAgent(rig)
        both = [asyncio.create_task(rig.ask("first")) for _ in range(2)]
        await eventually(lambda: agent.begun)
        agent.may_answer.set()

        assert [(await each).json()["content"] for each in both] == ["about first"] * 2
        assert agent.begun == ["first"]


def test_the_environment_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    assert when_busy() is WhenBusy.WAIT
    monkeypatch.setenv("LMOS_WHEN_BUSY", "replace")
    assert when_busy() is WhenBusy.REPLACE
    monkeypatch.setenv("LMOS_WHEN_BUSY", "explode")
    with pytest.raises(InvalidInput, match="explode"):
        when_busy()
