from __future__ import annotations

from typing import Any

import httpx2
import pytest

from lmos.arc import Agent
from lmos.arc.errors import InvalidAgent
from lmos.arc.http import agent_app


def billing() -> Agent:
    agent = Agent(
        "billing-agent", description="Answers questions about bills", tenants=["acme"], channels=["web"]
    )
    agent.capability("view-bill", version="1.2.0", description="Shows a bill", examples=["how much"])(
        lambda _turn: "42"
    )
    return agent


def roaming() -> Agent:
    agent = Agent("roaming-agent", tenants=["globex"], channels=["web", "ivr"])
    agent.capability("roam")(lambda _turn: "yes")
    return agent


def client(*agents: Agent) -> httpx2.AsyncClient:
    app = agent_app(*(agents or (billing(),)))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://agent:8080")


async def test_the_operator_finds_every_field_of_the_description() -> None:
    async with client() as http:
        response = await http.get("/.well-known/capabilities.json")

    assert response.json() == {
        "id": "billing-agent",
        "description": "Answers questions about bills",
        "supportedTenants": ["acme"],
        "supportedChannels": ["web"],
        "capabilities": [
            {
                "id": "view-bill",
                "name": "view-bill",
                "version": "1.2.0",
                "description": "Shows a bill",
                "examples": ["how much"],
            }
        ],
    }


async def test_several_agents_at_one_address_are_described_as_one() -> None:
    async with client(billing(), roaming()) as http:
        described = (await http.get("/.well-known/capabilities.json")).json()

    assert described["description"] == "Multiple Agents: billing-agent, roaming-agent"
    assert described["supportedTenants"] == ["acme", "globex"]
    assert described["supportedChannels"] == ["web", "ivr"]
    assert [capability["name"] for capability in described["capabilities"]] == ["view-bill", "roam"]


async def test_an_agent_for_all_tenants_makes_the_description_one_for_all() -> None:
    everyones = Agent("everyones-agent")
    everyones.handler(lambda _turn: "hi")

    async with client(billing(), everyones) as http:
        assert (await http.get("/.well-known/capabilities.json")).json()["supportedTenants"] == []


@pytest.mark.parametrize("path", ["/.well-known/agent.json", "/.well-known/agent-card.json"])
async def test_other_agents_find_a_card(path: str) -> None:
    async with client() as http:
        card = (await http.get(path)).json()

    assert (card["name"], card["url"]) == ("billing-agent", "http://agent:8080")
    assert card["skills"][0] == {
        "id": "view-bill",
        "name": "view-bill",
        "description": "Shows a bill",
        "tags": [],
        "examples": ["how much"],
        "inputModes": ["text"],
        "outputModes": ["text"],
    }


@pytest.mark.parametrize("path", ["/health", "/health/liveness", "/health/readiness"])
async def test_a_running_agent_is_healthy(path: str) -> None:
    async with client() as http:
        response = await http.get(path)

    assert (response.status_code, response.json()) == (200, {"ok": True, "agents": ["billing-agent"]})


async def test_a_stopping_agent_lives_and_is_not_ready() -> None:
    app = agent_app(billing())
    await app.state.sockets.drain(0)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://agent") as http:
        statuses = [(await http.get(f"/health/{kind}")).status_code for kind in ("readiness", "liveness")]

    assert statuses == [503, 200]


@pytest.mark.parametrize("query", ["{ agent { names } }", "query { agent() { names } }"])
async def test_the_names_are_answered_over_graphql(query: str) -> None:
    async with client(billing(), roaming()) as http:
        response = await http.post("/graphql", json={"query": query})

    assert response.json() == {"data": {"agent": {"names": ["billing-agent", "roaming-agent"]}}}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"query": "{ nothing }"}', 200, "GraphQlInvalid"),
        (b'{"query": "mutation { x }"}', 200, "GraphQlInvalid"),
        (b"{}", 200, "GraphQlInvalid"),
        (b"[]", 400, "BodyInvalid"),
        (b"not json", 400, "BodyInvalid"),
        ('{"query": "ü"}'.encode("latin-1"), 400, "BodyInvalid"),
        (b" " * 1_100_000, 400, "BodyInvalid"),
    ],
)
async def test_a_query_that_cannot_be_answered_says_why(body: bytes, status: int, code: str) -> None:
    async with client() as http:
        response = await http.post("/graphql", content=body)

    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/graphql", 405), ("POST", "/health", 405)],
)
async def test_a_wrong_path_or_method_is_a_problem_document(method: str, path: str, status: int) -> None:
    async with client() as http:
        response = await http.request(method, path)

    problem: dict[str, Any] = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, problem["status"]) == (status, status)
    assert problem["hint"]


def test_an_agent_with_nothing_that_answers_is_not_served() -> None:
    with pytest.raises(InvalidAgent, match="nothing that answers"):
        agent_app(Agent("empty-agent"))


def test_two_agents_with_one_name_are_not_served() -> None:
    with pytest.raises(InvalidAgent, match="a name of its own"):
        agent_app(billing(), billing())
