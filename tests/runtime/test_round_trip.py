"""What a client sends besides its words reaches the Agent through every door, and the Agent's comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.conversation import AgentResult, AgentResultType, AnonymizationEntity, Message
from tests.runtime.rig import Rig, body
from tests.runtime.test_graphql import asked as subscribed
from tests.runtime.test_graphql import request, result

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ENTITY = {"type": "NAME", "value": "Bob", "replacement": "P1"}
PICTURE = {"mimeType": "image/png", "dataAsBase64": "iVBORw0KGgo=", "source": None}
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

Told = tuple[str, list[dict[str, str]]]


async def rest(rig: Rig, said: list[Any]) -> Told:
    told = (await post(rig, said)).json()
    return told["content"], told["anonymizationEntities"]


async def events(rig: Rig, said: list[Any]) -> Told:
    frames = (await post(rig, said, accept="text/event-stream")).text.split("\n\n")
    (answer,) = (frame for frame in frames if "event: message\n" in frame)
    told = json.loads(answer.split("data: ")[1])
    return told["content"], told["anonymizationEntities"]


async def post(rig: Rig, said: list[Any], **headers: str) -> Any:
    asked = body(*said, explicit="network", anonymizationEntities=[ENTITY])
    return await rig.post(asked, headers={"x-turn-id": "t1", **headers})


async def graphql(rig: Rig, said: list[Any]) -> Told:
    *_, answer, _ = await subscribed(rig, request() | {"messages": said})
    told = result(answer)
    return told["messages"][0]["content"], told["anonymizationEntities"]


async def chat_completion(rig: Rig, said: list[Any]) -> Told:
    told = await openai(rig, "/v1/chat/completions", messages=said)
    return told["choices"][0]["message"]["content"], told["lmos"]["anonymizationEntities"]


async def response(rig: Rig, said: list[Any]) -> Told:
    told = await openai(rig, "/v1/responses", input=said)
    return told["output"][0]["content"][0]["text"], told["lmos"]["anonymizationEntities"]


async def openai(rig: Rig, path: str, **asked: Any) -> Any:
    more = {"model": "acme/web/network", "lmos": {"anonymizationEntities": [ENTITY]}}
    return (await rig.http.post(path, json=asked | more)).json()


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

    await DOORS[door](
        rig, [*SAID[:2], SAID[2] | {"binaryData": [PICTURE, {**PICTURE, "source": "STREAM_SOURCE"}]}]
    )

    (picture, stream) = rig.agents.asked[-1].request.messages[-1].binary_data or ()
    assert picture.to_wire() == PICTURE
    assert stream.source == "STREAM_SOURCE"


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
