"""What every AgentClient does: those over sockets, asking real Agents, and their scripted twin."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from a2a.types import Part

from lmos.adapters.agents import Deadlines, GraphQlAgentClient
from lmos.arc import Agent, Turn
from lmos.arc.testing import served
from lmos.core.conversation import (
    PIECE,
    AgentRequest,
    AgentResult,
    AgentResultType,
    AgentUserContext,
    ConversationContext,
    KeyValue,
    Message,
    message_result,
)
from lmos.core.protocols.a2a import EXTENSION
from lmos.core.resources.endpoint import A2A_HTTP_JSON, A2A_JSONRPC, Address
from lmos.ports.agents import AgentFailed, AgentTimeout, AgentUnavailable
from lmos.testing.agents import ScriptedAgents
from tests.adapters.agents.a2a_agents import Actor, acting, asking
from tests.adapters.agents.wayward import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from a2a.server.tasks import TaskUpdater

    from lmos.ports.agents import AgentClient


@dataclass
class Stage:
    """A client, a client without patience, and Agents that behave as they are told."""

    client: AgentClient
    hasty: AgentClient
    addresses: dict[str, Address] = field(default_factory=dict)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    def ask(self, behaviour: str, text: str = "hello") -> AsyncIterator[AgentResult]:
        if self.addresses:
            address = self.addresses.get(behaviour, self.addresses["agents"])
        else:
            address = Address(behaviour)
        client = self.hasty if behaviour == "is slow" else self.client
        return client.ask(address, request(behaviour, text), headers={"x-subset": "stable"})


def request(behaviour: str, text: str) -> AgentRequest:
    return AgentRequest(
        messages=(Message(role="user", content=text),),
        conversation_context=ConversationContext(conversation_id="c1", turn_id="t1"),
        system_context=(KeyValue(key="behaviour", value=behaviour), KeyValue(key="streaming", value="true")),
        user_context=AgentUserContext(user_id="u1", profile=(KeyValue(key="plan", value="gold"),)),
    )


def actor(cancelled: asyncio.Event) -> Agent:
    agent = Agent("actor")

    @agent.handler
    async def behave(turn: Turn) -> AsyncIterator[str]:
        match turn.system["behaviour"]:
            case "echoes":
                yield f"{turn.text} {turn.user} {turn.profile['plan']} {turn.conversation} {turn.id}"
            case "fails":
                raise ValueError("a secret")
            case "breaks off":
                yield "well, "
                raise ValueError("a secret")
            case "streams":
                yield "one "
                yield "two"
            case _:
                try:
                    yield "..."
                    await asyncio.Event().wait()
                finally:
                    cancelled.set()

    return agent


class A2aActor(Actor):
    """The same over A2A."""

    async def act(self, task: TaskUpdater, asked: dict[str, Any]) -> None:
        turn = asked["metadata"][EXTENSION]
        match turn["systemContext"]["behaviour"]:
            case "echoes":
                who = f"{turn['userId']} {turn['userProfile']['plan']}"
                said = f"{asked['parts'][0]['text']} {who} {turn['conversationId']} {turn['turnId']}"
                await task.add_artifact([Part(text=said)])
                await task.complete()
            case "fails":
                raise ValueError("a secret")
            case "breaks off":
                await task.add_artifact([Part(text="well, ")])
                raise ValueError("a secret")
            case "streams":
                await task.add_artifact([Part(text="one ")], artifact_id="a")
                await task.add_artifact([Part(text="two")], artifact_id="a", append=True)
                await task.complete()
            case _:
                await task.start_work(task.new_agent_message([Part(text="...")]))
                await asyncio.Event().wait()


@pytest.fixture
async def over_sockets() -> AsyncIterator[Stage]:
    client, hasty = GraphQlAgentClient(), GraphQlAgentClient(deadlines=Deadlines(turn_seconds=0.3))
    stage = Stage(client, hasty)
    async with served(actor(stage.cancelled)) as port:
        stage.addresses = {
            "agents": Address("127.0.0.1", port),
            "is nowhere": Address("127.0.0.1", free_port()),
        }
        yield stage
        await client.aclose()
        await hasty.aclose()


@asynccontextmanager
async def over_a2a(protocol: str) -> AsyncIterator[Stage]:
    nowhere = Address("127.0.0.1", free_port(), path="/", protocol=protocol)
    async with (
        acting(A2aActor()) as actor,
        asking() as client,
        asking(deadlines=Deadlines(turn_seconds=0.3)) as hasty,
    ):
        addresses = {"agents": actor.address(protocol), "is nowhere": nowhere}
        yield Stage(client, hasty, addresses, actor.cancelled)


@pytest.fixture
async def over_a2a_jsonrpc() -> AsyncIterator[Stage]:
    async with over_a2a(A2A_JSONRPC) as stage:
        yield stage


@pytest.fixture
async def over_a2a_http_json() -> AsyncIterator[Stage]:
    async with over_a2a(A2A_HTTP_JSON) as stage:
        yield stage


@pytest.fixture
async def scripted() -> Stage:
    agents = ScriptedAgents()
    stage = Stage(agents, agents)
    intermediate = AgentResultType.INTERMEDIATE_MESSAGE
    pieces = [message_result(text, type_=intermediate, context=(PIECE,)) for text in ("one ", "two")]
    failed = AgentFailed("It failed.", hint="See its log.")

    async def echo(asked: AgentRequest) -> AsyncIterator[AgentResult]:
        user, where = asked.user_context, asked.conversation_context
        said = asked.messages[-1].content, user.user_id, user.profile[0].value
        yield message_result(" ".join(map(str, (*said, where.conversation_id, where.turn_id))))

    async def wait(_asked: AgentRequest) -> AsyncIterator[AgentResult]:
        try:
            yield message_result("...", type_=intermediate)
            await asyncio.Event().wait()
        finally:
            stage.cancelled.set()

    agents.plays("echoes", echo)
    agents.plays("waits", wait)
    agents.answers("streams", *pieces, "one two")
    agents.fails("fails", failed)
    agents.fails("breaks off", failed, after=(pieces[0],))
    agents.fails("is slow", AgentTimeout("It took too long."), after=(pieces[0],))
    return stage


@pytest.fixture(params=["over_sockets", "over_a2a_jsonrpc", "over_a2a_http_json", "scripted"])
def stage(request: pytest.FixtureRequest) -> Stage:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Stage)
    return found


async def results(answers: AsyncIterator[AgentResult]) -> list[AgentResult]:
    return [result async for result in answers]


async def test_an_agent_hears_the_request_and_its_answer_comes_last(stage: Stage) -> None:
    answered = await results(stage.ask("echoes"))

    assert answered[-1].is_final
    assert answered[-1].text == "hello u1 gold c1 t1"


async def test_pieces_arrive_in_order_before_the_answer(stage: Stage) -> None:
    answered = await results(stage.ask("streams"))

    assert [result.text for result in answered] == ["one ", "two", "one two"]
    assert [result.is_final for result in answered] == [False, False, True]


async def test_many_turns_at_once_get_each_their_own_answer(stage: Stage) -> None:
    texts = [f"question {number}" for number in range(50)]

    answered = await asyncio.gather(*(results(stage.ask("echoes", text)) for text in texts))

    assert [each[-1].text for each in answered] == [f"{text} u1 gold c1 t1" for text in texts]


async def test_an_agent_that_fails_has_failed_and_tells_no_secrets(stage: Stage) -> None:
    with pytest.raises(AgentFailed) as caught:
        await results(stage.ask("fails"))

    assert "secret" not in caught.value.message
    assert caught.value.hint


async def test_an_agent_that_breaks_off_has_failed_after_what_it_said(stage: Stage) -> None:
    answers = stage.ask("breaks off")

    assert (await anext(answers)).text in {"well, ", "one "}
    with pytest.raises(AgentFailed):
        await anext(answers)


async def test_an_agent_that_is_not_there_is_unavailable(stage: Stage) -> None:
    with pytest.raises(AgentUnavailable) as caught:
        await results(stage.ask("is nowhere"))

    assert caught.value.hint
    assert caught.value.retry_after_seconds > 0


async def test_an_agent_that_does_not_finish_in_time_has_timed_out(stage: Stage) -> None:
    with pytest.raises(AgentTimeout):
        await results(stage.ask("is slow"))


async def test_closing_the_iterator_cancels_the_agents_work(stage: Stage) -> None:
    async with aclosing(stage.ask("waits")) as answers:  # type: ignore[type-var] # clients are async generators
        async for _ in answers:
            break

    await asyncio.wait_for(stage.cancelled.wait(), 5)


async def test_cancelling_the_one_who_asks_cancels_the_agents_work(stage: Stage) -> None:
    heard = asyncio.Event()

    async def listen() -> None:
        async for _ in stage.ask("waits"):
            heard.set()

    listening = asyncio.create_task(listen())
    await heard.wait()
    listening.cancel()

    await asyncio.wait_for(stage.cancelled.wait(), 5)
