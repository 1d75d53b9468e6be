"""OpenAI's shapes as values: names of models, ids of responses, requests read, streams written."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.core.protocols.openai import (
    ChatWriter,
    Heading,
    ModelName,
    ModelNotFound,
    ParameterInvalid,
    ParameterUnsupported,
    ResponsesWriter,
    TurnName,
    chat_question,
    response_id,
    responses_question,
    turn_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from lmos.core.protocols.openai import Question

HEADING = Heading(conversation="c1", turn="t1", created=1_700_000_000)
NAMES = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=20)


def chat(*messages: dict[str, Any], **more: Any) -> Question:
    said = messages or ({"role": "user", "content": "hello"},)
    return chat_question(json.dumps({"model": "acme/web", "messages": said, **more}).encode())


def responses(given_input: Any = "hello", **more: Any) -> Question:
    return responses_question(json.dumps({"model": "acme/web", "input": given_input, **more}).encode())


def events(*frames: bytes) -> list[Any]:
    """The data of server-sent events; `[DONE]` as the text it is."""
    lines = b"".join(frames).decode().split("\n")
    told = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return [data if data == "[DONE]" else json.loads(data) for data in told]


@given(NAMES, NAMES, st.none() | NAMES)
def test_a_model_is_a_channel_of_a_tenant_or_an_agent_in_it(
    tenant: str, channel: str, agent: str | None
) -> None:
    model = ModelName(tenant, channel, agent)

    assert ModelName.parse(str(model)) == model


@pytest.mark.parametrize("text", ["", "acme", "acme/", "/web", "acme//billing", "acme/web/", "a/b/c/d"])
def test_anything_else_is_no_model(text: str) -> None:
    with pytest.raises(ModelNotFound):
        ModelName.parse(text)


@given(NAMES, NAMES)
def test_the_id_of_a_response_says_which_turn_it_answers(conversation: str, turn: str) -> None:
    name = TurnName("acme", conversation, turn)
    assert turn_of(response_id(name)) == name


@given(st.text())
def test_an_id_of_somebody_else_says_nothing_or_two_names(text: str) -> None:
    for id_ in (text, f"resp_{text}"):
        found = turn_of(id_)
        assert found is None or all(found)


def test_system_messages_go_beside_the_others() -> None:
    question = chat(
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "Hi!"},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
    )

    said = [(message.role, message.content) for message in question.body.input_context.messages]
    assert said == [("user", "hello"), ("assistant", "Hi!"), ("user", "one\ntwo")]
    (told,) = question.body.system_context.context_params
    assert (told.key, told.value) == ("instructions", "Be brief.\nBe kind.")


def test_what_the_shape_has_no_place_for_comes_in_its_own_field() -> None:
    question = chat(
        user="u1",
        lmos={
            "anonymizationEntities": [{"type": "NAME", "value": "Bob", "replacement": "P1"}],
            "userToken": "secret",
            "contextParams": [{"key": "region", "value": "north"}],
        },
    )

    body = question.body
    assert body.input_context.anonymization_entities
    assert body.input_context.anonymization_entities[0].replacement == "P1"
    assert (body.user_context.user_id, body.user_context.user_token) == ("u1", "secret")
    assert body.system_context.context_params[0].value == "north"


def test_a_response_takes_a_text_or_items() -> None:
    text, items = (
        responses("hello", instructions="Be brief."),
        responses(
            [
                {"role": "developer", "content": "Be brief."},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]},
            ]
        ),
    )

    assert text.body == items.body


@pytest.mark.parametrize(
    "harmless",
    [
        {
            "temperature": 0,
            "max_tokens": 10,
            "stop": ["."],
            "seed": 1,
            "metadata": {"a": "b"},
            "store": False,
        },
        {"tools": [], "tool_choice": "auto", "n": 1, "logprobs": False, "modalities": ["text"]},
        {"response_format": {"type": "text"}, "tools": None, "stream": None, "lmos": None},
        {"unheard_of": {"by": "us"}},
    ],
)
def test_what_changes_nothing_is_accepted(harmless: dict[str, Any]) -> None:
    assert chat(**harmless).body == chat().body


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"n": 2}, "n"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"logprobs": True}, "logprobs"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"audio": {"voice": "alloy"}}, "audio"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages.0.content"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "1"}]}]}, "messages.0.tool_calls"),
    ],
)
def test_a_chat_that_asks_for_another_kind_of_answer_is_refused(asked: dict[str, Any], param: str) -> None:
    with pytest.raises(ParameterUnsupported) as caught:
        chat(**asked)

    assert caught.value.param == param
    assert caught.value.message.startswith(param)


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"background": True}, "background"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format"),
        ({"given_input": [{"type": "function_call_output", "output": "1"}]}, "input.0.type"),
        ({"given_input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input.0.content"),
    ],
)
def test_a_response_of_another_kind_is_refused(asked: dict[str, Any], param: str) -> None:
    with pytest.raises(ParameterUnsupported) as caught:
        responses(**asked)

    assert caught.value.param == param


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b"\xff", None),
        (b"{}", "model"),
        (b'{"model": 1, "messages": [{"role": "user"}]}', "model"),
        (b'{"model": "acme/web"}', "messages"),
        (b'{"model": "acme/web", "messages": []}', "messages"),
        (b'{"model": "acme/web", "messages": [{"role": "tool"}]}', "messages.0.role"),
        (b'{"model": "acme/web", "messages": [{"role": "user", "content": 1}]}', "messages.0.content"),
        (b'{"model": "acme/web", "messages": [{"role": "user", "content": [1]}]}', "messages.0.content"),
        (b'{"model": "acme/web", "messages": [{"role": "user"}], "stream": "so"}', "stream"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_the_parameter(body: bytes, param: str | None) -> None:
    with pytest.raises(ParameterInvalid) as caught:
        chat_question(body)

    assert type(caught.value) is ParameterInvalid
    assert caught.value.param == param


def test_chunks_end_with_what_the_pieces_lack() -> None:
    writer = ChatWriter(chat(stream_options={"include_usage": True}), HEADING)

    told = events(
        writer.started({"agent": "billing"}),
        writer.remark("Let me see."),
        writer.piece("42 "),
        writer.answered("42 euros", {"agent": "billing"}),
    )

    *chunks, usage, end = told
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"role": "assistant", "content": ""},
        {},
        {"content": "42 "},
        {"content": "euros"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, None, None, "stop"]
    assert chunks[0]["lmos"] == {"agent": "billing"}
    assert chunks[1]["lmos"] == {"remark": "Let me see."}
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 0)
    assert end == "[DONE]"
    assert {chunk["id"] for chunk in (*chunks, usage)} == {"chatcmpl-t1"}


def test_pieces_that_were_something_else_are_set_right_beside_them() -> None:
    writer = ChatWriter(chat(), HEADING)
    writer.piece("forty")

    last, end = events(writer.answered("42 euros", {}))

    assert last["choices"][0]["delta"] == {}
    assert last["lmos"] == {"content": "42 euros"}
    assert end == "[DONE]"


@given(st.text(), st.lists(st.text()))
def test_the_deltas_of_a_response_add_up_to_its_text(rest: str, pieces: list[str]) -> None:
    writer = ResponsesWriter(responses(), HEADING)
    content = "".join(pieces) + rest

    told = events(writer.started({}), *(writer.piece(each) for each in pieces), writer.answered(content, {}))

    deltas = [each["delta"] for each in told if each["type"] == "response.output_text.delta"]
    assert "".join(deltas) == content
    assert [each["sequence_number"] for each in told] == list(range(len(told)))
    assert told[-1]["response"]["output"][0]["content"][0]["text"] == content


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["model", "messages", "input", "role", "content", "type", "text", "tools", "lmos"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("read", [chat_question, responses_question])
@given(JSON)
def test_whatever_is_sent_is_read_or_refused(read: Callable[[bytes], Question], body: Any) -> None:
    with suppress(ParameterInvalid, ModelNotFound):
        assert read(json.dumps(body).encode()).body.input_context
