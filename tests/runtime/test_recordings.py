"""
What was recorded of the original's runtime, played at ours: requests of clients, and what it asked of Agents.

Every difference is listed with its reason; one that is not listed fails.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.conversation import message_result
from lmos.ports.agents import AgentFailed
from tests.adapters.agents.wayward import Peer, asking, wayward
from tests.runtime.rig import Rig, group, routing, wired

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.server import ServerConnection

    from lmos.core.conversation import AgentRequest, AgentResult

RECORDINGS = Path(__file__).parents[3] / "shared" / "contracts" / "recordings"
TO_CLIENTS = RECORDINGS / "runtime-http.jsonl"
TO_AGENTS = RECORDINGS / "runtime-to-agent.jsonl"

# Scenario: our status, our errorCode, and why. Everything else is as the original answered.
DIFFERENCES: dict[str, tuple[int, str | None, str]] = {
    "ARC role system": (502, "AGENT_CLIENT_EXCEPTION", "The Agent failed, not the runtime."),
    "old prefix": (200, None, "Clients of before September 2025 still use it."),
    "no explicit agent": (200, None, "The router chooses, or asks back."),
    "unknown explicit agent": (404, "AGENT_NOT_FOUND", "It was not found; nothing broke inside the runtime."),
    "agent down": (503, "AGENT_CLIENT_EXCEPTION", "Waiting helps, and Retry-After says so."),
    "host without port (8080)": (503, "AGENT_CLIENT_EXCEPTION", "Waiting helps, and Retry-After says so."),
}

# The same refusal in words of ours, and why.
REWORDED = {
    "ARC role system": "The original shows the frame that it could not use.",
    "no x-turn-id": "The original puts the status before the sentence.",
    "invalid body": "The original names its classes; ours names the fields.",
    "not json": "The original names its classes.",
    "unknown channel": "The original asks its operator, and says so with a slip of the pen.",
    "agent down": "Ours names the Agent.",
    "host without port (8080)": "Ours names the Agent and the port.",
}

# What a recorded answer has not, and ours has.
ADDED_TO_REFUSALS = {"type", "title", "status", "detail", "code", "hint"}

# Entries of the systemContext with which ours asks an Agent, and the original does not.
ADDED_TO_REQUESTS = {
    "tenantId": "An Agent can keep Tenants apart.",
    "channelId": "An Agent can tell Channels apart.",
    "turnId": "What must not happen twice needs a key of its own.",
    "streaming": "Users see the answer as it comes.",
    "language": "The router has recognised it; an Agent need not.",
}

# Headers of the upgrade that differ, and why.
UPGRADE_DIFFERENCES = {
    "Host": "It is another port.",
    "Sec-WebSocket-Key": "It is another one for each socket.",
    "Accept": "It means nothing in an upgrade.",
    "User-Agent": "Nobody needs to know.",
    "Sec-WebSocket-Protocol": "Servers that are not the original's refuse a socket without it.",
}


def recorded(path: Path) -> list[Any]:
    if not path.exists():
        return [pytest.param({}, marks=pytest.mark.skip(f"{path} is not there."))]
    lines = path.read_text().splitlines()
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


@pytest.mark.parametrize("entry", recorded(TO_CLIENTS))
async def test_a_recorded_request_is_answered_as_then_or_better(
    as_recorded: Rig, entry: dict[str, Any]
) -> None:
    scenario, request, then = entry["scenario"], entry["request"], entry["response"]
    now = await as_recorded.http.request(
        request["method"], request["path"], headers=request["headers"], content=request["body"]
    )

    body, answer = json.loads(then["body"]), now.json()
    status, error_code, _ = DIFFERENCES.get(scenario, (then["status"], body.get("errorCode"), ""))
    assert (now.status_code, answer.get("errorCode")) == (status, error_code)
    assert now.headers["content-type"] == dict(then["headers"])["Content-Type"]
    if status == then["status"] == 200:
        assert answer == body
    if error_code:
        assert set(answer) - {"errorCode", "message"} == ADDED_TO_REFUSALS
    if error_code and scenario not in REWORDED:
        assert answer["message"] == body["message"]


def asked_by_the_original() -> list[Any]:
    """Each Turn that it asked an Agent: the request of the client, and the lines on the Agent's socket."""
    if not (TO_AGENTS.exists() and TO_CLIENTS.exists()):
        return [pytest.param({}, [], marks=pytest.mark.skip(f"{TO_AGENTS} is not there."))]
    clients = list(map(json.loads, TO_CLIENTS.read_text().splitlines()))
    lines = map(json.loads, TO_AGENTS.read_text().splitlines())
    found = []
    for _, each in groupby(lines, key=lambda line: line["conn"]):
        said = list(each)
        conversation = subscribe_in(said)["variables"]["request"]["conversationContext"]["conversationId"]
        asked = [entry for entry in clients if f"/chat/{conversation}/" in entry["request"]["path"]]
        found.append(pytest.param(asked[0], said, id=asked[0]["scenario"]))
    return found


def subscribe_in(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The payload with which an Agent was asked."""
    frames = [json.loads(line["data"]) for line in lines if line["dir"] == "C>"]
    payload: dict[str, Any] = next(frame["payload"] for frame in frames if frame["type"] == "subscribe")
    return payload


@asynccontextmanager
async def stub_agent(rig: Rig, lines: list[dict[str, Any]]) -> AsyncIterator[Peer]:
    """The Agent of the recordings behind a socket: it says what it said then."""
    said = [json.loads(line["data"]) for line in lines if line["dir"] == "S>" and '"id"' in line["data"]]

    async def replay(_peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        for frame in said:
            await socket.send(json.dumps(frame | {"id": message["id"]}))

    async with wayward(replay, echoes_subprotocol=False) as peer, asking() as client:

        async def over_the_socket(request: AgentRequest) -> AsyncIterator[AgentResult]:
            async for result in client.ask(peer.address, request, headers=rig.agents.asked[-1].headers):
                yield result

        rig.agents.plays("stub-agent", over_the_socket)
        yield peer


@pytest.mark.parametrize(("entry", "lines"), asked_by_the_original())
async def test_an_agent_is_asked_as_the_original_asked_it(
    as_recorded: Rig, entry: dict[str, Any], lines: list[dict[str, Any]]
) -> None:
    request = entry["request"]
    async with stub_agent(as_recorded, lines) as peer:
        now = await as_recorded.http.request(
            "POST", request["path"], headers=request["headers"], content=request["body"]
        )

    assert now.json() == json.loads(entry["response"]["body"])
    assert upgrade_of(peer.upgrades[0]) == upgrade_of(headers_in(lines[0]["data"]))
    (asked,) = peer.subscribed
    then, ours = subscribe_in(lines)["variables"], asked["payload"]["variables"]
    added = [each for each in ours["request"]["systemContext"] if each["key"] in ADDED_TO_REQUESTS]
    assert "turnId" in {each["key"] for each in added}
    for each in added:
        ours["request"]["systemContext"].remove(each)
    # The original has the Turn's id, and keeps it from the Agent.
    assert ours["request"]["conversationContext"].pop("turnId") == request["headers"]["x-turn-id"]
    assert then["request"]["conversationContext"].pop("turnId") is None
    assert ours == then
    assert words_in(subscribe_in(lines)["query"]) <= words_in(asked["payload"]["query"])


def headers_in(lines: list[str]) -> dict[str, str]:
    """The headers of a recorded upgrade, which begins with its request line."""
    return dict(line.split(": ", 1) for line in lines[1:])


def upgrade_of(headers: dict[str, str]) -> dict[str, str]:
    """What counts in an upgrade, in small letters."""
    ignored = {name.lower() for name in UPGRADE_DIFFERENCES}
    return {key.lower(): value.lower() for key, value in headers.items() if key.lower() not in ignored}


def words_in(query: str) -> set[str]:
    """Every name in a document: what it selects, and its types."""
    return set("".join(letter if letter.isalnum() else " " for letter in query).split())
