from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from lmos.arc import Agent, Capability, Turn
from lmos.arc.errors import HandlerFailed, InvalidAgent, NothingAsked, UnknownRole
from lmos.arc.testing import ask
from lmos.core.conversation import Message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BILL = ["how much is my bill", "show me the invoice of last month", "wie hoch ist meine Rechnung"]
PAY = ["I want to pay my bill", "pay by direct debit", "Rechnung per Lastschrift bezahlen"]


def billing() -> Agent:
    agent = Agent("billing-agent", description="Answers questions about bills", channels=["web"])

    @agent.capability("view-bill", version="1.2.0", description="Shows a bill", examples=BILL)
    async def view_bill(turn: Turn) -> str:
        month = turn.memory["month"] = turn.memory.get("month", 6) - 1
        return f"bill of month {month}"

    @agent.capability("pay-bill", examples=PAY)
    def pay_bill(_turn: Turn) -> str:
        return "paid"

    return agent


async def test_an_agent_answers_in_a_dozen_lines() -> None:
    reply = await ask(billing(), "how much is my bill?")

    assert reply.text == "bill of month 5"
    assert reply.capability == "view-bill"


@pytest.mark.parametrize(
    ("text", "capability"),
    [
        ("How much is my bill this time?", "view-bill"),
        ("Wie hoch ist denn meine Rechnung?", "view-bill"),
        ("pay it by direct debit please", "pay-bill"),
        ("Meine Rechnung bezahlen", "pay-bill"),
        ("xyzzy", "view-bill"),
    ],
)
async def test_without_a_router_the_closest_capability_answers(text: str, capability: str) -> None:
    assert (await ask(billing(), text)).capability == capability


async def test_the_capability_that_the_router_chose_answers_whatever_the_words() -> None:
    assert (await ask(billing(), "how much is my bill", capability="pay-bill")).text == "paid"


async def test_a_capability_that_the_agent_does_not_have_is_no_choice() -> None:
    assert (await ask(billing(), "how much is my bill", capability="fly")).capability == "view-bill"


async def test_a_follow_up_stays_with_its_capability_and_its_memory() -> None:
    agent = billing()
    await ask(agent, "I want to pay my bill")
    await ask(agent, "how much is my bill")

    reply = await ask(agent, "and the one before?")

    assert (reply.capability, reply.text) == ("view-bill", "bill of month 4")


async def test_conversations_and_tenants_do_not_share_a_memory() -> None:
    agent = billing()
    texts = [
        (await ask(agent, "how much is my bill", conversation=conversation, tenant=tenant)).text
        for conversation, tenant in [("c1", "acme"), ("c2", "acme"), ("c1", "globex"), ("c1", "acme")]
    ]

    assert texts == ["bill of month 5", "bill of month 5", "bill of month 5", "bill of month 4"]


async def test_the_agents_own_handler_answers_what_no_capability_does() -> None:
    agent = billing()

    @agent.handler
    async def anything(turn: Turn) -> str:
        return f"no idea about {turn.text}"

    assert (await ask(agent, "what a lovely day")).text == "no idea about what a lovely day"
    assert (await ask(agent, "what a lovely day")).capability is None


async def test_declared_capabilities_are_answered_by_the_handler() -> None:
    agent = Agent("faq-agent", capabilities=[Capability("opening-hours", examples=("when do you open",))])

    @agent.handler
    def anything(turn: Turn) -> str:
        return turn.capability.name if turn.capability else "?"

    assert (await ask(agent, "when do you open?")).text == "opening-hours"


async def test_a_generator_is_one_answer_unless_the_caller_streams() -> None:
    agent = Agent("poet")

    @agent.handler
    async def verses(_turn: Turn) -> AsyncIterator[str]:
        for piece in ("roses ", "are ", "red"):
            yield piece

    quiet = await ask(agent, "sing")
    streamed = await ask(agent, "sing", streaming=True)

    assert [result.type for result in quiet.results] == ["MESSAGE"]
    assert streamed.pieces == ("roses ", "are ", "red")
    assert quiet.text == streamed.text == "roses are red"


@pytest.mark.parametrize("blocking", [True, False])
async def test_remarks_reach_only_callers_that_stream_and_come_before_the_answer(blocking: bool) -> None:
    agent = Agent("slow-agent")

    def look_up(turn: Turn) -> str:
        turn.emit("One moment ...")
        turn.emit("Still looking ...")
        return "found"

    async def look_up_too(turn: Turn) -> str:
        return look_up(turn)

    agent.handler(look_up if blocking else look_up_too)

    assert (await ask(agent, "where?")).remarks == ()
    assert (await ask(agent, "where?", streaming=True)).remarks == ("One moment ...", "Still looking ...")


async def test_events_have_no_messages_and_come_only_on_request() -> None:
    agent = Agent("chatty")

    @agent.handler
    async def answer(turn: Turn) -> str:
        turn.event("Looked", '{"at": 1}')
        return "ok"

    told = await ask(agent, "hi", enableEventing="true")

    assert len((await ask(agent, "hi")).results) == 1
    assert told.results[0].to_wire() | {"responseTime": 0} == {
        "status": None,
        "responseTime": 0,
        "messages": [],
        "anonymizationEntities": None,
        "context": [{"key": "eventType", "value": "Looked"}, {"key": "eventData", "value": '{"at": 1}'}],
        "toolCalls": None,
        "type": "EVENT",
    }


async def test_a_turn_tells_who_asks_and_what_came_before() -> None:
    agent, seen = Agent("curious"), []

    @agent.handler
    async def look(turn: Turn) -> str:
        seen.append((turn.text, turn.tenant, turn.channel, turn.user, turn.language, turn.conversation))
        return " | ".join(message.content for message in turn.history)

    history = [Message(role="user", content="hello"), Message(role="assistant", content="hi")]
    reply = await ask(agent, "and now?", history=history, channelId="web", language="de")

    assert reply.text == "hello | hi"
    assert seen == [("and now?", "acme", "web", "tester", "de", "test")]


@pytest.mark.parametrize("answer", [7, None, ["text"]])
async def test_a_handler_that_answers_with_anything_but_text_has_failed(answer: object) -> None:
    agent = Agent("wrong-agent")
    agent.handler(lambda _turn: answer)  # type: ignore[type-var] # that is the point

    with pytest.raises(HandlerFailed):
        await ask(agent, "hi")


async def test_a_failing_handler_is_logged_and_its_words_stay_inside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    agent = Agent("billing-agent")

    @agent.handler
    async def fail(_turn: Turn) -> str:
        raise ValueError("password hunter2 is wrong")

    with pytest.raises(HandlerFailed) as caught:
        await ask(agent, "hi")

    assert caught.value.message == "Agent billing-agent failed!"
    assert "hunter2" in caplog.text
    assert "Traceback" in caplog.text


async def test_blocking_handlers_do_not_hold_up_other_turns() -> None:
    agent = Agent("blocking-agent")
    loop, both = asyncio.get_running_loop(), asyncio.Barrier(2)

    @agent.handler
    def wait(_turn: Turn) -> str:
        asyncio.run_coroutine_threadsafe(both.wait(), loop).result(timeout=5)
        return "met"

    replies = await asyncio.gather(ask(agent, "one"), ask(agent, "two"))

    assert [reply.text for reply in replies] == ["met", "met"]


@pytest.mark.parametrize(
    ("messages", "error"),
    [
        ((), NothingAsked),
        ((Message(role="assistant", content="x"),), NothingAsked),
        ((Message(role="developer", content="x"), Message(role="user", content="y")), UnknownRole),
    ],
)
async def test_a_history_that_makes_no_sense_is_refused(
    messages: tuple[Message, ...], error: type[Exception]
) -> None:
    from lmos.arc.answering import answer  # noqa: PLC0415 - the only test below the public door
    from lmos.core.conversation import AgentRequest, ConversationContext  # noqa: PLC0415 - as above

    request = AgentRequest(messages=messages, conversation_context=ConversationContext(conversation_id="c"))
    with pytest.raises(error):
        [result async for result in answer(billing(), request)]


@pytest.mark.parametrize("name", ["", "Billing", "billing agent", "a/b", "-a", "a-", "ä", "a" * 64, "a\x00"])
def test_an_agents_name_can_be_a_deployments(name: str) -> None:
    with pytest.raises(InvalidAgent, match="cannot be called"):
        Agent(name)


@pytest.mark.parametrize(
    ("name", "version", "says"),
    [
        ("", "1.0.0", "called"),
        ("a\nb", "1.0.0", "called"),
        ("a", "one", "version 'one'"),
        ("a", "", "version"),
    ],
)
def test_a_capability_without_a_name_or_version_is_refused(name: str, version: str, says: str) -> None:
    with pytest.raises(InvalidAgent, match=says):
        Capability(name, version)


def test_a_capability_is_declared_once() -> None:
    with pytest.raises(InvalidAgent, match="'view-bill' twice"):
        billing().capability("view-bill")


def test_a_list_of_examples_is_no_text() -> None:
    with pytest.raises(InvalidAgent, match="examples is 'how much'"):
        Agent("a").capability("b", examples="how much")
