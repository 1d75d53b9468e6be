"""Requests that were sent to the original's runtime, sent to ours: where the answers differ, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.conversation import message_result
from lmos.ports.agents import AgentFailed
from tests.runtime.rig import Rig, group, routing, wired

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.conversation import AgentRequest, AgentResult

RECORDINGS = Path(__file__).parents[3] / "shared" / "contracts" / "recordings" / "runtime-http.jsonl"

# Scenario: our status, our errorCode, and why. Everything else is as the original answered.
DIFFERENCES: dict[str, tuple[int, str | None, str]] = {
    "ARC role system": (502, "AGENT_CLIENT_EXCEPTION", "The Agent failed, not the runtime."),
    "old prefix": (200, None, "Clients of before September 2025 still use it."),
    "no explicit agent": (200, None, "The router chooses, or asks back."),
    "unknown explicit agent": (404, "AGENT_NOT_FOUND", "It was not found; nothing broke inside the runtime."),
    "agent down": (503, "AGENT_CLIENT_EXCEPTION", "Waiting helps, and Retry-After says so."),
    "host without port (8080)": (503, "AGENT_CLIENT_EXCEPTION", "Waiting helps, and Retry-After says so."),
}

# The same refusal in words of ours: the original's name its classes, or hold a slip.
REWORDED = {
    "ARC role system",
    "no x-turn-id",
    "invalid body",
    "not json",
    "unknown channel",
    "agent down",
    "host without port (8080)",
}


def recorded() -> list[Any]:
    if not RECORDINGS.exists():
        return [pytest.param({}, marks=pytest.mark.skip(f"{RECORDINGS} is not there."))]
    lines = RECORDINGS.read_text().splitlines()
    return [pytest.param(entry, id=entry["scenario"]) for entry in map(json.loads, lines)]


async def echo(request: AgentRequest) -> AsyncIterator[AgentResult]:
    """The ARC Agent of the recordings."""
    if request.messages[0].role == "system":
        raise AgentFailed("Unknown role: system")
    answer = message_result(f"echo: {request.messages[-1].content}")
    yield answer.model_copy(update={"anonymization_entities": ()})


@pytest.fixture
async def as_recorded(bare: Rig) -> Rig:
    """The Channels and Agents in front of which the recordings were made."""
    bare.agents.answers("stub-agent", "stub answer")
    bare.agents.plays("weather-agent", echo)
    await bare.serve(
        routing("stub-agent"),
        routing("weather-agent", channel="arc"),
        routing("dead-agent", channel="dead"),
        routing(group("stub-agent", wired("stub", host="nobody-at-8080")), channel="noport"),
    )
    return bare


@pytest.mark.parametrize("entry", recorded())
async def test_a_recorded_request_is_answered_as_then_or_better(
    as_recorded: Rig, entry: dict[str, Any]
) -> None:
    scenario, request, then = entry["scenario"], entry["request"], entry["response"]
    now = await as_recorded.http.request(
        request["method"], request["path"], headers=request["headers"], content=request["body"]
    )

    body = json.loads(then["body"])
    status, error_code, _ = DIFFERENCES.get(scenario, (then["status"], body.get("errorCode"), ""))
    assert (now.status_code, now.json().get("errorCode")) == (status, error_code)
    if status == then["status"] == 200:
        assert now.json() == body
    if error_code and scenario not in REWORDED:
        assert now.json()["message"] == body["message"]
