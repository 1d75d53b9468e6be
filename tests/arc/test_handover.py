"""An Agent that leaves a Turn to another one, alone and behind the runtime."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from lmos.arc import Agent, Turn
from lmos.arc.testing import ask, served
from lmos.core.resources import Address
from tests.adapters.agents.wayward import asking
from tests.runtime.rig import Rig, routing, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def handing(name: str, to: str) -> Agent:
    """An Agent that leaves every Turn to another one."""
    agent = Agent(name, channels=["web"])

    @agent.handler
    async def answer(turn: Turn) -> str:
        turn.hand_over(to)
        return "One moment."

    return agent


def answering(name: str) -> Agent:
    agent = Agent(name, channels=["web"])

    @agent.handler
    def answer(turn: Turn) -> str:
        return f"{name} knows about {turn.text}"

    return agent


async def test_a_handler_leaves_its_turn_to_another_agent() -> None:
    reply = await ask(handing("billing", to="network"), "my line is dead")

    assert reply.handed_to == "network"
    assert reply.results[-1].status == "AGENT_HANDOVER[network]"


async def test_a_generator_and_a_plain_function_may_do_so_too() -> None:
    agent = Agent("billing", channels=["web"])

    @agent.capability("stream")
    async def stream(turn: Turn) -> AsyncIterator[str]:
        yield "I will"
        turn.hand_over("network")

    @agent.capability("block")
    def block(turn: Turn) -> str:
        turn.hand_over("network")
        return ""

    for capability in ("stream", "block"):
        assert (await ask(agent, "hello", capability=capability)).handed_to == "network"


async def test_an_answer_has_no_such_status() -> None:
    reply = await ask(answering("network"), "hello")

    assert (reply.handed_to, reply.results[-1].status) == (None, None)


@asynccontextmanager
async def behind_the_runtime(*agents: Agent) -> AsyncIterator[Rig]:
    """Agents on sockets of their own, and a runtime whose Channel they serve."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(asking())
        rig = await stack.enter_async_context(running())
        for each in agents:
            address = Address("127.0.0.1", await stack.enter_async_context(served(each)))
            rig.agents.plays(each.name, partial(client.ask, address))
        await rig.serve(routing(*(each.name for each in agents)))
        yield rig


async def test_the_runtime_asks_the_agent_that_is_named() -> None:
    async with behind_the_runtime(handing("billing", to="network"), answering("network")) as rig:
        answer = await rig.ask("my line is dead")
        why = await rig.why()

    assert answer.json()["content"] == "network knows about my line is dead"
    assert answer.headers["x-lmos-agent"] == "network"
    assert why["decision"]["handed_over_by"] == ["billing"]


@pytest.mark.parametrize(("agents", "status"), [(4, 200), (5, 502)])
async def test_three_hand_overs_are_followed_and_no_more(agents: int, status: int) -> None:
    names = ["billing", *(f"agent-{number}" for number in range(1, agents))]
    chain = [handing(name, to) for name, to in pairwise(names)]
    async with behind_the_runtime(*chain, answering(names[-1])) as rig:
        answer = await rig.ask("hello")

    assert answer.status_code == status
    assert answer.json().get("code") == (None if status == 200 else "HandOverFailed")
