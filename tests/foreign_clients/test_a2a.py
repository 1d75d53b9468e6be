"""The official Python client of A2A, unmodified, against the runtime."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from a2a.client import Client, ClientConfig, create_client
from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
    SubscribeToTaskRequest,
    TaskState,
)
from a2a.utils.errors import (
    InvalidParamsError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from google.protobuf.json_format import MessageToDict

from lmos.adapters.agents import ProtocolAgentClient
from lmos.core import conversation
from lmos.core.conversation import (
    ASSISTANT,
    USER,
    AgentResult,
    AgentResultType,
    BinaryData,
    message_result,
)
from lmos.core.protocols.a2a import EXTENSION
from lmos.core.resources.endpoint import A2A_JSONRPC, Address
from lmos.ports.agents import AgentUnavailable
from tests.adapters.agents.wayward import request
from tests.runtime.doors import served
from tests.runtime.rig import BILLS, FAULTS, Rig, agent, routing, running
from tests.runtime.test_agent_answers import PIECES, REMARK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.conversation import AgentRequest

BILL = "how much is my bill"
COMPLETED, FAILED, CANCELED, WORKING = (
    TaskState.TASK_STATE_COMPLETED,
    TaskState.TASK_STATE_FAILED,
    TaskState.TASK_STATE_CANCELED,
    TaskState.TASK_STATE_WORKING,
)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with running() as rig:
        rig.agents.answers("billing", REMARK, *PIECES, "42 euros")
        rig.agents.answers("network", message_result("Sorry", type_=AgentResultType.ERROR))
        await rig.serve(
            agent("billing", "billing", "1.0.0", *BILLS),
            agent("network", "network", "1.0.0", *FAULTS),
            routing("billing", "network"),
        )
        yield rig


@pytest.fixture
async def url(rig: Rig) -> AsyncIterator[str]:
    async with served(rig) as url:
        yield f"{url}/a2a/acme/web"


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    async with await create_client(url) as client:
        yield client


@pytest.fixture
async def whole(url: str) -> AsyncIterator[Client]:
    """A client that does not stream."""
    async with await create_client(url, ClientConfig(streaming=False)) as client:
        yield client


def sending(text: str, *, id_: str = "m1", context: str = "c1", **more: Any) -> SendMessageRequest:
    message = Message(
        message_id=id_, context_id=context, role=Role.ROLE_USER, parts=[Part(text=text)], **more
    )
    return SendMessageRequest(message=message)


async def heard(client: Client, asked: SendMessageRequest) -> list[dict[str, Any]]:
    return [MessageToDict(event) async for event in client.send_message(asked)]


async def test_a_channel_is_an_agent_whose_skills_are_its_capabilities(client: Client, url: str) -> None:
    card = MessageToDict(client._card)  # type: ignore[attr-defined]  # noqa: SLF001 - the client shows it nowhere else

    assert card["name"] == "acme/web"
    assert card["version"] == "1.2.3"
    assert card["supportedInterfaces"] == [
        {"url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
    ]
    assert [(skill["id"], skill["tags"], len(skill["examples"])) for skill in card["skills"]] == [
        ("billing", ["billing"], len(BILLS)),
        ("network", ["network"], len(FAULTS)),
    ]


async def test_a_message_is_a_turn_and_its_answer_a_tasks_artifact(whole: Client, rig: Rig) -> None:
    [event] = await heard(whole, sending(BILL))

    task = event["task"]
    assert (task["id"], task["contextId"]) == ("c1/m1", "c1")
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert task["artifacts"][0]["parts"] == [{"text": "42 euros", "mediaType": "text/plain"}]
    assert task["metadata"][EXTENSION]["agent"] == "billing"
    assert (await rig.why("m1"))["question"] == BILL


async def test_a_streamed_answer_comes_in_pieces(client: Client) -> None:
    task, remark, *pieces, end = await heard(client, sending(BILL))

    assert task["task"]["status"]["state"] == "TASK_STATE_WORKING"
    assert remark["statusUpdate"]["status"]["message"]["parts"] == [
        {"text": "Let me see.", "mediaType": "text/plain"}
    ]
    chunks = [piece["artifactUpdate"] for piece in pieces]
    assert [chunk["artifact"]["parts"][0]["text"] for chunk in chunks] == ["42 ", "euros"]
    assert [chunk.get("append", False) for chunk in chunks] == [False, True]
    assert end["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_the_same_message_again_asks_the_agent_once(client: Client, whole: Client, rig: Rig) -> None:
    await asyncio.gather(*(heard(whole, sending(BILL)) for _ in range(3)))
    again = await heard(client, sending(BILL))

    assert len(rig.agents.asked) == 1
    assert again[1]["artifactUpdate"]["artifact"]["parts"][0]["text"] == "42 euros"


async def test_messages_of_a_context_are_one_conversation(whole: Client, rig: Rig) -> None:
    [first] = await heard(whole, sending(BILL, context=""))
    [again] = await heard(whole, sending(BILL, context=""))
    await heard(whole, sending("and why?", id_="m2", context=first["task"]["contextId"]))

    assert first["task"]["contextId"] == again["task"]["contextId"]
    assert rig.heard() == [BILL, "42 euros", "and why?"]


async def test_what_goes_with_a_turn_stands_under_the_extension(whole: Client, rig: Rig) -> None:
    jane = {"type": "PERSON", "value": "Jane", "replacement": "P1"}
    told = {
        "userId": "u7",
        "userProfile": {"plan": "gold"},
        "systemContext": {"tariff": "M", "tenantId": "other"},
        "anonymizationEntities": [jane],
    }
    await heard(whole, sending(BILL, metadata={EXTENSION: told}))

    asked = rig.agents.asked[0].request
    assert asked.user_context.user_id == "u7"
    assert asked.user_context.profile[0].value == "gold"
    assert [entry.value for entry in asked.system_context if entry.key in {"tariff", "tenantId"}] == [
        "M",
        "acme",
    ]
    assert asked.conversation_context.anonymization_entities
    assert asked.conversation_context.anonymization_entities[0].to_wire() == jane


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_a_failure_is_a_task_that_failed_with_the_code_and_the_hint(
    client: Client, whole: Client, rig: Rig, is_streamed: bool
) -> None:
    rig.agents.fails("billing", AgentUnavailable("It is away.", hint="Look for it."))

    *_, last = await heard(client if is_streamed else whole, sending(BILL))

    task = last["statusUpdate"] if is_streamed else last["task"]
    assert task["status"]["state"] == "TASK_STATE_FAILED"
    assert task["status"]["message"]["parts"] == [{"text": "It is away.", "mediaType": "text/plain"}]
    assert task["metadata"][EXTENSION] == {
        "code": "AgentUnavailable",
        "hint": "Look for it.",
        "retryAfterSeconds": 5,
    }


async def test_an_agents_words_of_regret_are_those_of_a_failed_task(whole: Client) -> None:
    [event] = await heard(whole, sending("my internet is down"))

    assert event["task"]["status"]["state"] == "TASK_STATE_FAILED"
    assert event["task"]["status"]["message"]["parts"] == [{"text": "Sorry", "mediaType": "text/plain"}]


async def test_a_task_is_read_back_and_followed_and_cancelled(client: Client, rig: Rig) -> None:
    asked, stopped = asyncio.Event(), asyncio.Event()

    async def wait(_asked: AgentRequest) -> AsyncIterator[AgentResult]:
        try:
            asked.set()
            await asyncio.Event().wait()
            yield message_result("never")
        finally:
            stopped.set()

    rig.agents.plays("billing", wait)
    streaming = asyncio.create_task(heard(client, sending(BILL)))
    await asked.wait()

    assert (await client.get_task(GetTaskRequest(id="c1/m1"))).status.state == WORKING
    following = client.subscribe(SubscribeToTaskRequest(id="c1/m1"))
    assert (await anext(following)).task.id == "c1/m1"
    assert (await client.cancel_task(CancelTaskRequest(id="c1/m1"))).status.state == CANCELED

    await asyncio.wait_for(stopped.wait(), 5)
    assert (await streaming)[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_CANCELED"
    assert [event async for event in following][-1].status_update.status.state == CANCELED
    with pytest.raises(TaskNotCancelableError):
        await client.cancel_task(CancelTaskRequest(id="c1/m1"))
    with pytest.raises(UnsupportedOperationError):
        await anext(client.subscribe(SubscribeToTaskRequest(id="c1/m1")))


@pytest.mark.parametrize("id_", ["c1/m1", "nonsense", "other/m1"])
async def test_a_task_that_there_is_not_is_not_found(client: Client, id_: str) -> None:
    with pytest.raises(TaskNotFoundError):
        await client.get_task(GetTaskRequest(id=id_))


@pytest.mark.parametrize(
    "asked", [sending(BILL, id_="a/b"), sending(BILL, id_=""), sending(BILL, context="a/b")]
)
async def test_a_message_whose_names_cannot_be_used_is_refused(
    whole: Client, asked: SendMessageRequest
) -> None:
    with pytest.raises(InvalidParamsError):
        await heard(whole, asked)


async def test_a_message_to_an_answered_task_is_refused(whole: Client) -> None:
    with pytest.raises(UnsupportedOperationError):
        await heard(whole, sending(BILL, task_id="c1/m0"))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", -32700),
        ("[]", -32600),
        ('{"jsonrpc": "1.0", "method": "GetTask"}', -32600),
        ('{"jsonrpc": "2.0", "method": "GetTask", "params": []}', -32600),
        ('{"jsonrpc": "2.0", "method": "ListTasks"}', -32601),
        ('{"jsonrpc": "2.0", "method": "GetTask"}', -32602),
        ('{"jsonrpc": "2.0", "method": "SendMessage", "params": {"message": {"messageId": "m"}}}', None),
    ],
)
async def test_what_is_no_call_is_an_error_of_json_rpc(rig: Rig, body: str, code: int | None) -> None:
    response = await rig.http.post(
        "/a2a/acme/web", content=body, headers={"content-type": "application/json"}
    )

    assert response.status_code == 200
    assert response.json().get("error", {}).get("code") == code


async def test_another_version_of_a2a_is_refused(rig: Rig) -> None:
    call = {"jsonrpc": "2.0", "id": 7, "method": "GetTask", "params": {"id": "c1/m1"}}
    response = await rig.http.post("/a2a/acme/web", json=call, headers={"a2a-version": "0.3"})

    assert (response.json()["id"], response.json()["error"]["code"]) == (7, -32009)


async def test_there_is_no_card_of_a_channel_that_there_is_not(rig: Rig) -> None:
    response = await rig.http.get("/a2a/acme/fax/.well-known/agent-card.json")

    assert response.status_code == 404
    assert orjson.loads(response.content)["code"] == "NoRoutingInfo"


async def asked_as_an_agent(url: str, asked: AgentRequest) -> list[AgentResult]:
    """What another runtime hears that asks this one."""
    address = url.removeprefix("http://")
    host, _, port = address.partition("/")[0].partition(":")
    there = Address(host, int(port), path="/a2a/acme/web", protocol=A2A_JSONRPC)
    asking = ProtocolAgentClient()
    try:
        return [result async for result in asking.ask(there, asked)]
    finally:
        await asking.aclose()


async def test_one_runtime_can_be_an_agent_of_another(url: str) -> None:
    answers = await asked_as_an_agent(url, request(BILL))

    assert [result.text for result in answers] == ["Let me see.", "42 ", "euros", "42 euros"]


async def test_messages_and_files_go_through_two_runtimes(url: str, rig: Rig) -> None:
    picture = BinaryData(mime_type="image/png", data_as_base64="iVBORw0KGgo=")
    bill = BinaryData(mime_type="application/pdf", source="https://files.example/bill.pdf")
    messages = (
        said_by(ASSISTANT, "Like this:", picture),
        said_by(ASSISTANT, "", bill),
        said_by(ASSISTANT, "Anything else?"),
    )
    rig.agents.answers("billing", *PIECES, AgentResult(messages=messages, type=AgentResultType.MESSAGE))
    asked = request(BILL).model_copy(update={"messages": (said_by(USER, BILL, picture),)})

    *_, answer = await asked_as_an_agent(url, asked)

    assert rig.agents.asked[-1].request.messages[-1].binary_data == (picture,)
    told = [(each.content, each.binary_data) for each in answer.messages]
    assert told == [(each.content, each.binary_data) for each in messages]


def said_by(role: str, content: str, *files: BinaryData) -> conversation.Message:
    return conversation.Message(role=role, content=content, binary_data=files or None)
