"""`lmos top` on a terminal and beside one, in front of a runtime whose Agents are played."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from lmos.testing.waiting import eventually
from tests.cli.terminal import CTRL_C, terminal
from tests.runtime.doors import served
from tests.runtime.rig import agent, routing, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.runtime.rig import Rig

pytestmark = pytest.mark.e2e


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with running() as rig:
        rig.agents.answers("billing", "42 euros")
        await rig.serve(agent("billing", "billing"), routing("billing"))
        await rig.ask()
        await eventually(lambda: b"lmos_turns_total{" in rig.turns.metrics.exposition())
        yield rig


async def top(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `lmos top` says where it has no terminal."""
    command = [sys.executable, "-m", "lmos.cli.main", "top", "--runtime", url, "--interval", "0.1"]
    return await asyncio.to_thread(subprocess.run, [*command, *arguments], capture_output=True, text=True)


async def test_figures_are_refreshed_in_place_until_ctrl_c(rig: Rig, tmp_path: Path) -> None:
    async with (
        served(rig) as url,
        terminal(tmp_path, "top", "--runtime", url, "--interval", "0.1") as shown,
    ):
        await shown.shows("acme/web")
        await shown.shows("  billing")
        await shown.shows("Turns of the last")
        await shown.shows("acme/web")
        assert await shown.ends(CTRL_C) == 0


async def test_a_runtime_that_stops_is_told_below_what_was_last_known(rig: Rig, tmp_path: Path) -> None:
    async with terminal(tmp_path, "top", "--runtime", "http://127.0.0.1:9", "--interval", "0.1") as shown:
        await shown.shows("Error: http://127.0.0.1:9/metrics cannot be read")
    async with AsyncExitStack() as stack:
        async with served(rig) as url:
            watching = terminal(tmp_path, "top", "--runtime", url, "--interval", "0.1")
            shown = await stack.enter_async_context(watching)
            await shown.shows("acme/web")
        await shown.shows("cannot be read")
        assert await shown.ends(CTRL_C) == 0


async def test_without_a_terminal_it_looks_twice_and_ends(rig: Rig) -> None:
    async with served(rig) as url:
        said = await top(url)

    header, channel, billing = said.stdout.splitlines()
    assert header.split()[:3] == ["CHANNEL", "AGENT", "TURNS/S"]
    assert channel.split()[:2] == ["acme/web", "0.0"]
    assert billing.split()[0] == "billing"
    assert "\x1b" not in said.stdout


async def test_scripts_read_it_as_json(rig: Rig) -> None:
    async with served(rig) as url:
        said = json.loads((await top(url, "--once", "-o", "json")).stdout)

    assert said["seconds"] >= 0.1
    assert [each["channel"] for each in said["channels"]] == ["web"]
