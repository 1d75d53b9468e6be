"""Agents asked over A2A, both bindings, on a server of the official SDK."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from lmos.adapters.agents import Deadlines, Limits
from lmos.core.conversation import (
    AgentRequest,
    AgentResultType,
    AgentUserContext,
    BinaryData,
    ConversationContext,
    KeyValue,
    Message,
)
from lmos.core.protocols.a2a import EXTENSION
from lmos.core.resources.endpoint import A2A_HTTP_JSON, A2A_JSONRPC, Address
from lmos.ports.agents import AgentFailed, AgentTimeout
from tests.adapters.agents.a2a_agents import PROTOCOLS, Actor, acting, asking
from tests.adapters.agents.wayward import Replicas

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.adapters.agents import ProtocolAgentClient
    from lmos.core.conversation import AgentResult

MESSAGE, INTERMEDIATE, ERROR = (
    AgentResultType.MESSAGE,
    AgentResultType.INTERMEDIATE_MESSAGE,
    AgentResultType.ERROR,
)


def request(text: str, *files: BinaryData, conversation: str = "c1", turn: str = "t1") -> AgentRequest:
    system = {"tenantId": "acme", "channelId": "web", "turnId": turn, "streaming": "true", "tariff": "gold"}
    return AgentRequest(
        messages=(
            Message(role="user", content="earlier"),
            Message(role="assistant", content="well"),
            Message(role="user", content=text, binary_data=files or None),
        ),
        conversation_context=ConversationContext(conversation_id=conversation, turn_id=turn),
        system_context=tuple(KeyValue(key=key, value=value) for key, value in system.items()),
        user_context=AgentUserContext(
            user_id="u1", user_token="secret", profile=(KeyValue(key="age", value="7"),)
        ),
    )


async def results(client: ProtocolAgentClient, address: Address, text: str) -> list[AgentResult]:
    return [result async for result in client.ask(address, request(text))]


@pytest.fixture
async def actor() -> AsyncIterator[Actor]:
    async with acting() as actor:
        yield actor


@pytest.fixture(params=PROTOCOLS)
def address(actor: Actor, request: pytest.FixtureRequest) -> Address:
    return actor.address(request.param)


async def test_the_turn_is_a_message_and_the_rest_of_it_metadata_of_one_extension(
    actor: Actor, address: Address
) -> None:
    headers = {"x-subset": "canary", "traceparent": "00-aa-bb-01", "tracestate": "a=b"}
    picture = BinaryData(mime_type="image/png", data_as_base64="AAH/")
    async with asking() as client:
        async for _ in client.ask(address, request("hello", picture), headers=headers):
            pass
    [asked], [sent] = actor.asked, actor.headers

    assert asked["contextId"] == "acme:c1"
    assert asked["parts"] == [
        {"text": "hello", "mediaType": "text/plain"},
        {"raw": "AAH/", "mediaType": "image/png"},
    ]
    assert asked["extensions"] == [EXTENSION]
    assert asked["metadata"][EXTENSION] == {
        "tenantId": "acme",
        "channelId": "web",
        "conversationId": "c1",
        "turnId": "t1",
        "systemContext": {"tariff": "gold"},
        "userId": "u1",
        "userProfile": {"age": "7"},
        "history": [{"role": "user", "content": "earlier"}, {"role": "assistant", "content": "well"}],
    }
    assert headers.items() <= sent.items()
    assert sent["a2a-version"] == "1.0"
    assert sent["a2a-extensions"] == EXTENSION
    assert "secret" not in str(asked) + str(sent)


async def test_remarks_and_pieces_come_before_the_answer(address: Address) -> None:
    async with asking() as client:
        heard = await results(client, address, "streams")

    assert [(result.type, result.is_piece, result.text) for result in heard] == [
        (INTERMEDIATE, False, "thinking"),
        (INTERMEDIATE, True, "one "),
        (INTERMEDIATE, True, "two"),
        (MESSAGE, False, "one two"),
    ]
    assert heard[-1].messages[0].turn_id == "t1"


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_an_agent_that_does_not_stream_is_found_out_once_and_asked_for_whole_answers(
    protocol: str,
) -> None:
    async with acting(streaming=False) as actor, asking() as client:
        address = actor.address(protocol)
        heard = [await results(client, address, "streams") for _ in range(2)]

    assert [[result.text for result in each] for each in heard] == [["one two"], ["one two"]]
    assert len(actor.asked) == 2
    assert len(actor.paths) == 3


async def test_parts_are_one_message_with_files_beside_its_text(address: Address) -> None:
    async with asking() as client:
        [answer] = await results(client, address, "says")

    assert answer.type is MESSAGE
    assert answer.text == "one\ntwo"
    assert answer.messages[0].binary_data == (BinaryData(mime_type="image/png", data_as_base64="AP8="),)


@pytest.mark.parametrize(
    ("told", "kind"),
    [("asks back", MESSAGE), ("failed", ERROR), ("rejects", ERROR), ("wants a login", ERROR)],
)
async def test_the_last_words_of_a_task_answer_the_turn(
    address: Address, told: str, kind: AgentResultType
) -> None:
    async with asking() as client:
        heard = await results(client, address, told)

    assert [(result.type, result.text) for result in heard] == [(kind, f"It {told}.")]


@pytest.mark.parametrize("told", ["fails in silence", "breaks"])
async def test_a_task_that_fails_without_a_word_is_an_agent_that_failed(address: Address, told: str) -> None:
    async with asking() as client:
        with pytest.raises(AgentFailed) as caught:
            await results(client, address, told)

    assert caught.value.hint


async def test_turns_that_follow_each_other_share_a_connection(actor: Actor, address: Address) -> None:
    async with asking() as client:
        for _ in range(20):
            await results(client, address, "streams")

    # Now and then the next Turn is quicker than the end of the stream before it.
    assert len(set(actor.connections)) < 5


async def test_many_turns_at_once_get_each_their_own_answer(actor: Actor, address: Address) -> None:
    texts = [f"question {number}" for number in range(30)]
    async with asking() as client:
        heard = await asyncio.gather(*(results(client, address, text) for text in texts))

    assert [each[-1].text for each in heard] == texts
    assert len({asked["messageId"] for asked in actor.asked}) == 30


async def test_closing_the_iterator_cancels_the_task(actor: Actor, address: Address) -> None:
    async with asking() as client:
        async with aclosing(client.ask(address, request("waits"))) as answers:
            async for result in answers:
                assert result.text == "It waits."
                break
        await asyncio.wait_for(actor.cancelled.wait(), 5)

    assert len(actor.asked) == 1


async def test_cancelling_the_one_who_asks_cancels_the_task(actor: Actor, address: Address) -> None:
    heard = asyncio.Event()
    async with asking() as client:

        async def listen() -> None:
            async for _ in client.ask(address, request("waits")):
                heard.set()

        listening = asyncio.create_task(listen())
        await heard.wait()
        listening.cancel()
        await asyncio.wait_for(actor.cancelled.wait(), 5)


async def test_a_task_that_takes_too_long_has_timed_out_and_is_cancelled(
    actor: Actor, address: Address
) -> None:
    async with asking(deadlines=Deadlines(turn_seconds=0.5)) as client:
        with pytest.raises(AgentTimeout, match="did not finish"):
            await results(client, address, "waits")
        await asyncio.wait_for(actor.cancelled.wait(), 5)


async def test_an_event_that_is_too_long_is_not_read(address: Address) -> None:
    async with asking(limits=Limits(message_bytes=50_000)) as client:
        with pytest.raises(AgentFailed, match="more than 50000 bytes at once"):
            await results(client, address, "is large")
        assert (await results(client, address, "hello"))[-1].text == "hello"


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_replicas_take_turns_and_are_called_by_the_agents_name(protocol: str) -> None:
    async with (
        acting() as one,
        acting() as two,
        asking(book=Replicas(one.port, two.port)) as client,
    ):
        path = one.address(protocol).path
        for _ in range(6):
            await results(client, Address("billing", path=path, protocol=protocol), "hello")

    assert (len(one.asked), len(two.asked)) == (3, 3)
    assert {sent["host"] for sent in one.headers + two.headers} == {"billing:8080"}


async def test_the_agents_bindings_are_each_asked_in_their_own_way(actor: Actor) -> None:
    async with asking() as client:
        await results(client, actor.address(A2A_JSONRPC), "hello")
        await results(client, actor.address(A2A_HTTP_JSON), "hello")

    assert actor.paths == ["/a2a", "/rest/message:stream"]
