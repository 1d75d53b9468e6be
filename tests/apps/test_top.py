"""The figures of a running runtime, looked at again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lmos.apps import top
from lmos.apps.top import Meter, NoMetrics, totals
from lmos.testing.waiting import eventually
from tests.runtime.doors import served
from tests.runtime.rig import agent, routing, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.runtime.rig import Rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with running() as bare:
        bare.agents.answers("billing", "42 euros")
        await bare.serve(agent("billing", "billing"), routing("billing"))
        yield bare


async def answered(rig: Rig) -> None:
    """Ask one Turn and wait until it is counted."""
    await rig.ask(turn="t1")
    await eventually(lambda: b"lmos_turns_total{" in rig.turns.metrics.exposition())


async def test_what_comes_between_two_looks_is_told(rig: Rig) -> None:
    async with served(rig) as url, Meter(url) as meter:
        assert await meter.look() == {"seconds": None, "channels": []}
        await answered(rig)
        look = await meter.look()

    (channel,) = look["channels"]
    assert (channel["tenant"], channel["channel"], channel["turns"]) == ("acme", "web", 1)
    assert channel["turnsPerSecond"] == pytest.approx(1 / look["seconds"])
    assert [each["agent"] for each in channel["agents"]] == ["billing"]


async def test_what_came_before_the_window_is_left_out(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(top, "WINDOW_SECONDS", 0.0)
    async with served(rig) as url, Meter(url) as meter:
        await meter.look()
        await answered(rig)
        await meter.look()
        look = await meter.look()

    assert look["channels"][0]["turns"] == 0


async def test_totals_are_told_without_a_rate(rig: Rig) -> None:
    await answered(rig)
    async with served(rig) as url:
        (channel,) = await totals(url)

    assert (channel["turns"], channel["turnsPerSecond"]) == (1, None)


@pytest.mark.parametrize("path", ["/nowhere", "/openapi.json?"])
async def test_what_tells_no_metrics_is_named(rig: Rig, path: str) -> None:
    async with served(rig) as url:
        with pytest.raises(NoMetrics, match="cannot be read"):
            await totals(url + path)


async def test_a_runtime_that_is_gone_is_named() -> None:
    with pytest.raises(NoMetrics, match="cannot be read"):
        await totals("http://127.0.0.1:9")
