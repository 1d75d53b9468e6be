"""A language model behind an OpenAI-compatible API, whatever the API does."""

from __future__ import annotations

import gzip
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.conversation import Message
from lmos.ports.models import ModelUnavailable
from lmos.testing.clock import FrozenClock
from tests.adapters.language_model.scripted_server import HANG, completion, scripted_server

pytest.importorskip("pydantic_ai", reason="needs lmos[llm]")

from lmos.adapters.language_model import Dialect, Endpoint, PydanticAiModel
from lmos.adapters.language_model.pause import PAUSE_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.ports.models import ModelAnswer
    from tests.adapters.language_model.scripted_server import ScriptedServer

SCHEMA = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 20},
        "agentId": {"type": "string", "enum": ["billing", "none"]},
    },
    "required": ["reason", "agentId"],
    "additionalProperties": False,
}
GOOD = {"reason": "bills", "agentId": "billing"}
GOOD_ANSWER = completion(json.dumps(GOOD))
SECRET = "sk-very-secret"
WORDS = "my pin is 1234"
ENDPOINT = Endpoint("", "small-model", SECRET, timeout_seconds=30)


def said(content: str, role: str = "user") -> Message:
    return Message(role=role, content=content)


async def ask(model: PydanticAiModel) -> ModelAnswer:
    return await model.answer("Choose.", [said(WORDS)], SCHEMA)


@asynccontextmanager
async def model_at(
    server: ScriptedServer, clock: FrozenClock | None = None, **changes: Any
) -> AsyncIterator[PydanticAiModel]:
    model = PydanticAiModel(replace(ENDPOINT, url=server.url, **changes), clock or FrozenClock())
    try:
        yield model
    finally:
        await model.aclose()


async def test_an_answer_that_keeps_to_the_schema_is_given_with_its_tokens() -> None:
    async with scripted_server(GOOD_ANSWER) as server, model_at(server) as model:
        answer = await ask(model)

    assert (answer.content, answer.input_tokens, answer.output_tokens) == (GOOD, 100, 10)
    (asked,) = server.asked
    assert asked["messages"] == [
        {"role": "system", "content": "Choose."},
        {"role": "user", "content": WORDS},
    ]
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == ("small-model", 0.0, 2000)
    assert asked["stream"] is False
    assert server.headers[0]["authorization"] == f"bearer {SECRET}"


@pytest.mark.parametrize(
    ("dialect", "strict", "limit"),
    [(Dialect.SCHEMA, False, "max_tokens"), (Dialect.OPENAI, True, "max_completion_tokens")],
)
async def test_the_schema_is_told_as_the_server_wants_it(dialect: Dialect, strict: bool, limit: str) -> None:
    async with scripted_server(GOOD_ANSWER) as server, model_at(server, dialect=dialect) as model:
        await ask(model)

    wanted = server.asked[0]["response_format"]["json_schema"]
    assert wanted["schema"]["properties"]["agentId"]["enum"] == ["billing", "none"]
    assert wanted["strict"] is strict
    assert server.asked[0][limit] == 2000


async def test_a_server_without_schemas_is_given_a_tool() -> None:
    answer = completion(json.dumps(GOOD), tool="answer")
    async with scripted_server(answer) as server, model_at(server, dialect=Dialect.TOOL) as model:
        assert (await ask(model)).content == GOOD

    (tool,) = server.asked[0]["tools"]
    assert tool["function"]["parameters"]["properties"]["agentId"]["enum"] == ["billing", "none"]
    assert "response_format" not in server.asked[0]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("I think billing", "it is no JSON"),
        ('{"reason": "x", "agentId": "payroll"}', "agentId"),
        ('{"agentId": "billing"}', "reason"),
        ("[]", "object"),
        ("", "it is no JSON"),
    ],
)
async def test_an_answer_against_the_schema_is_sent_back_once_with_what_is_wrong(bad: str, told: str) -> None:
    async with scripted_server(completion(bad), GOOD_ANSWER) as server, model_at(server) as model:
        answer = await ask(model)

    assert (answer.content, answer.input_tokens, answer.output_tokens) == (GOOD, 200, 20)
    assert server.asked[1]["messages"][-1]["role"] == "user"
    assert told in server.asked[1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (completion("no"), "answered with something else than what was asked for, also when told so"),
        ((500, {"error": {"message": WORDS}}), "answered with status 500"),
        ((429, {"error": {"message": WORDS}}), "answered with status 429"),
        ((401, {"error": {"message": f"bad key {SECRET}"}}), "answered with status 401"),
        ({**GOOD_ANSWER, "choices": []}, "answered in a way that cannot be read"),
        ((200, "<html>"), "answered in a way that cannot be read"),
        ({"hello": WORDS}, "answered in a way that cannot be read"),
        (completion("x" * 2_000_000), "sent more than any answer needs"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(b"{}"), "sent more than any"),
        (b"", "cannot be reached"),
    ],
    ids=["twice bad", "500", "429", "401", "no choices", "html", "another API", "huge", "packed", "hangs up"],
)
async def test_what_went_wrong_is_said_without_quoting_anybody(answer: Any, why: str) -> None:
    async with scripted_server(answer) as server, model_at(server) as model:
        with pytest.raises(ModelUnavailable, match="The language model small-model") as caught:
            await ask(model)

    assert why in caught.value.message
    for quoted in (WORDS, SECRET):
        assert quoted not in caught.value.message + caught.value.hint + repr(model) + repr(ENDPOINT)


async def test_a_model_that_hangs_costs_its_deadline() -> None:
    async with scripted_server(HANG) as server, model_at(server, timeout_seconds=0.1) as model:
        with pytest.raises(ModelUnavailable, match=r"did not answer within 0\.1 s"):
            await ask(model)


async def test_the_deadline_is_for_the_repair_too() -> None:
    async with (
        scripted_server(completion("no"), HANG) as server,
        model_at(server, timeout_seconds=1.0) as model,
    ):
        with pytest.raises(ModelUnavailable, match="did not answer within"):
            await ask(model)

    assert len(server.asked) == 2


async def test_where_nobody_listens_nobody_can_be_reached() -> None:
    async with scripted_server(GOOD_ANSWER) as server:
        pass
    async with model_at(server) as model:
        with pytest.raises(ModelUnavailable, match="cannot be reached"):
            await ask(model)


async def test_an_endpoint_that_fails_three_times_in_a_row_is_left_alone_for_a_while() -> None:
    clock = FrozenClock()
    async with scripted_server((500, {})) as server, model_at(server, clock) as model:
        for _ in range(5):
            with pytest.raises(ModelUnavailable):
                await ask(model)
        assert len(server.asked) == 3

        clock.advance(PAUSE_SECONDS)
        server.answers_with(GOOD_ANSWER)
        assert (await ask(model)).content == GOOD
        assert (await ask(model)).content == GOOD


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with scripted_server(GOOD_ANSWER) as server, model_at(server) as model:
        assert (await ask(model)).content == GOOD


async def test_a_redirect_takes_the_key_nowhere() -> None:
    async with scripted_server(GOOD_ANSWER) as elsewhere:
        moved = f"HTTP/1.1 307 X\r\nlocation: {elsewhere.url}/chat/completions\r\ncontent-length: 0\r\n\r\n"
        async with scripted_server(moved.encode()) as server, model_at(server) as model:
            with pytest.raises(ModelUnavailable, match="status 307"):
                await ask(model)

    assert elsewhere.asked == []


async def test_the_oldest_messages_are_left_out_where_all_would_be_too_much() -> None:
    messages = [said(f"{number} " + "x" * 500, "assistant") for number in range(50)]
    async with scripted_server(GOOD_ANSWER) as server, model_at(server, token_budget=500) as model:
        await model.answer("Choose.", [*messages, said(WORDS), said("Now.", "system")], SCHEMA)

    contents = [message["content"] for message in server.asked[0]["messages"]]
    assert [content[:14] for content in contents] == [
        "Choose.",
        *(f"{number} {'x' * 11}" for number in (47, 48, 49)),
        WORDS,
        "Now.",
    ]
