"""One trace a Turn: the caller's where it has one, with a span for each stage, gone on with by the Agent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from lmos.core.conversation import AgentResultType, message_result
from lmos.ports.agents import AgentFailed
from lmos.testing.waiting import eventually
from tests.runtime.rig import body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.conversation import AgentRequest, AgentResult
    from lmos.testing.traces import SeenSpan
    from tests.runtime.rig import Rig

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
CALLER = {"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01", "tracestate": "vendor=1"}


async def ended(rig: Rig, turn: int = -1) -> SeenSpan:
    """The trace of a Turn once it is over, the latest by default."""
    await eventually(lambda: rig.traces.turns[turn].error is not None)
    return rig.traces.turns[turn]


async def test_a_turn_is_a_trace_with_a_span_for_each_stage(rig: Rig) -> None:
    await rig.ask("how much is my bill", explicit="billing")

    span = await ended(rig)
    assert [each.name for each in span.below] == ["store", "store", "route", "ask", "store"]
    assert [each.name for each in span.below if each.is_call] == ["ask"]
    assert all(each.error == "" for each in (span, *span.below))


async def test_a_trace_says_where_its_turn_went_and_how_it_ended(rig: Rig) -> None:
    await rig.ask("how much is my bill", explicit=None, turn="t7", conversation="c7")

    span = await ended(rig)
    probability = span.attributes.pop("lmos.decision.probability")
    assert 0.0 < probability <= 1.0
    assert span.attributes == {
        "gen_ai.conversation.id": "c7",
        "gen_ai.agent.name": "billing",
        "lmos.turn": "t7",
        "lmos.tenant": "acme",
        "lmos.channel": "web",
        "lmos.subset": "stable",
        "lmos.stage": "vector",
        "lmos.capability": "billing",
        "lmos.outcome": "answered",
    }
    ask = next(each for each in span.below if each.is_call)
    assert ask.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert ask.attributes["gen_ai.agent.name"] == "billing"
    assert ask.attributes["gen_ai.conversation.id"] == "c7"
    assert ask.attributes["server.address"] == "billing"


async def test_the_agent_goes_on_with_the_span_of_its_asking(rig: Rig) -> None:
    await rig.ask(headers=CALLER)

    ask = next(each for each in (await ended(rig)).below if each.is_call)
    sent = rig.agents.asked[0].headers
    assert sent["traceparent"] == f"00-{TRACE_ID}-{ask.context.span_id}-01"
    assert sent["tracestate"] == "vendor=1"


async def test_a_turn_that_is_handed_over_asks_twice_in_one_trace(rig: Rig) -> None:
    rig.agents.answers("billing", message_result("").model_copy(update={"status": "AGENT_HANDOVER[network]"}))
    await rig.ask(headers=CALLER)

    asks = [each for each in (await ended(rig)).below if each.is_call]
    assert [each.attributes["gen_ai.agent.name"] for each in asks] == ["billing", "network"]
    traceparents = [each.headers["traceparent"] for each in rig.agents.asked]
    assert [parent.split("-")[1] for parent in traceparents] == [TRACE_ID, TRACE_ID]
    assert traceparents[0] != traceparents[1]


async def test_a_failure_marks_its_stage_and_its_turn(rig: Rig) -> None:
    rig.agents.fails("billing", AgentFailed("It broke."))
    await rig.ask()

    span = await ended(rig)
    assert span.error == "AgentFailed"
    assert span.attributes["lmos.outcome"] == "failed"
    assert [each.error for each in span.below if each.is_call] == ["AgentFailed"]


async def test_a_cancelled_turn_ends_its_trace(rig: Rig) -> None:
    asked = asyncio.Event()

    async def wait(_request: AgentRequest) -> AsyncIterator[AgentResult]:
        asked.set()
        await asyncio.Event().wait()
        yield message_result("never")

    rig.agents.plays("billing", wait)
    asking = asyncio.create_task(rig.ask())
    await asked.wait()
    await rig.http.delete("/apis/v1/acme/chat/c1/turns/t1")
    await asking

    span = await ended(rig)
    assert span.error == "TurnCancelled"
    assert [each.error for each in span.below if each.is_call] == ["Cancelled"]


async def test_a_turn_that_is_told_again_is_a_short_trace(rig: Rig) -> None:
    await rig.ask()
    await rig.ask()

    span = await ended(rig)
    assert span.attributes == {"lmos.outcome": "repeated"}
    assert [each.name for each in span.below] == ["store"]


async def test_two_turns_without_a_caller_have_a_trace_each(rig: Rig) -> None:
    await rig.ask(turn="t1")
    await rig.ask(turn="t2")

    first, second = (each.headers["traceparent"].split("-")[1] for each in rig.agents.asked)
    assert first != second


async def test_the_record_of_a_decision_leads_to_the_trace(rig: Rig) -> None:
    await rig.ask(turn="t1", headers=CALLER)
    rig.agents.answers("billing", message_result("").model_copy(update={"status": "AGENT_HANDOVER[network]"}))
    await rig.ask(turn="t2", headers=CALLER)

    assert (await rig.why("t1"))["decision"]["trace_id"] == TRACE_ID
    assert (await rig.why("t2"))["decision"]["trace_id"] == TRACE_ID


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_door_hands_its_callers_trace_on(rig: Rig, accept: str) -> None:
    await rig.ask(headers=CALLER | {"accept": accept})

    assert (await ended(rig)).trace_id == TRACE_ID


@pytest.mark.parametrize(
    "headers",
    [
        [("traceparent", "rubbish")],
        [("traceparent", f"00-{'0' * 32}-b7ad6b7169203331-01")],
        [("traceparent", CALLER["traceparent"]), ("traceparent", CALLER["traceparent"])],
        [("traceparent", b"\xff\xfe")],
        [("tracestate", "vendor=1")],
    ],
    ids=["rubbish", "zeros", "twice", "no ascii", "state alone"],
)
async def test_an_invalid_trace_is_ignored(rig: Rig, headers: list[tuple[str, str | bytes]]) -> None:
    raw = [(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in headers]
    response = await rig.http.post(
        "/apis/v1/acme/chat/c1/message",
        json=body("hello", explicit="billing"),
        headers=[(b"x-turn-id", b"t1"), *raw],
    )

    assert response.status_code == 200
    assert (await ended(rig)).trace_id == f"{1:032x}"
    assert "tracestate" not in rig.agents.asked[0].headers


async def test_a_tracestate_in_parts_is_joined(rig: Rig) -> None:
    parts = [("traceparent", CALLER["traceparent"]), ("tracestate", "a=1"), ("tracestate", "b=2")]
    await rig.http.post(
        "/apis/v1/acme/chat/c1/message",
        json=body("hello", explicit="billing"),
        headers=[("x-turn-id", "t1"), *parts],
    )

    assert rig.agents.asked[0].headers["tracestate"] == "a=1,b=2"


async def test_words_are_said_to_a_span_as_words_and_nowhere_else(rig: Rig) -> None:
    regret = message_result("my regrets", type_=AgentResultType.ERROR)
    rig.agents.answers("billing", regret)
    await rig.ask("my secret")

    span = await ended(rig)
    assert span.words == ("my secret", "my regrets")
    told = str([each.attributes for each in (span, *span.below)])
    assert "secret" not in told
    assert "regrets" not in told
