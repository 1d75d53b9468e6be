from __future__ import annotations

import pytest
from pydantic import ValidationError

from lmos.core.conversation import (
    PIECE,
    AgentResult,
    AgentResultType,
    Message,
    assistant_message,
    message_result,
)


def test_a_result_has_all_fields_of_the_schema_on_the_wire() -> None:
    assert message_result("hi", turn="t1", response_time=0.5).to_wire() == {
        "status": None,
        "responseTime": 0.5,
        "messages": [
            {"role": "assistant", "content": "hi", "format": "text", "turnId": "t1", "binaryData": None}
        ],
        "anonymizationEntities": None,
        "context": None,
        "toolCalls": None,
        "type": "MESSAGE",
    }


def test_the_answer_keeps_every_message_of_a_result() -> None:
    result = AgentResult(
        messages=(Message(role="assistant", content="one"), Message(role="assistant", content="two"))
    )

    assert assistant_message(result).to_wire() == {"content": "one\ntwo", "anonymizationEntities": None}


@pytest.mark.parametrize(
    ("type_", "is_final"),
    [
        (AgentResultType.MESSAGE, True),
        (AgentResultType.ERROR, True),
        (AgentResultType.INTERMEDIATE_MESSAGE, False),
        (AgentResultType.EVENT, False),
    ],
)
def test_messages_and_errors_answer_the_turn(type_: AgentResultType, is_final: bool) -> None:
    assert message_result("x", type_=type_).is_final is is_final


def test_an_untyped_result_of_an_older_agent_is_final_if_it_says_something() -> None:
    assert AgentResult.model_validate({"messages": [{"role": "assistant", "content": "x"}]}).is_final
    assert not AgentResult(messages=()).is_final


def test_pieces_of_the_answer_are_told_from_remarks_on_the_way() -> None:
    intermediate = AgentResultType.INTERMEDIATE_MESSAGE

    assert message_result("Your bi", type_=intermediate, context=(PIECE,)).is_piece
    assert not message_result("One moment ...", type_=intermediate).is_piece


def test_a_result_without_messages_is_no_result() -> None:
    with pytest.raises(ValidationError, match="messages"):
        AgentResult.model_validate({"type": "MESSAGE"})
