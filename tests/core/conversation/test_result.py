from __future__ import annotations

import pytest
from pydantic import ValidationError

from lmos.core.conversation import (
    PIECE,
    AgentResult,
    AgentResultType,
    AssistantMessage,
    BinaryData,
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


ONE, TWO = (Message(role="assistant", content=text) for text in ("one", "two"))
PICTURE = Message(
    role="assistant", content="", binary_data=(BinaryData(mime_type="image/png", data_as_base64="AAH/"),)
)


def test_the_answer_of_one_plain_message_is_its_words() -> None:
    answer = assistant_message(AgentResult(messages=(ONE,)))

    assert answer.to_wire() == {"content": "one", "anonymizationEntities": None}
    assert answer.said == (ONE,)


@pytest.mark.parametrize(
    ("messages", "content"),
    [
        ((ONE, TWO), "one\ntwo"),
        ((ONE, PICTURE, TWO), "one\ntwo"),
        ((PICTURE,), ""),
        ((ONE.model_copy(update={"format": "json"}),), "one"),
        ((ONE.model_copy(update={"role": "system"}),), "one"),
    ],
)
def test_the_answer_keeps_every_message_of_which_its_words_alone_would_lose_something(
    messages: tuple[Message, ...], content: str
) -> None:
    answer = assistant_message(AgentResult(messages=messages))

    assert (answer.content, answer.messages, answer.said) == (content, messages, messages)
    assert AssistantMessage.model_validate(answer.to_wire()) == answer


def test_an_answer_that_was_kept_before_there_were_messages_is_its_words() -> None:
    kept = AssistantMessage.model_validate({"content": "one", "anonymizationEntities": []})

    assert (kept.messages, kept.said) == ((), (ONE,))


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
