"""Turns: claimed once, in order, seen through to their end whoever listens, and kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.conversation import AgentResultType, message_result
from lmos.ports.agents import AgentFailed, AgentLost, AgentUnavailable
from lmos.ports.store import StoreUnavailable
from lmos.runtime.running import Answered, Failed, RunningTurn
from lmos.testing.cluster import memory_cluster
from lmos.testing.store import MemoryStore
from lmos.testing.waiting import eventually
from tests.runtime.rig import Rig, body, message, routing, runtime_over

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.conversation import AgentRequest, AgentResult
    from lmos.core.errors import LmosError


class SlowAgent:
    """Says what it was asked, once it is let go; `begun` tells which questions it has heard."""

    def __init__(self, rig: Rig, host: str = "billing") -> None:
        self.begun: list[str] = []
        self.may_answer = asyncio.Event()
        rig.agents.plays(host, self._answer)

    async def _answer(self, request: AgentRequest) -> AsyncIterator[AgentResult]:
        text = request.messages[-1].content
        self.begun.append(text)
        await self.may_answer.wait()
        yield message_result(f"about {text}")


async def answer(running: RunningTurn) -> str:
    outcome = await asyncio.wait_for(running.outcome(), 5)
    assert isinstance(outcome, Answered)
    return outcome.message.content


async def failure(running: RunningTurn) -> str:
    outcome = await asyncio.wait_for(running.outcome(), 5)
    assert isinstance(outcome, Failed)
    return outcome.failure.code


async def test_the_same_turn_from_two_doors_at_once_asks_the_agent_once(rig: Rig) -> None:
    agent = SlowAgent(rig)
    rest, sse = asyncio.create_task(rig.ask("hello")), asyncio.create_task(rig.events("hello"))
    await eventually(lambda: agent.begun)

    agent.may_answer.set()

    assert (await rest).json()["content"] == "about hello"
    assert [event.name for event in await sse] == ["turn.started", "message", "turn.finished"]
    assert agent.begun == ["hello"]


async def test_a_turn_that_was_answered_is_told_again_without_asking(rig: Rig) -> None:
    first = await rig.ask("hello")
    rig.agents.answers("billing", "something else")

    again = await rig.ask("hello")

    assert (again.status_code, again.json(), again.headers["x-lmos-agent"]) == (200, first.json(), "billing")
    assert len(rig.agents.asked) == 1
    assert [event.name for event in await rig.events("hello")] == ["turn.started", "message", "turn.finished"]


async def test_the_same_id_with_another_message_is_a_new_turn(rig: Rig) -> None:
    agent = SlowAgent(rig)
    agent.may_answer.set()
    assert (await rig.ask("first", turn="constant")).json()["content"] == "about first"
    assert (await rig.ask("second", turn="constant")).json()["content"] == "about second"


@pytest.mark.parametrize("other", [{"conversation": "c2"}, {"tenant": "globex"}])
async def test_the_same_id_in_another_conversation_or_tenant_is_another_turn(
    rig: Rig, other: dict[str, Any]
) -> None:
    await rig.serve(routing("billing", tenant="globex"))
    await rig.ask("hello")

    await rig.ask("hello", **other)

    assert len(rig.agents.asked) == 2


async def test_turns_of_one_conversation_run_in_the_order_in_which_they_came(rig: Rig) -> None:
    agent = SlowAgent(rig)
    taken = [rig.turns.take(rig.asked(f"question {number}", turn=f"t{number}")) for number in range(4)]
    await eventually(lambda: agent.begun)
    assert agent.begun == ["question 0"]

    agent.may_answer.set()
    await asyncio.gather(*map(answer, taken))

    assert agent.begun == ["question 0", "question 1", "question 2", "question 3"]
    assert rig.heard() == [
        said for number in range(3) for said in (f"question {number}", f"about question {number}")
    ] + ["question 3"]


async def test_turns_of_two_conversations_run_side_by_side(rig: Rig) -> None:
    agent = SlowAgent(rig)
    taken = [rig.turns.take(rig.asked("hello", conversation=name)) for name in ("c1", "c2")]

    await eventually(lambda: len(agent.begun) == 2)

    agent.may_answer.set()
    await asyncio.gather(*map(answer, taken))


async def test_a_turn_that_fails_does_not_hold_up_the_next(rig: Rig) -> None:
    rig.agents.fails("billing", AgentFailed("It failed."))
    taken = [rig.turns.take(rig.asked("hello", turn=turn)) for turn in ("t1", "t2")]

    assert [await failure(each) for each in taken] == ["AgentFailed", "AgentFailed"]


async def test_a_listener_who_comes_late_hears_everything(rig: Rig) -> None:
    running = rig.turns.take(rig.asked())
    await running.outcome()

    numbers = [number async for number, _ in running.listen()]

    assert numbers == [1, 2, 3]


async def test_a_turn_goes_on_when_its_listener_leaves_and_its_answer_is_kept(rig: Rig) -> None:
    agent = SlowAgent(rig)
    client = asyncio.create_task(rig.ask("hello"))
    await eventually(lambda: agent.begun)

    client.cancel()
    await asyncio.wait([client])
    agent.may_answer.set()
    await eventually(lambda: not len(rig.turns))

    assert (await rig.why())["answer"] == "about hello"
    assert (await rig.ask("hello")).json()["content"] == "about hello"
    assert agent.begun == ["hello"]


async def test_a_stream_that_nobody_reads_any_more_does_not_end_its_turn(rig: Rig) -> None:
    agent = SlowAgent(rig)
    leaves = asyncio.create_task(rig.events("hello"))
    await eventually(lambda: agent.begun)

    leaves.cancel()
    await asyncio.wait([leaves])
    agent.may_answer.set()
    await eventually(lambda: not len(rig.turns))

    assert (await rig.why())["status"] == "answered"


async def test_nothing_is_left_of_turns_that_are_over(rig: Rig) -> None:
    await asyncio.gather(*(rig.ask(f"question {number}", turn=f"t{number}") for number in range(20)))
    await eventually(lambda: not len(rig.turns))

    assert len(rig.agents.asked) == 20


async def test_a_failed_turn_is_kept_with_its_decision(rig: Rig) -> None:
    rig.agents.fails("billing", AgentFailed("It failed.", hint="See its log."))

    await rig.ask()

    why = await rig.why()
    assert (why["status"], why["error"], why["agent"]) == ("failed", "AgentFailed", "billing")
    assert why["failure"]["message"] == "It failed."
    assert why["decision"]["stage"] == "explicit"


async def test_a_turn_that_failed_after_an_agent_was_asked_fails_again_in_the_same_words(rig: Rig) -> None:
    rig.agents.fails("billing", AgentFailed("It failed.", hint="See its log."))
    first = await rig.ask()
    rig.agents.answers("billing", "42 euros")

    again = await rig.ask()

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert len(rig.agents.asked) == 1


@pytest.mark.parametrize(
    ("error", "answers"),
    [
        (AgentUnavailable("Nobody is there."), True),
        (AgentLost("The line broke."), False),
        (AgentFailed("It failed."), False),
    ],
)
async def test_only_a_turn_that_no_agent_has_begun_is_taken_up_when_it_is_sent_again(
    rig: Rig, error: LmosError, answers: bool
) -> None:
    rig.agents.fails("billing", error)
    assert (await rig.ask()).json()["code"] == error.code
    rig.agents.answers("billing", "42 euros")

    again = await rig.ask()

    assert again.is_success is answers
    assert (await rig.why())["status"] == ("answered" if answers else "failed")


async def test_a_turn_that_came_before_its_channel_is_taken_up_when_it_is_sent_again(bare: Rig) -> None:
    assert (await bare.ask()).status_code == 404
    bare.agents.answers("billing", "42 euros")
    await bare.serve(routing("billing"))

    assert (await bare.ask()).json()["content"] == "42 euros"


async def test_a_turn_that_cannot_be_written_down_is_not_begun(rig: Rig) -> None:
    rig.store.broken = StoreUnavailable("The disk is full.", hint="Make room.")
    refused = await asyncio.gather(rig.ask(), rig.ask())

    assert {(each.status_code, each.json()["code"]) for each in refused} == {(503, "StoreUnavailable")}
    assert refused[0].headers["retry-after"] == "5"
    assert rig.agents.asked == []

    rig.store.broken = None
    assert (await rig.ask()).json()["content"] == "42 euros"


async def test_an_answer_that_cannot_be_kept_is_not_given(rig: Rig) -> None:
    agent = SlowAgent(rig)
    asking = asyncio.create_task(rig.ask())
    await eventually(lambda: agent.begun)

    rig.store.broken = StoreUnavailable("The disk is full.", hint="Make room.")
    agent.may_answer.set()
    assert (await asking).json()["code"] == "StoreUnavailable"

    rig.store.broken = None
    assert (await rig.ask()).json()["code"] == "TurnInterrupted"
    assert agent.begun == ["hello"]


async def test_a_mistake_of_ours_ends_the_turn_and_is_told_to_nobody_but_the_log(rig: Rig) -> None:
    async def breaks(_request: AgentRequest) -> AsyncIterator[AgentResult]:
        yield message_result("...", type_=AgentResultType.INTERMEDIATE_MESSAGE)
        raise ValueError("a secret")

    rig.agents.plays("billing", breaks)

    response = await rig.ask()

    assert (response.status_code, response.json()["code"]) == (500, "InternalFailure")
    assert "secret" not in response.text
    assert (await rig.why())["error"] == "InternalFailure"


async def test_a_runtime_that_stops_interrupts_its_turns_and_says_so(rig: Rig) -> None:
    agent = SlowAgent(rig)
    running, waiting = (rig.turns.take(rig.asked("hello", turn=turn)) for turn in ("t1", "t2"))
    await eventually(lambda: agent.begun)
    late = rig.turns.take(rig.asked("hello", turn="t3"))

    await rig.turns.aclose()

    assert [await failure(each) for each in (running, waiting, late)] == ["TurnInterrupted"] * 3
    assert (await rig.why())["error"] == "TurnInterrupted"
    agent.may_answer.set()
    assert (await rig.ask(turn="t1")).status_code == 503
    assert (await rig.ask(turn="t2")).is_success  # it was still waiting, so nobody had begun it
    assert (await rig.ask(turn="t3")).is_success
    assert agent.begun == ["hello"] * 3


async def test_a_turn_that_was_under_way_when_the_runtime_was_killed_is_reported_as_interrupted() -> None:
    async with memory_cluster() as cluster:
        store = MemoryStore()
        async with runtime_over(cluster, store) as killed:
            await killed.serve(routing("billing"))
            agent = SlowAgent(killed)
            killed.turns.take(killed.asked("hello"))
            await eventually(lambda: agent.begun)
            store.broken = StoreUnavailable("A killed process writes nothing.")

        store.broken = None
        async with runtime_over(cluster, store) as restarted:
            restarted.agents.answers("billing", "42 euros")
            again, anew = await restarted.ask("hello"), await restarted.ask("hello", turn="t2")

    assert (again.status_code, again.json()["code"]) == (503, "TurnInterrupted")
    assert "another x-turn-id" in again.json()["hint"]
    assert anew.json()["content"] == "42 euros"


async def test_the_same_words_with_another_picture_are_another_message(rig: Rig) -> None:
    def with_picture(picture: str) -> dict[str, Any]:
        said = message("what is this") | {"binaryData": [{"mimeType": "image/png", "dataAsBase64": picture}]}
        return body(said, explicit="billing")

    for picture in ("QQ==", "Qg==", "QQ=="):
        await rig.post(with_picture(picture), headers={"x-turn-id": "t1"})

    assert len(rig.agents.asked) == 2
