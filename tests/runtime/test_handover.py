"""Turns that an Agent hands over to another one of its Channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from lmos.core.conversation import AgentResult, AgentResultType, message_result
from lmos.ports.agents import AgentUnavailable
from tests.runtime.rig import FAULTS, message, routing
from tests.runtime.test_agent_answers import PIECES

if TYPE_CHECKING:
    from tests.runtime.rig import Rig


def to(agent: str, text: str = "One moment.") -> AgentResult:
    return message_result(text).model_copy(update={"status": f"AGENT_HANDOVER[{agent}]"})


async def test_the_agent_that_a_turn_is_handed_over_to_answers_it(rig: Rig) -> None:
    await rig.ask("good morning", turn="t0")
    rig.agents.answers("billing", to("network"))

    response = await rig.ask("my line is dead")

    assert response.json()["content"] == "All is well"
    assert response.headers["x-lmos-agent"] == "network"
    assert rig.heard() == rig.heard(-2) == ["good morning", "42 euros", "my line is dead"]


async def test_the_next_agent_is_not_told_of_the_capability_of_the_first(rig: Rig) -> None:
    rig.agents.answers("network", to("billing"))

    await rig.ask(FAULTS[0], explicit=None)

    told = [{entry.key for entry in each.request.system_context} for each in rig.agents.asked]
    assert ["capability" in keys for keys in told] == [True, False]


@pytest.mark.parametrize(
    "said",
    [
        AgentResult(messages=(), status="AGENT_HANDOVER[network]"),
        AgentResult(messages=(), status="AGENT_HANDOVER[network]", type=AgentResultType.MESSAGE),
        AgentResult(messages=to("network").messages, status="AGENT_HANDOVER[network]"),
    ],
)
async def test_a_turn_is_handed_over_with_and_without_words_and_types(rig: Rig, said: AgentResult) -> None:
    rig.agents.answers("billing", said)

    assert (await rig.ask()).json()["content"] == "All is well"


async def test_each_step_is_told_and_recorded(rig: Rig) -> None:
    await rig.serve(routing("billing", "network", "sales"))
    rig.agents.answers("billing", *PIECES, to("network"))
    rig.agents.answers("network", to("sales"))
    rig.agents.answers("sales", "A new line, then.")

    events = await rig.events()
    why = await rig.why()

    assert [(event.name, event.data.get("to")) for event in events] == [
        ("turn.started", None),
        ("message.delta", None),
        ("message.delta", None),
        ("turn.handover", "network"),
        ("turn.handover", "sales"),
        ("message", None),
        ("turn.finished", None),
    ]
    assert events[3].data == {"turn": "t1", "agent": "billing", "to": "network"}
    assert (why["agent"], why["answer"]) == ("sales", "A new line, then.")
    assert why["decision"]["handed_over_by"] == ["billing", "network"]
    assert (why["decision"]["agent"], why["decision"]["stage"]) == ("sales", "explicit")


async def test_the_last_agent_becomes_that_of_the_conversation(rig: Rig) -> None:
    rig.agents.answers("billing", to("network"))

    await rig.ask()

    listed = (await rig.http.get("/apis/v1/acme/conversations")).json()["conversations"]
    assert [each["agent"] for each in listed] == ["network"]


@pytest.mark.parametrize(
    ("billing", "network", "says"),
    [
        ("weather", "billing", "billing handed the Turn over to 'weather', which is no Agent"),
        ("billing", "billing", "which was asked already: billing."),
        ("network", "billing", "which was asked already: billing → network."),
    ],
)
async def test_a_hand_over_that_leads_nowhere_fails_the_turn(
    rig: Rig, billing: str, network: str, says: str
) -> None:
    rig.agents.answers("billing", to(billing))
    rig.agents.answers("network", to(network))

    response = await rig.ask()
    why = await rig.why()

    assert (response.status_code, response.json()["code"]) == (502, "HandOverFailed")
    assert response.json()["errorCode"] == "AGENT_CLIENT_EXCEPTION"
    assert says in response.json()["message"]
    assert (why["status"], why["error"]) == ("failed", "HandOverFailed")
    assert why["decision"]["handed_over_by"] == (["billing"] if billing == "network" else [])


async def test_a_turn_that_was_handed_over_is_asked_once(rig: Rig) -> None:
    rig.agents.answers("billing", to("network"))

    first = await rig.ask()
    again = await rig.ask()

    assert again.json() == first.json()
    assert again.headers["x-lmos-agent"] == "network"
    assert len(rig.agents.asked) == 2


async def test_a_turn_whose_second_agent_cannot_be_reached_is_not_begun_anew(rig: Rig) -> None:
    rig.agents.answers("billing", to("network"))
    rig.agents.fails("network", AgentUnavailable("Down.", hint="h"))

    first = await rig.ask()
    again = await rig.ask()

    assert (first.status_code, again.status_code) == (503, 503)
    assert [each.address.host for each in rig.agents.asked] == ["billing", "network"]


async def test_a_client_of_openai_gets_the_answer_that_is_not_what_was_streamed(rig: Rig) -> None:
    rig.agents.answers("billing", *PIECES, to("network"))
    asked = {"model": "acme/web/billing", "messages": [message("hello")], "stream": True}

    told = (await rig.http.post("/v1/chat/completions", json=asked)).text

    *_, last, end = (frame.removeprefix("data: ") for frame in told.split("\n\n") if frame)
    assert end == "[DONE]"
    assert orjson.loads(last)["lmos"]["content"] == "All is well"
    assert orjson.loads(last)["lmos"]["agent"] == "network"
