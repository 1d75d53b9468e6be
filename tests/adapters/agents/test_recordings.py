"""Every conversation recorded with an Agent of the original, held with our client in the place of its own."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lmos.ports.agents import AgentFailed
from tests.adapters.agents.wayward import Peer, asking, request, wayward

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

RECORDING = Path(__file__).parents[4] / "shared" / "contracts" / "recordings" / "agent-subscriptions.jsonl"


def recorded() -> dict[str, list[dict[str, Any]]]:
    """What the Agent said in each scenario in which it was asked one Turn and ended it."""
    if not RECORDING.exists():
        return {}
    frames = [json.loads(line) for line in RECORDING.read_text().splitlines()]
    said = {
        scenario: [json.loads(each["data"]) for each in frames if each["dir"] == "S>"]
        for scenario, frames in (
            (name, list(group)) for name, group in groupby(frames, lambda f: f["scenario"])
        )
        if frames[0]["dir"] == "upgrade"
    }
    answers = {name: [each for each in frames if "id" in each] for name, frames in said.items()}
    return {name: frames for name, frames in answers.items() if len({each["id"] for each in frames}) == 1}


SCENARIOS = recorded()


@pytest.mark.skipif(not SCENARIOS, reason="the recordings of the original are not at ../shared")
@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_what_an_agent_of_the_original_answered_comes_out_as_it_was_said(scenario: str) -> None:
    said = SCENARIOS[scenario]

    async def replay(_peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        for each in said:
            await socket.send(json.dumps(each | {"id": message["id"]}))

    async with wayward(replay, echoes_subprotocol=False) as peer, asking() as client:
        answers = client.ask(peer.address, request())
        if said[0]["type"] == "error":
            with pytest.raises(AgentFailed, match=r"answered with an error: \w+"):
                await anext(answers)
            return
        heard = [result.to_wire() async for result in answers]

    originals = [each["payload"]["data"]["agent"] for each in said if each["type"] == "next"]
    assert [{key: result[key] for key in ("type", "status", "context")} for result in heard] == [
        {key: original.get(key) for key in ("type", "status", "context")} for original in originals
    ]
    assert [[message["content"] for message in result["messages"]] for result in heard] == [
        [message["content"] for message in original["messages"]] for original in originals
    ]
