"""What an Agent says, and what the user is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lmos.core.conversation import (
    ASSISTANT,
    PIECE,
    AgentResult,
    AgentResultType,
    AnonymizationEntity,
    KeyValue,
    Message,
    message_result,
)
from lmos.ports.agents import AgentFailed, AgentLost, AgentTimeout, AgentUnavailable

if TYPE_CHECKING:
    from lmos.core.errors import LmosError
    from tests.runtime.rig import Rig

REMARK = message_result("Let me see.", type_=AgentResultType.INTERMEDIATE_MESSAGE)
PIECES = [
    message_result(text, type_=AgentResultType.INTERMEDIATE_MESSAGE, context=(PIECE,))
    for text in ("42 ", "euros")
]
EVENT = AgentResult(
    messages=(), context=(KeyValue(key="eventType", value="looked"),), type=AgentResultType.EVENT
)
SORRY = message_result("I am sorry.", type_=AgentResultType.ERROR)
UNTYPED = AgentResult(messages=(Message(role=ASSISTANT, content="Untyped."),))
TWO_MESSAGES = AgentResult(
    messages=(Message(role=ASSISTANT, content="One."), Message(role=ASSISTANT, content="Two.")),
    type=AgentResultType.MESSAGE,
)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (["42 euros"], "42 euros"),
        ([""], ""),
        ([REMARK, *PIECES, EVENT, "42 euros"], "42 euros"),
        ([UNTYPED], "Untyped."),
        ([UNTYPED, "42 euros"], "42 euros"),
        ([TWO_MESSAGES], "One.\nTwo."),
        ([REMARK, SORRY], "I am sorry."),
    ],
)
async def test_the_answer_is_the_agents_final_message(
    rig: Rig, said: list[str | AgentResult], answer: str
) -> None:
    rig.agents.answers("billing", *said)

    response = await rig.ask()

    assert (response.status_code, response.json()["content"]) == (200, answer)


@pytest.mark.parametrize(
    "said",
    [
        [],
        [EVENT],
        [REMARK, *PIECES],
        [AgentResult(messages=(), type=AgentResultType.MESSAGE)],
        [AgentResult(messages=(), type=AgentResultType.ERROR)],
    ],
)
async def test_an_agent_that_ends_without_a_word_has_failed(rig: Rig, said: list[AgentResult]) -> None:
    rig.agents.answers("billing", *said)

    response = await rig.ask()

    assert response.status_code == 502
    assert (response.json()["errorCode"], response.json()["code"]) == ("AGENT_CLIENT_EXCEPTION", "NoAnswer")


async def test_words_of_regret_answer_the_turn_and_the_record_shows_what_they_are(rig: Rig) -> None:
    rig.agents.answers("billing", SORRY)

    await rig.ask()

    why = await rig.why()
    assert (why["status"], why["error"], why["answer"]) == ("answered", "AgentReportedError", "I am sorry.")


@pytest.mark.parametrize(
    "entities",
    [None, (), (AnonymizationEntity(type="NAME", value="Bob", replacement="P1"),)],
)
async def test_anonymisation_entities_come_back_as_the_agent_sent_them(
    rig: Rig, entities: tuple[AnonymizationEntity, ...] | None
) -> None:
    rig.agents.answers(
        "billing", message_result("hi").model_copy(update={"anonymization_entities": entities})
    )

    answer = (await rig.ask()).json()

    assert answer == {
        "content": "hi",
        "anonymizationEntities": None if entities is None else [entity.to_wire() for entity in entities],
    }


@pytest.mark.parametrize(
    ("error", "status", "original"),
    [
        (AgentUnavailable("Down.", hint="h", retry_after_seconds=1.0), 503, "AGENT_CLIENT_EXCEPTION"),
        (AgentLost("Lost.", hint="h"), 502, "AGENT_CLIENT_EXCEPTION"),
        (AgentFailed("Failed.", hint="h"), 502, "AGENT_CLIENT_EXCEPTION"),
        (AgentTimeout("Late.", hint="h"), 504, "AGENT_CLIENT_EXCEPTION"),
    ],
)
async def test_each_failure_of_an_agent_has_its_status_code_and_body(
    rig: Rig, error: LmosError, status: int, original: str
) -> None:
    rig.agents.fails("billing", error, after=(PIECES[0],))

    response = await rig.ask()

    assert response.status_code == status
    assert response.headers["x-turn-id"] == "t1"
    assert ("retry-after" in response.headers) == (error.code in {"AgentUnavailable", "AgentLost"})
    assert response.json() == {
        "errorCode": original,
        "message": error.message,
        "type": "about:blank",
        "title": response.json()["title"],
        "status": status,
        "detail": error.message,
        "code": error.code,
        "hint": "h",
    }


async def test_an_agent_that_is_not_in_the_routing_is_not_found(rig: Rig) -> None:
    response = await rig.ask(explicit="nobody")

    assert response.status_code == 404
    assert response.json()["errorCode"] == "AGENT_NOT_FOUND"
    assert response.json()["message"] == "No agent found with the name nobody"
    assert response.json()["hint"] == "Agents that serve this Channel: billing, network."


async def test_the_agent_hears_what_the_client_said_of_the_user_and_its_system(rig: Rig) -> None:
    content = {
        "inputContext": {
            "messages": [{"role": "user", "content": "hi", "format": "text", "turnId": "t0"}],
            "explicitAgent": "billing",
            "anonymizationEntities": [{"type": "NAME", "value": "Bob", "replacement": "P1"}],
        },
        "systemContext": {"channelId": "web", "contextParams": [{"key": "k1", "value": "v1"}]},
        "userContext": {
            "userId": "u1",
            "userToken": "tok",
            "contextParams": [{"key": "p1", "value": "pv1"}],
        },
    }

    await rig.post(content, headers={"x-turn-id": "t1", "x-correlation-id": "ignored"})

    request = rig.agents.asked[0].request.to_wire()
    assert request["conversationContext"] == {
        "conversationId": "c1",
        "turnId": "t1",
        "anonymizationEntities": [{"type": "NAME", "value": "Bob", "replacement": "P1"}],
    }
    assert {"key": "k1", "value": "v1"} in request["systemContext"]
    assert request["userContext"] == {
        "userId": "u1",
        "userToken": "tok",
        "profile": [{"key": "p1", "value": "pv1"}],
    }
