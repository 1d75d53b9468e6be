"""Turns of a runtime whose router has a language model, over HTTP, alive and dead."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lmos.router import LlmStage
from lmos.testing.clock import FrozenClock
from lmos.testing.waiting import eventually
from tests.adapters.language_model.scripted_server import HANG, completion, scripted_server
from tests.runtime.rig import BILLS, FAULTS, agent, routing, running

pytest.importorskip("pydantic_ai", reason="needs lmos[llm]")

from lmos.adapters.language_model import Endpoint, PydanticAiModel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.runtime.rig import Rig

UNCLEAR = "what should I cook for dinner"


@asynccontextmanager
async def rig_with(answer: Any, *, deadline_seconds: float) -> AsyncIterator[Rig]:
    async with scripted_server(answer) as server:
        endpoint = Endpoint(server.url, "small-model", timeout_seconds=deadline_seconds)
        model = PydanticAiModel(endpoint, FrozenClock())
        async with running(after_head=[LlmStage(model)]) as rig:
            rig.agents.answers("network", "All is well")
            await rig.serve(
                agent("billing", "billing", "1.0.0", *BILLS),
                agent("network", "network", "1.0.0", *FAULTS),
                routing("billing", "network"),
            )
            yield rig
        await model.aclose()


async def counted(rig: Rig, stage: str, outcome: str) -> None:
    """Wait until it is counted once."""
    line = f'lmos_routing_stages_total{{outcome="{outcome}",stage="{stage}"}} 1.0'

    async def is_told() -> bool:
        return line in (await rig.http.get("/metrics")).text

    assert await eventually(is_told)


async def test_what_the_head_cannot_place_goes_where_the_model_says() -> None:
    said = completion('{"reason": "It is the network.", "agentId": "network", "confidence": 0.9}')
    async with rig_with(said, deadline_seconds=30) as rig:
        answered = await rig.ask(UNCLEAR, explicit=None)

        assert answered.json()["content"] == "All is well"
        why = (await rig.why())["decision"]
        assert (why["stage"], why["model"], why["tokens"]) == ("llm", "small-model", 110)
        assert why["reason"] == "The language model says: It is the network."
        await counted(rig, "vector", "abstained")
        await counted(rig, "llm", "decided")


@pytest.mark.parametrize("answer", [HANG, b"", (500, {"error": UNCLEAR}), completion(UNCLEAR)])
async def test_behind_a_dead_model_the_user_is_asked_back(answer: Any) -> None:
    async with rig_with(answer, deadline_seconds=0.2) as rig:
        answered = await rig.ask(UNCLEAR, explicit=None)

        assert answered.json()["content"].startswith("I am not sure")
        why = (await rig.why())["decision"]
        assert why["stage"] == "clarify"
        assert why["passed"][-1]["has_failed"] is True
        assert UNCLEAR not in why["passed"][-1]["reason"]
        await counted(rig, "llm", "failed")
        await counted(rig, "clarify", "decided")
