"""What Agents say about themselves: the original's capabilities.json and A2A cards."""

import json

import pytest

from lmos.core.protocols.agent_card import parse_agent_card
from lmos.core.protocols.capabilities import InvalidDescription, parse_capabilities
from lmos.core.resources import AgentSpec, Endpoint, ProvidedCapability

BILLING = {
    "id": "billing",
    "description": "Knows bills",
    "supportedTenants": ["acme"],
    "supportedChannels": ["web", "ivr"],
    "capabilities": [
        {
            "id": "urn:bill:view",
            "name": "view-bill",
            "version": "1.0",
            "description": "Shows a bill",
            "examples": ["show my bill"],
        }
    ],
}


def test_capabilities_json_becomes_the_spec_of_an_agent() -> None:
    assert parse_capabilities(json.dumps(BILLING).encode()) == AgentSpec(
        id="billing",
        description="Knows bills",
        supported_tenants=("acme",),
        supported_channels=("web", "ivr"),
        provided_capabilities=(
            ProvidedCapability(
                id="urn:bill:view",
                name="view-bill",
                version="1.0",
                description="Shows a bill",
                examples=("show my bill",),
            ),
        ),
    )


def test_what_else_it_says_is_ignored_and_what_it_leaves_out_is_empty() -> None:
    body = b'{"capabilities": [{"name": "a", "version": "one", "since": 3}], "vendor": {}, "id": null}'

    assert parse_capabilities(body) == AgentSpec(
        provided_capabilities=(ProvidedCapability(name="a", version="one"),)
    )


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "no JSON"),
        (b"<html>", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON: recursion limit"),
        (b'{"id": "\\ud800"}', "no JSON"),
        (b"[]", "no JSON object"),
        (b"null", "no JSON object"),
        (b"{}", "capabilities: Field required"),
        (b'{"capabilities": {"streaming": true}}', "capabilities: Input should be a valid tuple"),
        (b'{"capabilities": [{"version": "1.0.0"}]}', "capabilities[0].name: Field required"),
        (b'{"capabilities": [{"name": "", "version": "1"}]}', "capabilities[0].name: String should have at"),
        (b'{"capabilities": [{"name": "a\\u0007", "version": "1"}]}', "capabilities[0].name: Use no control"),
        (b'{"capabilities": [], "supportedChannels": "web"}', "supportedChannels: Input should be a valid"),
    ],
)
def test_garbage_is_refused_with_the_place_of_it(body: bytes, complaint: str) -> None:
    with pytest.raises(InvalidDescription) as caught:
        parse_capabilities(body)

    assert complaint in caught.value.message


CARDS = {
    "0.1 agent.json": {
        "name": "billing",
        "description": "Knows bills",
        "url": "",
        "version": "1.2.0",
        "capabilities": {"streaming": False, "pushNotifications": False},
        "defaultInputModes": ["text"],
        "skills": [
            {
                "id": "urn:bill:view",
                "name": "view-bill",
                "description": "Shows a bill",
                "tags": ["bill"],
                "examples": ["show my bill"],
                "inputModes": None,
            }
        ],
    },
    "1.0 agent-card.json": {
        "name": "billing",
        "description": "Knows bills",
        "version": "1.2.0",
        "supportedInterfaces": [
            {"url": "https://billing/a2a", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
            {"url": "https://billing/rest", "protocolBinding": "HTTP+JSON", "protocolVersion": "1.0"},
        ],
        "capabilities": {"streaming": True},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [
            {
                "id": "urn:bill:view",
                "name": "view-bill",
                "description": "Shows a bill",
                "tags": ["bill"],
                "examples": ["show my bill"],
            }
        ],
    },
}


@pytest.mark.parametrize("version", CARDS)
def test_the_skills_of_a_card_are_capabilities_at_its_version(version: str) -> None:
    spec = parse_agent_card(json.dumps(CARDS[version]).encode())

    assert spec.model_copy(update={"endpoint": None}) == AgentSpec(
        id="billing",
        description="Knows bills",
        provided_capabilities=(
            ProvidedCapability(
                id="urn:bill:view",
                name="view-bill",
                version="1.2.0",
                description="Shows a bill",
                examples=("show my bill",),
            ),
        ),
    )


@pytest.mark.parametrize(
    "body", [b"{}", b'{"version": "1", "skills": [{}]}', b'{"version": 1, "skills": []}']
)
def test_a_card_without_version_or_skills_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidDescription, match="A2A card"):
        parse_agent_card(body)


def interface(binding: str, url: str, version: str = "1.0", **more: str) -> dict[str, str]:
    return {"url": url, "protocolBinding": binding, "protocolVersion": version, **more}


def endpoint_of(*interfaces: dict[str, str]) -> Endpoint | None:
    card = {"version": "1.0.0", "skills": [], "supportedInterfaces": interfaces}
    return parse_agent_card(json.dumps(card).encode()).endpoint


def test_an_agent_is_asked_at_the_first_interface_that_we_can_use() -> None:
    found = endpoint_of(
        interface("GRPC", "http://billing:9000"),
        interface("JSONRPC", "https://billing/a2a", "0.3"),
        interface("JSONRPC", "https://billing/a2a", tenant="acme"),
        interface("HTTP+JSON", "https://billing.example.com/rest", "1.0.1"),
        interface("JSONRPC", "https://billing/a2a"),
    )

    assert found == Endpoint(
        scheme="https", host="billing.example.com", port=443, path="/rest", protocol="a2a+http+json"
    )


def test_a_card_without_interfaces_says_nothing_of_how_to_ask() -> None:
    assert endpoint_of() is None


@pytest.mark.parametrize(
    "unusable",
    [
        interface("GRPC", "http://billing:9000"),
        interface("JSONRPC", "http://billing", "0.3"),
        interface("JSONRPC", "http://billing", "2.0"),
        interface("JSONRPC", "http://billing", "10"),
        interface("JSONRPC", "http://billing", tenant="acme"),
        interface("JSONRPC", "/a2a"),
        interface("JSONRPC", "ftp://billing"),
        interface("JSONRPC", "http://user:password@billing"),
        interface("HTTP+JSON", "http://billing/?key=1"),
    ],
)
def test_a_card_with_interfaces_none_of_which_we_can_use_is_refused(unusable: dict[str, str]) -> None:
    with pytest.raises(InvalidDescription, match="supportedInterfaces"):
        endpoint_of(unusable)
