"""What a client sends besides its words reaches the Agent through every door, and the Agent's comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.conversation import AgentResult, AgentResultType, AnonymizationEntity, Message
from lmos.core.protocols.agent_api import QUERY
from lmos.core.protocols.openai import TurnName, response_id
from tests.ports.turns import answered, keep, record
from tests.runtime.rig import Rig, body
from tests.runtime.test_graphql import asked as subscribed
from tests.runtime.test_graphql import request, result

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ENTITY = {"type": "NAME", "value": "Bob", "replacement": "P1"}
PICTURE = {"mimeType": "image/png", "dataAsBase64": "iVBORw0KGgo=", "source": None}
BILL = {"mimeType": "application/pdf", "dataAsBase64": None, "source": "https://files.example/bill.pdf"}
STREAM = {"mimeType": "audio/pcm", "dataAsBase64": None, "source": "STREAM_SOURCE"}
SAID = [
    {"role": "user", "content": "hello"},
    {"role": "assistant", "content": "Hello P1!"},
    {"role": "user", "content": "there is no signal"},
]

# The answer in two messages, with a personal value that the Agent has replaced by P2.
ANSWER = AgentResult(
    messages=(
        Message(role="assistant", content="All is well."),
        Message(role="assistant", content="Bye, P2."),
    ),
    anonymization_entities=(AnonymizationEntity(type="NAME", value="Eve", replacement="P2"),),
    type=AgentResultType.MESSAGE,
)
COMES_BACK = ("All is well.\nBye, P2.", [{"type": "NAME", "value": "Eve", "replacement": "P2"}])

# Words with a picture, and a file by its address without words.
PICTURED: list[dict[str, Any]] = [
    {"role": "assistant", "content": "Like this:", "format": "text", "turnId": "t1", "binaryData": [PICTURE]},
    {"role": "assistant", "content": "", "format": "text", "turnId": "t1", "binaryData": [BILL]},
]

Told = tuple[str, list[dict[str, str]]]


def says(*messages: dict[str, Any], type_: AgentResultType = AgentResultType.MESSAGE) -> AgentResult:
    return AgentResult.model_validate({"messages": messages, "type": type_})


async def rest(rig: Rig, said: list[Any]) -> Told:
    told = (await post(rig, said)).json()
    return told["content"], told["anonymizationEntities"]


async def events(rig: Rig, said: list[Any]) -> Told:
    told = event_named("message", await post(rig, said, accept="text/event-stream"))
    return told["content"], told["anonymizationEntities"]


def event_named(name: str, response: Any) -> Any:
    """The data of the only event of that name."""
    (found,) = (frame for frame in response.text.split("\n\n") if f"event: {name}\n" in frame)
    return json.loads(found.split("data: ")[1])


async def post(rig: Rig, said: list[Any], **headers: str) -> Any:
    asked = body(*said, explicit="network", anonymizationEntities=[ENTITY])
    return await rig.post(asked, headers={"x-turn-id": "t1", **headers})


async def graphql(rig: Rig, said: list[Any]) -> Told:
    *_, answer, _ = await subscribed(rig, request() | {"messages": said}, query=QUERY)
    told = result(answer)
    return "\n".join(each["content"] for each in told["messages"]), told["anonymizationEntities"]


async def chat_completion(rig: Rig, said: list[Any]) -> Told:
    told = await openai(rig, "/v1/chat/completions", messages=said)
    return told["choices"][0]["message"]["content"], told["lmos"]["anonymizationEntities"]


async def response(rig: Rig, said: list[Any]) -> Told:
    told = await openai(rig, "/v1/responses", input=said)
    return told["output"][0]["content"][0]["text"], told["lmos"]["anonymizationEntities"]


async def openai(rig: Rig, path: str, **asked: Any) -> Any:
    return (await openai_response(rig, path, **asked)).json()


async def openai_response(rig: Rig, path: str, **asked: Any) -> Any:
    more = {"model": "acme/web/network", "lmos": {"anonymizationEntities": [ENTITY]}}
    headers = {"x-turn-id": "t1", "x-conversation-id": "c1"}
    return await rig.http.post(path, json=asked | more, headers=headers)


DOORS: dict[str, Callable[[Rig, list[Any]], Awaitable[Told]]] = {
    "REST": rest,
    "server-sent events": events,
    "GraphQL": graphql,
    "chat completions": chat_completion,
    "responses": response,
}


@pytest.mark.parametrize("door", DOORS)
async def test_words_history_and_entities_go_to_the_agent_and_its_own_come_back(rig: Rig, door: str) -> None:
    rig.agents.answers("network", ANSWER)

    told = await DOORS[door](rig, SAID)

    assert told == COMES_BACK
    sent = rig.agents.asked[-1].request
    assert [(each.role, each.content) for each in sent.messages] == [
        (each["role"], each["content"]) for each in SAID
    ]
    assert sent.conversation_context.anonymization_entities == (AnonymizationEntity(**ENTITY),)


@pytest.mark.parametrize("door", ["REST", "server-sent events", "GraphQL"])
async def test_binary_data_goes_to_the_agent(rig: Rig, door: str) -> None:
    rig.agents.answers("network", ANSWER)

    await DOORS[door](rig, [*SAID[:2], SAID[2] | {"binaryData": [PICTURE, BILL, STREAM]}])

    assert files_of(rig.agents.asked[-1].request.messages[-1]) == [PICTURE, BILL, STREAM]


def files_of(message: Message) -> list[dict[str, Any]]:
    return [each.to_wire() for each in message.binary_data or ()]


@pytest.mark.parametrize(
    ("path", "field", "part"),
    [
        ("/v1/chat/completions", "messages", {"type": "image_url", "image_url": {"url": "data:,"}}),
        ("/v1/responses", "input", {"type": "input_image", "image_url": "data:,"}),
    ],
)
async def test_openais_doors_refuse_binary_data_rather_than_lose_it(
    rig: Rig, path: str, field: str, part: dict[str, Any]
) -> None:
    told = await openai(rig, path, **{field: [{"role": "user", "content": [part]}]})

    assert told["error"]["code"] == "unsupported_parameter"
    assert rig.agents.asked == []


async def told_by_rest(rig: Rig) -> Any:
    return (await post(rig, SAID)).json()["messages"]


async def told_by_events(rig: Rig) -> Any:
    return event_named("message", await post(rig, SAID, accept="text/event-stream"))["messages"]


async def told_again_by_events(rig: Rig) -> Any:
    await post(rig, SAID)
    again = await rig.http.get("/apis/v1/acme/chat/c1/turns/t1/events")
    return event_named("message", again)["messages"]


async def told_by_graphql(rig: Rig) -> Any:
    answer, _ = await subscribed(rig, query=QUERY)
    return result(answer)["messages"]


async def told_by_a_chat_completion(rig: Rig) -> Any:
    return (await openai(rig, "/v1/chat/completions", messages=SAID))["lmos"]["messages"]


async def told_by_a_streamed_chat_completion(rig: Rig) -> Any:
    streamed = await openai_response(rig, "/v1/chat/completions", messages=SAID, stream=True)
    *_, last, end, _ = streamed.text.split("\n\n")
    assert end == "data: [DONE]"
    return json.loads(last.removeprefix("data: "))["lmos"]["messages"]


async def told_by_a_response(rig: Rig) -> Any:
    return (await openai(rig, "/v1/responses", input=SAID))["lmos"]["messages"]


async def told_by_a_streamed_response(rig: Rig) -> Any:
    streamed = await openai_response(rig, "/v1/responses", input=SAID, stream=True)
    return event_named("response.completed", streamed)["response"]["lmos"]["messages"]


async def told_by_a_response_read_back(rig: Rig) -> Any:
    id_ = (await openai(rig, "/v1/responses", input=SAID))["id"]
    return (await rig.http.get(f"/v1/responses/{id_}")).json()["lmos"]["messages"]


async def told_by_a_turn_read_back(rig: Rig) -> Any:
    await post(rig, SAID)
    return (await rig.why())["messages"]


MESSAGES: dict[str, Callable[[Rig], Awaitable[Any]]] = {
    "REST": told_by_rest,
    "server-sent events": told_by_events,
    "server-sent events, again": told_again_by_events,
    "GraphQL": told_by_graphql,
    "chat completion": told_by_a_chat_completion,
    "chat completion, streamed": told_by_a_streamed_chat_completion,
    "response": told_by_a_response,
    "response, streamed": told_by_a_streamed_response,
    "response, read back": told_by_a_response_read_back,
    "Turn, read back": told_by_a_turn_read_back,
}


@pytest.mark.parametrize("door", MESSAGES)
async def test_messages_come_back_as_the_agent_sent_them(rig: Rig, door: str) -> None:
    rig.agents.answers("network", says(*PICTURED))

    assert await MESSAGES[door](rig) == PICTURED


@pytest.mark.parametrize(
    ("sent", "content"),
    [
        ({"content": "here", "binaryData": [PICTURE]}, "here"),
        ({"content": "", "binaryData": [STREAM]}, ""),
        ({"content": '{"due": 42}', "format": "json"}, '{"due": 42}'),
    ],
)
async def test_an_answer_of_one_message_that_is_more_than_its_words_is_told_in_full(
    rig: Rig, sent: dict[str, Any], content: str
) -> None:
    rig.agents.answers("network", says({"role": "assistant", **sent}))

    told = (await post(rig, SAID)).json()

    assert told["content"] == content
    assert told["messages"][0].items() >= sent.items()


@pytest.mark.parametrize("type_", [AgentResultType.MESSAGE, AgentResultType.ERROR])
async def test_a_plain_answer_is_told_by_its_words_alone(rig: Rig, type_: AgentResultType) -> None:
    plain = {"role": "assistant", "content": "All is well.", "turnId": "t1"}
    rig.agents.answers("network", says(plain, type_=type_))

    assert (await post(rig, SAID)).json() == {"content": "All is well.", "anonymizationEntities": None}
    assert (await rig.why())["messages"] == []


async def test_an_answer_that_was_kept_before_there_were_messages_is_read_back(rig: Rig) -> None:
    answer = {"content": "42 euros", "anonymizationEntities": []}
    decision = {"agent": "billing", "stage": "vector", "reason": "It fits."}
    await keep(rig.store, replace(answered(record()), answer=answer, decision=decision))

    turn = await rig.why()
    again = await rig.http.get("/apis/v1/acme/chat/c1/turns/t1/events")
    response = await rig.http.get(f"/v1/responses/{response_id(TurnName('acme', 'c1', 't1'))}")

    assert (turn["answer"], turn["messages"]) == ("42 euros", [])
    assert event_named("message", again) == answer
    assert response.json()["output"][0]["content"][0]["text"] == "42 euros"


async def test_a_page_of_turns_names_files_without_their_bytes(rig: Rig) -> None:
    rig.agents.answers("network", says(*PICTURED))
    await post(rig, SAID)

    page = (await rig.http.get("/apis/v1/acme/conversations/c1")).json()

    files = [each["binaryData"] for each in page["turns"][0]["messages"]]
    assert files == [[PICTURE | {"dataAsBase64": None}], [BILL]]


async def test_of_earlier_turns_an_agent_hears_the_words(rig: Rig) -> None:
    rig.agents.answers("billing", says(*PICTURED))
    await rig.ask("show it")
    await rig.ask("and now?", turn="t2")

    (asked, answer, _) = rig.agents.asked[-1].request.messages
    assert (asked.content, answer.content) == ("show it", "Like this:")
    assert answer.binary_data is None


REMARK = says(*PICTURED[:1], type_=AgentResultType.INTERMEDIATE_MESSAGE).model_copy(
    update={"anonymization_entities": ANSWER.anonymization_entities}
)


async def remarked_by_events(rig: Rig) -> Any:
    told = event_named("message.intermediate", await post(rig, SAID, accept="text/event-stream"))
    assert told["content"] == "Like this:"
    return told["messages"], told["anonymizationEntities"]


async def remarked_by_graphql(rig: Rig) -> Any:
    remark, _, _ = await subscribed(rig, query=QUERY)
    return result(remark)["messages"], result(remark)["anonymizationEntities"]


@pytest.mark.parametrize("remarked", [remarked_by_events, remarked_by_graphql])
async def test_a_remark_on_the_way_brings_its_files_and_entities(
    rig: Rig, remarked: Callable[[Rig], Awaitable[Any]]
) -> None:
    rig.agents.answers("network", REMARK, ANSWER)

    assert await remarked(rig) == (PICTURED[:1], COMES_BACK[1])


async def test_remarks_are_not_kept(rig: Rig) -> None:
    rig.agents.answers("network", REMARK, "All is well.")
    await post(rig, SAID)

    again = await rig.http.get("/apis/v1/acme/chat/c1/turns/t1/events")

    assert "message.intermediate" not in again.text
    assert (await rig.why())["messages"] == []
