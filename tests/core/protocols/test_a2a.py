"""A2A as values: what an Agent is sent for a Turn, and what its events mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.core.conversation import (
    AgentRequest,
    AgentResult,
    AgentResultType,
    AnonymizationEntity,
    BinaryData,
    ConversationContext,
    KeyValue,
    Message,
)
from lmos.core.protocols.a2a import EXTENSION, AnswerReader, TaskUnfinished, message_of
from lmos.core.protocols.a2a.writing import COMPLETED, TaskWriter
from lmos.core.protocols.agent_api import ResultInvalid

JANE = {"type": "PERSON", "value": "Jane", "replacement": "P1"}


def request(*messages: Message, tenant: str = "acme", conversation: str = "c1") -> AgentRequest:
    return AgentRequest(
        messages=messages,
        conversation_context=ConversationContext(
            conversation_id=conversation,
            turn_id="t1",
            anonymization_entities=(AnonymizationEntity(**JANE),),
        ),
        system_context=(KeyValue(key="tenantId", value=tenant),),
    )


def said(*texts: str, **more: Any) -> dict[str, Any]:
    return {"role": "ROLE_AGENT", "parts": [{"text": text} for text in texts], **more}


def status(state: str, *texts: str, **more: Any) -> dict[str, Any]:
    message = {"message": said(*texts)} if texts else {}
    update = {"taskId": "k1", "contextId": "c1", "status": {"state": f"TASK_STATE_{state}", **message}}
    return {"statusUpdate": {**update, **more}}


def artifact(id_: str, *texts: str, append: bool = False, **more: Any) -> dict[str, Any]:
    parts = [{"text": text} for text in texts]
    update = {"taskId": "k1", "artifact": {"artifactId": id_, "parts": parts, **more}, "append": append}
    return {"artifactUpdate": update}


def read(*events: dict[str, Any]) -> list[AgentResult]:
    reader = AnswerReader("t1")
    return [result for event in events for result in reader.hear(event)]


def test_conversations_of_two_tenants_are_two_contexts() -> None:
    one, other = (message_of(request(Message(role="user", content="hi"), tenant=name)) for name in "ab")

    assert (one["contextId"], other["contextId"]) == ("a:c1", "b:c1")
    assert one["messageId"] != other["messageId"]


def test_the_same_turn_is_the_same_message_and_another_question_with_its_id_is_not() -> None:
    first, again, other = (
        message_of(request(Message(role="user", content=text))) for text in ("hi", "hi", "hello")
    )

    assert first == again
    assert first["messageId"] != other["messageId"]


def test_anonymised_words_go_along_and_come_back() -> None:
    asked = message_of(request(Message(role="user", content="I am P1")))
    told = asked["metadata"][EXTENSION]
    back = {EXTENSION: {"anonymizationEntities": told["anonymizationEntities"]}}

    [answer] = read({"message": said("Hello P1", metadata=back)})

    assert told["anonymizationEntities"] == [JANE]
    assert answer.anonymization_entities == (AnonymizationEntity(**JANE),)


def test_files_are_parts_by_their_bytes_or_address_and_streams_are_left_out() -> None:
    files = (
        BinaryData(mime_type="image/png", data_as_base64="AAH/"),
        BinaryData(mime_type="text/csv", source="https://files/bill.csv"),
        BinaryData(mime_type="audio/pcm", source="STREAM_SOURCE"),
    )

    asked = message_of(request(Message(role="user", content="look", binary_data=files)))

    assert asked["parts"][1:] == [
        {"raw": "AAH/", "mediaType": "image/png"},
        {"url": "https://files/bill.csv", "mediaType": "text/csv"},
    ]


def test_an_agent_that_speaks_first_gets_an_empty_part() -> None:
    assert message_of(request())["parts"] == [{"text": ""}]


def test_files_and_values_of_an_agent_are_binary_data() -> None:
    parts = [
        {"raw": "AAH/"},
        {"url": "https://files/bill.csv", "mediaType": "text/csv"},
        {"data": {"due": 42}},
    ]

    [answer] = read({"message": {"parts": parts}})

    assert answer.messages[0].binary_data == (
        BinaryData(mime_type="application/octet-stream", data_as_base64="AAH/"),
        BinaryData(mime_type="text/csv", source="https://files/bill.csv"),
        BinaryData(mime_type="application/json", data_as_base64="eyJkdWUiOjQyfQ=="),
    )


def test_an_artifact_each_is_a_message_and_the_last_words_follow() -> None:
    heard = read(
        artifact("a", "42 ", "euros"),
        artifact("b", "due to"),
        artifact("b", "day", append=True),
        status("COMPLETED", "Anything else?"),
    )

    assert [result.text for result in heard if result.is_piece] == ["42 euros", "\ndue to", "day"]
    assert [message.content for message in heard[-1].messages] == ["42 euros", "due today", "Anything else?"]
    assert heard[-1].type is AgentResultType.MESSAGE


def test_last_words_that_repeat_the_result_are_said_once() -> None:
    answer = read(artifact("a", "42 euros"), status("COMPLETED", "42 euros"))[-1]

    assert answer.text == "42 euros"


def test_an_artifact_that_is_sent_anew_replaces_what_it_was() -> None:
    answer = read(artifact("a", "41 euros"), artifact("a", "42 euros"), status("COMPLETED"))[-1]

    assert answer.text == "42 euros"


def test_a_task_as_a_whole_is_read_like_its_updates() -> None:
    task = {
        "id": "k1",
        "status": {"state": "TASK_STATE_COMPLETED"},
        "artifacts": [{"artifactId": "a", "parts": [{"text": "42 "}, {"text": "euros"}]}],
    }

    assert [result.text for result in read({"task": task})] == ["42 euros"]


def test_words_on_the_way_are_remarks() -> None:
    heard = read(status("SUBMITTED"), status("WORKING", "looking", "it up"), status("COMPLETED", "42"))

    assert [(result.is_final, result.is_piece, result.text) for result in heard] == [
        (False, False, "looking\nit up"),
        (True, False, "42"),
    ]


def test_asking_back_answers_the_turn() -> None:
    reader = AnswerReader("t1")
    [answer] = reader.hear(status("INPUT_REQUIRED", "Which bill?"))

    assert answer.is_final
    assert answer.text == "Which bill?"
    assert reader.is_over


@pytest.mark.parametrize("state", ["FAILED", "REJECTED", "CANCELED", "AUTH_REQUIRED"])
def test_giving_up_is_an_error_in_the_agents_words_or_a_failure_without(state: str) -> None:
    assert read(status(state, "Sorry"))[0].type is AgentResultType.ERROR

    with pytest.raises(TaskUnfinished, match=r"^It \w+ "):
        read(status(state))


def test_a_turn_is_handed_over_by_the_extension() -> None:
    metadata = {EXTENSION: {"handOverTo": "network"}}

    [answer] = read(status("COMPLETED", metadata=metadata))

    assert answer.handed_to == "network"


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"message": 7},
        {"task": {}},
        {"statusUpdate": {"taskId": "k1", "status": {"message": "hi"}}},
        {"message": said("hi", metadata={EXTENSION: {"anonymizationEntities": "P1"}})},
    ],
)
def test_what_is_no_event_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(ResultInvalid):
        read(event)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.text(min_size=1)), min_size=1))
def test_the_pieces_of_artifacts_that_follow_each_other_make_the_answer(
    chunks: list[tuple[str, str]],
) -> None:
    in_order = sorted(chunks, key=lambda chunk: chunk[0])
    *pieces, answer = read(*(artifact(id_, text, append=True) for id_, text in in_order), status("COMPLETED"))

    assert "".join(piece.text for piece in pieces) == answer.text


FILES = st.sampled_from(
    [
        BinaryData(mime_type="image/png", data_as_base64="AAH/"),
        BinaryData(mime_type="text/csv", source="https://files/bill.csv"),
    ]
)
ANSWERS = st.lists(
    st.builds(
        Message,
        role=st.just("assistant"),
        content=st.text(min_size=1),
        turn_id=st.just("t1"),
        binary_data=st.none() | st.lists(FILES, min_size=1, max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda message: message.content,
).map(tuple)


@given(st.lists(st.text(min_size=1)), ANSWERS, st.booleans())
def test_what_is_written_for_clients_is_what_is_read_from_agents(
    pieces: list[str], answer: tuple[Message, ...], is_handed_over: bool
) -> None:
    writer = TaskWriter("c1", "t1")
    written = [writer.piece(text) for text in pieces]
    if is_handed_over:
        writer.start_again()
        written.append(writer.piece(answer[0].content))

    *told, last = read(*written, *writer.ended(COMPLETED, answer))

    assert [piece.text for piece in told][: len(pieces)] == pieces
    assert last.messages == answer
    assert read(writer.whole(COMPLETED, answer))[-1].messages == answer


def test_what_was_streamed_as_it_is_in_the_end_is_not_told_again() -> None:
    writer = TaskWriter("c1", "t1")
    writer.piece("42 ")
    writer.piece("euros")

    [end] = writer.ended(COMPLETED, (Message(role="assistant", content="42 euros"),))

    assert end["statusUpdate"]["status"] == {"state": COMPLETED}
