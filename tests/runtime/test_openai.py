"""The doors in OpenAI's shape: chat completions, responses, models."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.conversation import AnonymizationEntity, message_result
from lmos.ports.agents import AgentFailed, AgentLost, AgentTimeout, AgentUnavailable
from tests.runtime.rig import Rig, routing
from tests.runtime.test_agent_answers import PIECES, REMARK

if TYPE_CHECKING:
    import httpx2

    from lmos.core.errors import LmosError

CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"
JSON_TYPE = {"content-type": "application/json"}
BOTH = pytest.mark.parametrize("path", [CHAT, RESPONSES])


async def post(
    rig: Rig, path: str = CHAT, text: str = "hello", *, headers: dict[str, str] | None = None, **more: Any
) -> httpx2.Response:
    """One message to the Agent `billing`, unless another model is named."""
    said = {"input": text} if path == RESPONSES else {"messages": [{"role": "user", "content": text}]}
    body = {"model": "acme/web/billing", **said, **more}
    return await rig.http.post(path, json=body, headers=headers or {})


def events(response: httpx2.Response) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in response.text.split("\n") if line.startswith("data: ")]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def error(response: httpx2.Response) -> Any:
    return response.json()["error"]


async def test_a_chat_completion_is_the_agents_answer(rig: Rig) -> None:
    response = await post(rig, headers={"x-turn-id": "t1", "x-conversation-id": "c1"})

    answer = response.json()
    assert response.status_code == 200
    assert (answer["object"], answer["id"], answer["model"]) == (
        "chat.completion",
        "chatcmpl-t1",
        "acme/web/billing",
    )
    assert answer["choices"][0]["message"]["content"] == "42 euros"
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert answer["lmos"] == {
        "conversation": "c1",
        "turn": "t1",
        "agent": "billing",
        "stage": "explicit",
        "reason": "The request names this Agent.",
        "anonymizationEntities": None,
    }
    assert (response.headers["x-turn-id"], response.headers["x-conversation-id"]) == ("t1", "c1")
    assert (await rig.why())["answer"] == "42 euros"


async def test_a_response_is_the_agents_answer(rig: Rig) -> None:
    answer = (await post(rig, RESPONSES, metadata={"a": "b"})).json()

    assert (answer["object"], answer["status"]) == ("response", "completed")
    assert answer["output"][0]["content"][0]["text"] == "42 euros"
    assert (answer["metadata"], answer["lmos"]["agent"]) == ({"a": "b"}, "billing")


@BOTH
async def test_the_router_chooses_among_the_agents_of_a_channel(rig: Rig, path: str) -> None:
    answer = (await post(rig, path, "there is no signal", model="acme/web")).json()

    assert (answer["lmos"]["agent"], answer["lmos"]["stage"]) == ("network", "vector")


async def test_earlier_messages_are_the_history_and_system_messages_go_beside_them(rig: Rig) -> None:
    said = [("system", "Be brief."), ("user", "hi"), ("assistant", "Hello!"), ("user", "how much is it")]

    await post(rig, messages=[{"role": role, "content": content} for role, content in said])

    request = rig.agents.asked[-1].request
    assert rig.heard() == ["hi", "Hello!", "how much is it"]
    assert {entry.key: entry.value for entry in request.system_context}["instructions"] == "Be brief."


async def test_anonymized_entities_go_to_the_agent_and_come_back(rig: Rig) -> None:
    entity = {"type": "NAME", "value": "Bob", "replacement": "P1"}
    told = message_result("Hello P1").model_copy(
        update={"anonymization_entities": (AnonymizationEntity(**entity),)}
    )
    rig.agents.answers("billing", told)

    answer = (await post(rig, lmos={"anonymizationEntities": [entity]})).json()

    assert rig.agents.asked[-1].request.conversation_context.anonymization_entities
    assert answer["lmos"]["anonymizationEntities"] == [entity]


async def test_a_streamed_chat_completion_tells_every_piece_and_ends(rig: Rig) -> None:
    rig.agents.answers("billing", REMARK, *PIECES, "42 euros")

    response = await post(rig, stream=True)

    *chunks, end = events(response)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert [chunk["choices"][0]["delta"].get("content") for chunk in chunks] == [
        "",
        None,
        "42 ",
        "euros",
        None,
    ]
    assert (chunks[0]["lmos"]["agent"], chunks[1]["lmos"]) == ("billing", {"remark": "Let me see."})
    assert (chunks[-1]["choices"][0]["finish_reason"], end) == ("stop", "[DONE]")


async def test_a_streamed_response_tells_every_piece_and_ends(rig: Rig) -> None:
    rig.agents.answers("billing", REMARK, *PIECES, "42 euros")

    told = events(await post(rig, RESPONSES, stream=True))

    assert [event["type"] for event in told] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


@BOTH
async def test_a_stream_that_breaks_off_ends_with_the_error(rig: Rig, path: str) -> None:
    rig.agents.fails("billing", AgentFailed("It failed.", hint="See its log."), after=(PIECES[0],))

    last = events(await post(rig, path, stream=True))[-1]

    failed = last["response"]["error"] if path == RESPONSES else last["error"]
    assert failed["message"] == "It failed."


@BOTH
@pytest.mark.parametrize("is_streamed", [False, True])
async def test_a_turn_that_is_sent_again_is_asked_once(rig: Rig, path: str, is_streamed: bool) -> None:
    first, again = [
        await post(rig, path, stream=is_streamed, headers={"idempotency-key": "k1"}) for _ in range(2)
    ]

    assert len(rig.agents.asked) == 1
    assert first.headers["x-turn-id"] == again.headers["x-turn-id"] == "k1"
    assert first.text == again.text


@BOTH
async def test_the_same_turn_through_another_door_is_asked_once(rig: Rig, path: str) -> None:
    await rig.ask("hello")

    answer = await post(rig, path, headers={"x-turn-id": "t1", "x-conversation-id": "c1"})

    assert answer.json()["lmos"]["turn"] == "t1"
    assert len(rig.agents.asked) == 1


@BOTH
async def test_strangers_share_nothing(rig: Rig, path: str) -> None:
    keys = [{}, {}, {"authorization": "Bearer one"}, {"authorization": "Bearer two"}]
    answers = [await post(rig, path, headers=key) for key in keys]
    same_id = [await post(rig, path, headers={**key, "x-turn-id": "t1"}) for key in keys[2:]]

    conversations = {answer.json()["lmos"]["conversation"] for answer in (*answers, *same_id)}
    assert len(conversations) == len(rig.agents.asked) == 6
    assert all(rig.heard(number) == ["hello"] for number in range(6))


async def test_a_turn_whose_id_another_message_has_is_told_so(rig: Rig) -> None:
    headers = {"x-conversation-id": "c1", "x-turn-id": "t1"}
    one, two = [await post(rig, text=text, headers=headers) for text in ("one", "two")]

    assert [answer.headers.get("x-turn-id-reused") for answer in (one, two)] == [None, "true"]


async def test_a_named_conversation_is_remembered(rig: Rig) -> None:
    await post(rig, text="one", headers={"x-conversation-id": "c1"})
    await post(rig, text="two", headers={"x-conversation-id": "c1"})

    assert rig.heard() == ["one", "42 euros", "two"]


async def test_a_response_continues_the_one_it_names(rig: Rig) -> None:
    first = (await post(rig, RESPONSES, "one")).json()
    second = (await post(rig, RESPONSES, "two", previous_response_id=first["id"])).json()

    assert rig.heard() == ["one", "42 euros", "two"]
    assert second["previous_response_id"] == first["id"]
    assert second["lmos"]["conversation"] == first["lmos"]["conversation"]


@pytest.mark.parametrize("tenant", ["acme", "other"])
async def test_a_response_that_is_not_the_tenants_cannot_be_continued(rig: Rig, tenant: str) -> None:
    await rig.serve(routing("billing", tenant="other"))
    first = (await post(rig, RESPONSES, model="other/web/billing")).json()["id"]
    named = "resp_nobodys" if tenant == "other" else first

    refused = await post(rig, RESPONSES, model=f"{tenant}/web/billing", previous_response_id=named)

    assert refused.status_code == 400
    assert error(refused)["code"] == "previous_response_not_found"
    assert error(refused)["param"] == "previous_response_id"


@BOTH
@pytest.mark.parametrize("model", ["acme/nowhere", "nobody/web", "acme/web/nobody", "gpt-4o"])
@pytest.mark.parametrize("is_streamed", [False, True])
async def test_an_unknown_model_is_not_found(rig: Rig, path: str, model: str, is_streamed: bool) -> None:
    refused = await post(rig, path, model=model, stream=is_streamed)

    assert refused.status_code == 404
    told = error(refused)
    assert (told["type"], told["code"], told["param"]) == (
        "invalid_request_error",
        "model_not_found",
        "model",
    )


@BOTH
@pytest.mark.parametrize(
    ("failure", "status", "retry"),
    [
        (AgentFailed("It failed."), 502, "false"),
        (AgentTimeout("It is slow."), 504, "false"),
        (AgentLost("The line broke."), 502, "false"),
        (AgentUnavailable("It is away.", retry_after_seconds=7), 503, "true"),
    ],
)
async def test_clients_repeat_by_themselves_only_what_no_agent_has_begun(
    rig: Rig, path: str, failure: LmosError, status: int, retry: str
) -> None:
    rig.agents.fails("billing", failure)

    refused = await post(rig, path)

    assert (refused.status_code, refused.headers["x-should-retry"]) == (status, retry)
    assert ("retry-after" in refused.headers) == isinstance(failure, AgentUnavailable)
    told = error(refused)
    assert (told["type"], told["code"], told["message"]) == ("server_error", failure.code, failure.message)


@BOTH
@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"tools": [{"type": "function"}]}, 400, "unsupported_parameter"),
        ({"stream": "so"}, 400, "ParameterInvalid"),
        ({"model": "a\u0000/web"}, 400, "InvalidTurn"),
    ],
)
async def test_a_bad_request_is_refused_in_openais_shape(
    rig: Rig, path: str, changed: dict[str, Any], status: int, code: str
) -> None:
    refused = await post(rig, path, **changed)

    assert (refused.status_code, error(refused)["code"]) == (status, code)
    assert error(refused)["type"] == "invalid_request_error"
    assert not rig.agents.asked


@BOTH
@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        ("{", {}, 400),
        ("{}", {"content-type": "text/plain"}, 415),
        ("{}", {"content-encoding": "gzip"}, 415),
        (" " * 5_000_000, {}, 413),
    ],
)
async def test_a_body_that_is_no_request_is_refused(
    rig: Rig, path: str, content: str, headers: dict[str, str], status: int
) -> None:
    refused = await rig.http.post(path, content=content, headers={**JSON_TYPE, **headers})

    assert refused.status_code == status
    assert error(refused)["message"]


@BOTH
async def test_only_post_is_understood(rig: Rig, path: str) -> None:
    refused = await rig.http.get(path)

    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert error(refused)["code"] == "MethodNotAllowed"


async def test_channels_and_their_agents_are_listed_as_models(rig: Rig) -> None:
    await rig.serve(routing("billing", tenant="other", subset="canary"))

    listed = (await rig.http.get("/v1/models")).json()

    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]] == [
        "acme/web",
        "acme/web/billing",
        "acme/web/network",
    ]
    assert {model["owned_by"] for model in listed["data"]} == {"acme"}


@pytest.mark.parametrize("name", ["acme/web", "acme%2Fweb", "acme%2Fweb%2Fbilling"])
async def test_a_model_is_found_by_its_name_however_its_slashes_are_written(rig: Rig, name: str) -> None:
    found = await rig.http.get(f"/v1/models/{name}")

    assert (found.status_code, found.json()["id"]) == (200, name.replace("%2F", "/"))


@pytest.mark.parametrize("name", ["acme", "acme/nowhere", "acme/web/nobody", "..%2F..%2Fhealth"])
async def test_a_model_that_is_not_there_is_not_found(rig: Rig, name: str) -> None:
    refused = await rig.http.get(f"/v1/models/{name}")

    assert (refused.status_code, error(refused)["code"]) == (404, "model_not_found")


async def test_every_schema_that_the_openapi_document_names_is_in_it(rig: Rig) -> None:
    text = (await rig.http.get("/openapi.json")).text

    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert {"ChatRequest", "ResponsesRequest", "OpenAiError"} <= named
    assert named <= set(json.loads(text)["components"]["schemas"])
