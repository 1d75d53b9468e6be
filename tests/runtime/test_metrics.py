"""What the runtime counts, for Prometheus."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import httpx2
import pytest

from lmos.adapters.kubernetes.inprocess import AsgiTransport
from lmos.core.conversation import message_result
from lmos.ports.agents import AgentTimeout
from lmos.runtime.families import Described, Histograms, summed
from lmos.runtime.http import management_app, runtime_app
from lmos.testing.clock import CountingIds
from lmos.testing.waiting import eventually
from tests.runtime.rig import routing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.conversation import AgentRequest, AgentResult
    from tests.runtime.rig import Rig


async def counted(rig: Rig, words: str) -> list[str]:
    """The lines that hold these words, once there are any."""

    async def look() -> list[str]:
        lines = (await rig.http.get("/metrics")).text.splitlines()
        return [line for line in lines if words in line and not line.startswith("#")]

    found: list[str] = await eventually(look)
    return found


async def test_turns_are_counted_by_where_they_went_and_how_they_ended(rig: Rig) -> None:
    rig.agents.answers("billing", "42 euros")
    for turn in ("t1", "t2"):
        await rig.ask("hello", turn=turn)
    await rig.ask("again", turn="t1")

    (line,) = await counted(rig, 'lmos_turns_total{agent="billing"')
    assert 'channel="web"' in line
    assert 'outcome="answered"' in line
    assert line.endswith(" 3.0")
    assert (await counted(rig, "lmos_turn_seconds_count"))[0].endswith(" 3.0")
    assert (await counted(rig, "lmos_turns_running"))[0].endswith(" 0.0")


async def test_what_a_client_makes_up_is_no_label(rig: Rig) -> None:
    for number in range(20):
        await rig.ask("hello", tenant=f"made-up-{number}", turn=f"t{number}")

    line, *_ = await counted(rig, 'error="NoRoutingInfo"')
    assert 'tenant=""' in line
    assert line.endswith(" 20.0")
    assert "made-up" not in (await rig.http.get("/metrics")).text


async def test_a_failed_turn_counts_with_its_code(rig: Rig) -> None:
    rig.agents.answers("network", "All is well")
    await rig.ask("hello", explicit="network", turn="t1")
    await rig.ask("hello", explicit="nobody", turn="t2")

    assert await counted(rig, 'error="AgentNotInRouting"')


async def test_no_words_of_users_are_told(rig: Rig) -> None:
    rig.agents.answers("billing", "your secret is safe")
    await rig.ask("my secret is 1234")
    await counted(rig, "lmos_turns_total")

    assert "secret" not in (await rig.http.get("/metrics")).text


async def test_every_label_is_that_of_a_channel_and_its_agent(rig: Rig) -> None:
    await rig.serve(routing("billing", subset="canary"))
    await rig.ask(turn="t1")
    await rig.ask(turn="t2", conversation="c2", headers={"x-subset": "canary"})

    for subset in ("stable", "canary"):
        place = f'agent="billing",channel="web",{{}}subset="{subset}",tenant="acme"'
        for name in ("lmos_turn_seconds_count", "lmos_ask_seconds_count", "lmos_first_piece_seconds_count"):
            outcome = 'outcome="answered",' if name.startswith("lmos_turn_") else ""
            assert await counted(rig, f"{name}{{{place.format(outcome)}}} 1.0")


async def test_a_failing_agent_is_counted_by_its_code(rig: Rig) -> None:
    rig.agents.fails("billing", AgentTimeout("It is late."))
    await rig.ask()

    (line,) = await counted(rig, "lmos_agent_failures_total")
    assert 'agent="billing"' in line
    assert 'error="AgentTimeout"' in line
    assert line.endswith(" 1.0")


async def test_a_hand_over_is_counted_for_the_agent_that_left_the_turn(rig: Rig) -> None:
    rig.agents.answers("billing", message_result("").model_copy(update={"status": "AGENT_HANDOVER[network]"}))
    await rig.ask()

    (line,) = await counted(rig, "lmos_handovers_total")
    assert 'agent="billing"' in line
    asked = await counted(rig, "lmos_ask_seconds_count")
    assert [line.split('"')[1] for line in asked] == ["billing", "network"]


async def test_a_turn_that_comes_again_is_counted_as_joined_and_not_as_another_one(rig: Rig) -> None:
    await asyncio.gather(rig.ask(), rig.ask())
    await rig.ask()

    assert await counted(rig, "lmos_turns_joined_total 2.0")
    assert all(line.endswith(" 1.0") for line in await counted(rig, "lmos_turns_total"))


async def test_what_is_under_way_is_told_by_where_it_went(rig: Rig) -> None:
    asked, leave = asyncio.Event(), asyncio.Event()

    async def wait(_request: AgentRequest) -> AsyncIterator[AgentResult]:
        asked.set()
        await leave.wait()
        yield message_result("at last")

    rig.agents.plays("billing", wait)
    async with aclosing(rig.turns.take(rig.asked()).listen()) as events:
        listening = asyncio.create_task(anext(events))
        await asked.wait()
        await listening

        running = 'lmos_turns_running{agent="billing",channel="web",subset="stable",tenant="acme"} 1.0'
        assert await counted(rig, running)
        assert await counted(rig, "lmos_event_streams 1.0")
        leave.set()
        assert [event async for _, event in events]

    assert await counted(rig, "lmos_event_streams 0.0")


async def test_a_cancelled_turn_is_no_failure_of_its_agent(rig: Rig) -> None:
    asked = asyncio.Event()

    async def wait(_request: AgentRequest) -> AsyncIterator[AgentResult]:
        asked.set()
        await asyncio.Event().wait()
        yield message_result("never")

    rig.agents.plays("billing", wait)
    asking = asyncio.create_task(rig.ask())
    await asked.wait()
    await rig.http.delete("/apis/v1/acme/chat/c1/turns/t1")
    await asking

    assert await counted(rig, 'outcome="cancelled"')
    assert "lmos_agent_failures_total{" not in (await rig.http.get("/metrics")).text


async def test_with_a_management_port_metrics_are_told_there_alone(rig: Rig) -> None:
    users = runtime_app(
        rig.turns, rig.table, rig.store, ids=CountingIds(), telling=rig.telling, with_metrics=False
    )
    operators = management_app(rig.turns, rig.table, learning=tuple)

    for app, told in ((users, 404), (operators, 200)):
        async with httpx2.AsyncClient(transport=AsgiTransport(app), base_url="http://runtime") as http:
            assert (await http.get("/metrics")).status_code == told
            assert (await http.get("/health/readiness")).status_code == 200
    async with httpx2.AsyncClient(transport=AsgiTransport(operators), base_url="http://runtime") as http:
        assert (await http.post("/v1/chat/completions")).status_code == 404


def test_buckets_count_the_smaller_ones_too() -> None:
    seconds = Histograms(Described("waits_seconds", "Waits.", ("who",)), (0.1, 1, 10))
    for took in (0.1, 0.5, 0.7, 99.0):
        seconds.observe(took, "me")

    family = seconds.told(seconds.rows())
    told = {(sample.name, sample.labels.get("le", "")): sample.value for sample in family.samples}
    assert [told["waits_seconds_bucket", bound] for bound in ("0.1", "1.0", "10.0", "+Inf")] == [1, 3, 3, 4]
    assert told["waits_seconds_count", ""] == 4
    assert told["waits_seconds_sum", ""] == pytest.approx(100.3)


def test_what_several_processes_counted_is_told_as_one() -> None:
    assert summed([{("a",): [1, 2]}, {("a",): [3, 4], ("b",): [5, 6]}, {}]) == {
        ("a",): [4, 6],
        ("b",): [5, 6],
    }
