"""The chat door: whole answers, server-sent events, both prefixes."""

from __future__ import annotations

import pytest

from lmos.ports.agents import AgentFailed
from tests.runtime.rig import Event, Rig, body
from tests.runtime.test_agent_answers import PIECES, REMARK, UNTYPED

STREAMED = {"accept": "text/event-stream"}


@pytest.mark.parametrize("prefix", ["/apis/v1", "/lmos/runtime/apis/v1"])
async def test_a_message_is_answered_under_both_prefixes(rig: Rig, prefix: str) -> None:
    response = await rig.post(
        body("hello", explicit="billing"),
        path=f"{prefix}/acme/chat/c1/message",
        headers={"x-turn-id": "t1"},
    )

    assert response.status_code == 200
    assert response.json() == {"content": "42 euros", "anonymizationEntities": None}
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-turn-id"] == "t1"
    assert response.headers["x-lmos-agent"] == "billing"


async def test_unknown_fields_are_accepted(rig: Rig) -> None:
    content = body("hello", explicit="billing") | {"extra": 1}
    content["inputContext"]["more"] = {"deep": []}

    assert (await rig.post(content, headers={"x-turn-id": "t1"})).is_success


async def test_events_tell_of_a_turn_from_its_start_to_its_end(rig: Rig) -> None:
    rig.agents.answers("billing", REMARK, *PIECES, "42 euros")

    events = await rig.events()

    assert events == [
        Event(
            1,
            "turn.started",
            {
                "turn": "t1",
                "agent": "billing",
                "stage": "explicit",
                "reason": "The request names this Agent.",
            },
        ),
        Event(2, "message.intermediate", {"content": "Let me see.", "anonymizationEntities": None}),
        Event(3, "message.delta", {"content": "42 "}),
        Event(4, "message.delta", {"content": "euros"}),
        Event(5, "message", {"content": "42 euros", "anonymizationEntities": None}),
        Event(6, "turn.finished", {"turn": "t1", "agent": "billing", "seconds": 0.0}),
    ]


async def test_a_result_that_only_looked_final_is_told_as_a_remark(rig: Rig) -> None:
    rig.agents.answers("billing", UNTYPED, "42 euros")

    events = await rig.events()

    assert [(event.name, event.data.get("content")) for event in events[1:3]] == [
        ("message.intermediate", "Untyped."),
        ("message", "42 euros"),
    ]


async def test_the_bytes_of_an_event_are_those_of_the_standard(rig: Rig) -> None:
    rig.agents.answers("billing", "one\ntwo: “drei”")

    response = await rig.ask(headers=STREAMED)

    frames = response.content.split(b"\n\n")
    assert frames[1] == (
        'id: 2\nevent: message\ndata: {"content":"one\\ntwo: “drei”","anonymizationEntities":null}'.encode()
    )
    assert frames[-1] == b""
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-turn-id"] == "t1"


async def test_a_clarifying_question_is_a_message_of_nobody(rig: Rig) -> None:
    events = await rig.events("what do you know about roman emperors", explicit=None)

    assert [event.name for event in events] == ["turn.started", "message", "turn.finished"]
    assert events[0].data["agent"] is None
    assert events[2].data["agent"] is None


async def test_a_turn_that_breaks_off_ends_with_an_error_after_what_was_said(rig: Rig) -> None:
    rig.agents.fails("billing", AgentFailed("It failed.", hint="See its log."), after=(PIECES[0],))

    events = await rig.events()

    assert [event.name for event in events] == ["turn.started", "message.delta", "error"]
    error = events[-1].data
    assert (error["status"], error["code"], error["errorCode"], error["hint"]) == (
        502,
        "AgentFailed",
        "AGENT_CLIENT_EXCEPTION",
        "See its log.",
    )


async def test_a_turn_that_fails_before_it_starts_is_refused_with_its_status(rig: Rig) -> None:
    response = await rig.ask(channel="nowhere", headers=STREAMED)

    assert (response.status_code, response.json()["code"]) == (404, "NoRoutingInfo")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html, application/json;q=0.9"])
async def test_a_client_that_does_not_ask_for_events_gets_the_answer(rig: Rig, accept: str) -> None:
    assert (await rig.ask(headers={"accept": accept})).json()["content"] == "42 euros"


@pytest.mark.parametrize(
    "media_type",
    ["application/json; charset=UTF-8", 'application/json;charset="utf-8"; q=1', "APPLICATION/JSON"],
)
async def test_json_may_be_announced_in_several_ways(rig: Rig, media_type: str) -> None:
    headers = {"x-turn-id": "t1", "content-type": media_type}

    assert (await rig.post(body("hello", explicit="billing"), headers=headers)).is_success
