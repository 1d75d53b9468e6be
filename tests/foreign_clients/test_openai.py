"""The official Python client of OpenAI, unmodified, against the runtime."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import openai
import pytest

from lmos.core.conversation import BinaryData, Message, message_result
from lmos.core.protocols.openai import TurnName, response_id
from lmos.ports.agents import AgentFailed, AgentUnavailable
from lmos.testing.waiting import eventually
from tests.runtime.doors import served
from tests.runtime.rig import BILLS, FAULTS, Rig, agent, routing, running
from tests.runtime.test_agent_answers import PIECES, REMARK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from openai.types.chat import ChatCompletionMessageParam

    from lmos.core.conversation import AgentRequest, AgentResult

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "hello"}]
BILLING = "acme/web/billing"


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with running() as rig:
        rig.agents.answers("billing", REMARK, *PIECES, "42 euros")
        rig.agents.answers("network", "All is well")
        await rig.serve(
            agent("billing", "billing", "1.0.0", *BILLS),
            agent("network", "network", "1.0.0", *FAULTS),
            routing("billing", "network"),
        )
        yield rig


@pytest.fixture
async def url(rig: Rig) -> AsyncIterator[str]:
    async with served(rig) as url:
        yield f"{url}/v1"


@pytest.fixture
async def client(url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=url, api_key="none") as client:
        yield client


async def test_a_chat_completion(client: openai.AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(
        model="acme/web", messages=[{"role": "user", "content": "how much is my bill"}], temperature=0
    )

    assert answer.choices[0].message.content == "42 euros"
    assert answer.usage
    assert answer.usage.total_tokens == 0
    assert answer.model_extra
    assert answer.model_extra["lmos"]["agent"] == "billing"


async def test_what_a_completion_has_no_place_for_is_beside_it(client: openai.AsyncOpenAI, rig: Rig) -> None:
    picture = BinaryData(mime_type="image/png", data_as_base64="iVBORw0KGgo=")
    drawn = Message(role="assistant", content="Like this:", binary_data=(picture,))
    rig.agents.answers("billing", message_result("").model_copy(update={"messages": (drawn,)}))

    answer = await client.chat.completions.create(model=BILLING, messages=HELLO)

    assert answer.choices[0].message.content == "Like this:"
    assert answer.model_extra
    assert answer.model_extra["lmos"]["messages"] == [drawn.to_wire()]


async def test_a_streamed_chat_completion(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model=BILLING, messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]

    said = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert said == ["42 ", "euros"]
    assert chunks[-1].usage


async def test_the_clients_own_assembly_of_a_streamed_chat_completion(client: openai.AsyncOpenAI) -> None:
    async with client.chat.completions.stream(model=BILLING, messages=HELLO) as stream:
        answer = await stream.get_final_completion()

    assert answer.choices[0].message.content == "42 euros"
    assert answer.choices[0].finish_reason == "stop"


async def test_a_response_and_the_next(client: openai.AsyncOpenAI, rig: Rig) -> None:
    first = await client.responses.create(model=BILLING, input="one", metadata={"a": "b"})
    second = await client.responses.create(model=BILLING, input="two", previous_response_id=first.id)

    assert (first.output_text, first.status, first.metadata) == ("42 euros", "completed", {"a": "b"})
    assert second.previous_response_id == first.id
    assert rig.heard() == ["one", "42 euros", "two"]


async def test_a_response_is_read_back(client: openai.AsyncOpenAI) -> None:
    asked = await client.responses.create(model="acme/web", input="how much is my bill")

    again = await client.responses.retrieve(asked.id)

    assert (again.id, again.output_text, again.status) == (asked.id, "42 euros", "completed")
    assert (again.model, again.created_at) == ("acme/web", asked.created_at)
    assert again.model_extra == asked.model_extra


async def test_a_response_that_failed_is_read_back_as_that(client: openai.AsyncOpenAI, rig: Rig) -> None:
    rig.agents.fails("billing", AgentFailed("It failed."))
    headers = {"x-turn-id": "t1", "x-conversation-id": "c1"}
    with pytest.raises(openai.InternalServerError):
        await client.responses.create(model=BILLING, input="hello", extra_headers=headers)

    again = await client.responses.retrieve(response_id(TurnName("acme", "c1", "t1")))

    assert again.status == "failed"
    assert again.error
    assert again.error.message == "It failed."


async def test_a_response_under_way_and_one_that_was_cancelled(client: openai.AsyncOpenAI, rig: Rig) -> None:
    async def script(_request: AgentRequest) -> AsyncIterator[AgentResult]:
        await asyncio.Event().wait()
        yield message_result("never")

    rig.agents.plays("billing", script)
    headers = {"x-turn-id": "t1", "x-conversation-id": "c1"}
    asking = asyncio.create_task(
        client.responses.create(model=BILLING, input="hello", extra_headers=headers, timeout=20)
    )
    await eventually(lambda: rig.agents.asked)
    id_ = response_id(TurnName("acme", "c1", "t1"))

    under_way = await client.responses.retrieve(id_)
    await rig.turns.cancel("acme", "c1", "t1")
    cancelled = await client.responses.retrieve(id_)
    with pytest.raises(openai.ConflictError):
        await asking

    assert (under_way.status, cancelled.status) == ("in_progress", "cancelled")
    assert under_way.output_text == cancelled.output_text == ""


@pytest.mark.parametrize("id_", ["resp_unknown", "chatcmpl-1", response_id(TurnName("acme", "c1", "t1"))])
async def test_a_response_that_is_not_kept_is_the_clients_own_error(
    client: openai.AsyncOpenAI, id_: str
) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await client.responses.retrieve(id_)

    assert caught.value.code == "response_not_found"


async def test_another_tenant_cannot_go_on_from_a_response(client: openai.AsyncOpenAI) -> None:
    first = await client.responses.create(model=BILLING, input="one")

    with pytest.raises(openai.BadRequestError) as caught:
        await client.responses.create(model="globex/web", input="two", previous_response_id=first.id)

    assert caught.value.code == "previous_response_not_found"


async def test_the_clients_own_assembly_of_a_streamed_response(client: openai.AsyncOpenAI) -> None:
    async with client.responses.stream(model=BILLING, input="hello") as stream:
        deltas = [event.delta async for event in stream if event.type == "response.output_text.delta"]
        answer = await stream.get_final_response()

    assert deltas == ["42 ", "euros"]
    assert answer.output_text == "42 euros"
    assert answer.usage


async def test_models(client: openai.AsyncOpenAI) -> None:
    listed = [model.id async for model in await client.models.list()]
    one = await client.models.retrieve("acme/web/billing")

    assert listed == ["acme/web", "acme/web/billing", "acme/web/network"]
    assert (one.id, one.owned_by) == ("acme/web/billing", "acme")


async def test_an_unknown_model_is_the_clients_own_error(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await client.chat.completions.create(model="gpt-4o", messages=HELLO)

    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


async def test_what_cannot_be_done_is_the_clients_own_error(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.chat.completions.create(model=BILLING, messages=HELLO, n=2)

    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "n")


async def test_a_turn_that_failed_at_its_agent_is_not_repeated(client: openai.AsyncOpenAI, rig: Rig) -> None:
    rig.agents.fails("billing", AgentFailed("It failed."))

    with pytest.raises(openai.InternalServerError) as caught:
        await client.chat.completions.create(model=BILLING, messages=HELLO)

    assert caught.value.status_code == 502
    assert len(rig.agents.asked) == 1


async def test_a_turn_that_no_agent_has_begun_is_repeated_until_one_answers(
    client: openai.AsyncOpenAI, rig: Rig
) -> None:
    async def script(_request: AgentRequest) -> AsyncIterator[AgentResult]:
        if len(rig.agents.asked) == 1:
            raise AgentUnavailable("It is away.", retry_after_seconds=0.5)
        yield message_result("42 euros")

    rig.agents.plays("billing", script)

    answer = await client.chat.completions.create(model=BILLING, messages=HELLO)

    assert answer.choices[0].message.content == "42 euros"
    assert len(rig.agents.asked) == 2


async def test_a_stream_that_breaks_off_is_the_clients_own_error(
    client: openai.AsyncOpenAI, rig: Rig
) -> None:
    rig.agents.fails("billing", AgentFailed("It failed."), after=(PIECES[0],))

    stream = await client.chat.completions.create(model=BILLING, messages=HELLO, stream=True)
    said: list[str] = []

    async def listen() -> None:
        async for chunk in stream:
            said.extend(choice.delta.content for choice in chunk.choices if choice.delta.content)

    with pytest.raises(openai.APIError, match="It failed"):
        await listen()
    assert said == ["42 "]


async def test_a_turn_with_an_id_is_asked_once(client: openai.AsyncOpenAI, rig: Rig) -> None:
    headers = {"x-turn-id": "t1"}

    answers = [
        await client.chat.completions.create(model=BILLING, messages=HELLO, extra_headers=headers)
        for _ in range(2)
    ]

    assert answers[0] == answers[1]
    assert len(rig.agents.asked) == 1


async def test_a_client_that_leaves_a_stream_does_not_end_its_turn(
    client: openai.AsyncOpenAI, rig: Rig
) -> None:
    goes_on = asyncio.Event()

    async def script(_request: AgentRequest) -> AsyncIterator[AgentResult]:
        yield PIECES[0]
        await goes_on.wait()
        yield message_result("42 euros")

    rig.agents.plays("billing", script)
    headers = {"x-turn-id": "t1", "x-conversation-id": "c1"}
    stream = await client.chat.completions.create(
        model=BILLING, messages=HELLO, stream=True, extra_headers=headers
    )
    await anext(stream.__aiter__())
    await stream.close()
    goes_on.set()

    again = await client.chat.completions.create(model=BILLING, messages=HELLO, extra_headers=headers)

    assert again.choices[0].message.content == "42 euros"
    assert len(rig.agents.asked) == 1


async def test_without_an_event_loop(url: str) -> None:
    def ask() -> tuple[str | None, ...]:
        with openai.OpenAI(base_url=url, api_key="none") as client:
            whole = client.chat.completions.create(model=BILLING, messages=HELLO)
            stream = client.chat.completions.create(model=BILLING, messages=HELLO, stream=True)
            pieces = [chunk.choices[0].delta.content or "" for chunk in stream]
            response = client.responses.create(model=BILLING, input="hello")
            names = [model.id for model in client.models.list()]
            return whole.choices[0].message.content, "".join(pieces), response.output_text, names[0]

    assert await asyncio.to_thread(ask) == ("42 euros", "42 euros", "42 euros", "acme/web")
