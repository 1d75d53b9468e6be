"""Turns taken up again after a lost line, cancelled, and ended when nobody listens any more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from lmos.core.conversation import message_result
from lmos.runtime import running as running_turns
from lmos.testing.waiting import eventually
from tests.runtime.rig import event_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.conversation import AgentRequest, AgentResult
    from tests.runtime.rig import Event, Rig

EVENTS = "/apis/v1/acme/chat/c1/turns/t1/events"
TURN = "/apis/v1/acme/chat/c1/turns/t1"


class StreamingAgent:
    """Says one word, and the rest once it is let go; `is_left` when nobody wants the rest."""

    def __init__(self, rig: Rig) -> None:
        self.begun = 0
        self.may_go_on = asyncio.Event()
        self.is_left = False
        rig.agents.plays("billing", self._answer)

    async def _answer(self, _request: AgentRequest) -> AsyncIterator[AgentResult]:
        self.begun += 1
        try:
            await self.may_go_on.wait()
        except asyncio.CancelledError:
            self.is_left = True
            raise
        yield message_result("42 euros")


async def resumed(rig: Rig, after: int) -> list[Event]:
    response = await rig.http.get(EVENTS, headers={"last-event-id": str(after)})
    assert response.status_code == 200, response.text
    return [event_in(frame) for frame in response.text.split("\n\n") if frame]


async def test_a_client_that_lost_the_line_hears_the_rest_without_asking_again(rig: Rig) -> None:
    agent = StreamingAgent(rig)
    rig.turns.take(rig.asked("hello"))
    await eventually(lambda: agent.begun)
    resuming = asyncio.create_task(resumed(rig, 1))
    await asyncio.sleep(0)
    agent.may_go_on.set()

    assert [(each.id, each.name) for each in await resuming] == [(2, "message"), (3, "turn.finished")]
    assert agent.begun == 1


async def test_a_turn_that_is_over_is_told_again_behind_what_was_heard(rig: Rig) -> None:
    rig.agents.answers("billing", "42 euros")
    whole = await rig.events("hello")

    assert [each.name for each in await resumed(rig, 0)] == ["turn.started", "message", "turn.finished"]
    again = await resumed(rig, 17)
    assert [(each.id, each.name) for each in again] == [(18, "message"), (19, "turn.finished")]
    assert again[0].data == whole[-2].data
    assert len(rig.agents.asked) == 1


async def test_a_turn_that_failed_tells_so_again(rig: Rig) -> None:
    await rig.ask("hello", explicit="nobody")

    assert [(each.name, each.data["code"]) for each in await resumed(rig, 0)] == [
        ("error", "AgentNotInRouting")
    ]


async def test_an_unknown_turn_has_no_events(rig: Rig) -> None:
    response = await rig.http.get(EVENTS)

    assert (response.status_code, response.json()["code"]) == (404, "NoSuchTurn")


@pytest.mark.parametrize("last", ["-1", "x", str(2**70)])
async def test_an_event_id_is_a_number(rig: Rig, last: str) -> None:
    assert (await rig.http.get(EVENTS, headers={"last-event-id": last})).status_code == 400


async def test_a_cancelled_turn_stops_its_agent_and_tells_whoever_waits(rig: Rig) -> None:
    agent = StreamingAgent(rig)
    asking = asyncio.create_task(rig.ask("hello"))
    await eventually(lambda: agent.begun)

    cancelled = await rig.http.delete(TURN)
    answer = await asking

    assert cancelled.status_code == 204
    assert agent.is_left
    assert (answer.status_code, answer.json()["code"]) == (409, "TurnCancelled")
    assert (await rig.why())["status"] == "cancelled"
    assert (await rig.ask("hello")).json()["code"] == "TurnCancelled"
    assert agent.begun == 1


async def test_what_is_over_or_unknown_cannot_be_cancelled(rig: Rig) -> None:
    rig.agents.answers("billing", "42 euros")
    unknown = await rig.http.delete(TURN)
    await rig.ask("hello")
    over = await rig.http.delete(TURN)

    assert (unknown.status_code, unknown.json()["code"]) == (404, "NoSuchTurn")
    assert (over.status_code, over.json()["code"]) == (409, "TurnOver")


async def test_a_turn_that_waits_for_its_conversation_can_be_cancelled(rig: Rig) -> None:
    agent = StreamingAgent(rig)
    rig.turns.take(rig.asked("first"))
    waiting = rig.turns.take(rig.asked("second", turn="t2"))
    await eventually(lambda: agent.begun)

    assert (await rig.http.delete(TURN.replace("t1", "t2"))).status_code == 204
    agent.may_go_on.set()
    await waiting.outcome()
    assert agent.begun == 1


async def test_a_turn_that_nobody_listens_to_any_more_is_ended(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_turns, "DESERTED_SECONDS", 0.05)
    agent = StreamingAgent(rig)
    listening = rig.turns.take(rig.asked("hello")).listen()
    await anext(listening)
    await eventually(lambda: agent.begun)
    await listening.aclose()

    await eventually(lambda: agent.is_left)
    await eventually(lambda: len(rig.turns) == 0)
    assert (await rig.why())["error"] == "TurnCancelled"


async def test_a_turn_that_somebody_listens_to_again_goes_on(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_turns, "DESERTED_SECONDS", 0.05)
    agent = StreamingAgent(rig)
    running = rig.turns.take(rig.asked("hello"))
    left, stays = running.listen(), asyncio.create_task(rig.http.get(EVENTS))
    await anext(left)
    await left.aclose()
    await asyncio.sleep(0.1)
    agent.may_go_on.set()

    assert "42 euros" in (await stays).text


async def test_an_id_that_another_message_had_is_answered_and_said(rig: Rig) -> None:
    rig.agents.answers("billing", "42 euros")
    first, second = await rig.ask("one"), await rig.ask("two")
    streamed = await rig.ask("three", headers={"accept": "text/event-stream"})

    assert "x-turn-id-reused" not in first.headers
    assert second.headers["x-turn-id-reused"] == "true"
    assert streamed.headers["x-turn-id-reused"] == "true"
    assert len(rig.agents.asked) == 3


async def test_a_silent_line_is_kept_open_by_comments(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lmos.runtime.http.events.HEARTBEAT_SECONDS", 0.01)
    agent = StreamingAgent(rig)
    asking = asyncio.create_task(rig.ask("hello", headers={"accept": "text/event-stream"}))
    await eventually(lambda: agent.begun)
    await asyncio.sleep(0.05)
    agent.may_go_on.set()

    assert ": the Turn goes on\n\n" in (await asking).text
