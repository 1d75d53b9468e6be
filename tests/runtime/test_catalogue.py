"""The endpoints that only read: Agents, Channels, routings, Turns, health."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lmos.ports.cluster import ClusterUnavailable
from tests.runtime.rig import API, Rig, group, routing, wired

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmos.core.resources import Manifest

PREFIXES = ["/apis/v1", "/lmos/runtime/apis/v1"]
BILLING = {
    "id": "billing-id",
    "name": "billing",
    "version": "1.2.3",
    "description": "The billing Agent",
}
NONE: Mapping[str, str] = {}
IVR = {"channel": "ivr"}
CANARY = {"subset": "canary"}
GLOBEX = {"tenant": "globex"}
CAPABILITY = {"id": "billing-id", "name": "billing", "version": "1.0.0", "description": "About billing"}


def channel(
    name: str = "acme-web", labels: Mapping[str, str] = NONE, status: Manifest | None = None
) -> Manifest:
    manifest = {
        "apiVersion": API,
        "kind": "Channel",
        "metadata": {
            "name": name,
            "namespace": "default",
            "labels": {"tenant": "acme", "channel": "web", "version": "1.2.3", **labels},
        },
        "spec": {"requiredCapabilities": [{"name": "billing", "version": "^1.0.0"}]},
    }
    return manifest | ({"status": status} if status else {})


REQUIRED = {"id": "", "name": "billing", "version": "^1.0.0", "strategy": "HIGHEST"}


def shown(name: str = "acme-web", labels: Mapping[str, str] = NONE, status: Any = None) -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": "Channel",
        "metadata": channel(name, labels)["metadata"] | {"annotations": {}},
        "spec": {"requiredCapabilities": [REQUIRED]},
        "status": status,
    }


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_the_agents_of_a_channel_are_listed_with_what_they_can_do(bare: Rig, prefix: str) -> None:
    await bare.serve(routing("billing"))

    response = await bare.http.get(f"{prefix}/agents", params={"tenantId": "acme", "channelId": "web"})

    assert response.json() == {"subset": "stable", "agents": [{**BILLING, "capabilities": [CAPABILITY]}]}


async def test_the_agents_of_a_subset_are_listed_on_demand(bare: Rig) -> None:
    await bare.serve(routing("billing"), routing("network", subset="canary"))
    where = {"tenantId": "acme", "channelId": "web", "subset": "canary"}

    listed = (await bare.http.get("/apis/v1/agents", params=where)).json()

    assert (listed["subset"], [each["name"] for each in listed["agents"]]) == ("canary", ["network"])


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    ("capability", "uri"),
    [
        (wired("billing", host="billing.default.svc.cluster.local"), "billing.default.svc.cluster.local"),
        (wired("billing", endpoint={"host": "127.0.0.1", "port": 9802}), "127.0.0.1:9802"),
    ],
)
async def test_the_agents_of_a_channel_are_listed_with_their_addresses(
    bare: Rig, prefix: str, capability: Manifest, uri: str
) -> None:
    await bare.serve(routing(group("billing", capability)))

    listed = (await bare.http.get(f"{prefix}/agents/acme/web")).json()

    capabilities = [{**CAPABILITY, "subset": ""}]
    assert listed == [
        {**BILLING, "capabilities": capabilities, "addresses": [{"protocol": "http", "uri": uri}]}
    ]


@pytest.mark.parametrize("path", ["/agents?tenantId=acme&channelId=ivr", "/agents/acme/ivr", "/agents/x/web"])
async def test_agents_of_a_channel_that_nobody_serves_are_not_found(rig: Rig, path: str) -> None:
    response = await rig.http.get(f"/apis/v1{path}")

    assert (response.status_code, response.json()["errorCode"]) == (404, "AGENT_NOT_FOUND")


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_the_channels_of_a_tenant_are_listed(bare: Rig, prefix: str) -> None:
    await bare.serve(
        channel(),
        channel("acme-ivr", IVR),
        channel("acme-new", CANARY),
        channel("globex", GLOBEX),
    )

    assert (await bare.http.get(f"{prefix}/tenants/acme/channels")).json() == [
        shown("acme-ivr", IVR),
        shown(),
    ]


async def test_channels_of_a_subset_or_namespace_are_listed_on_demand(bare: Rig) -> None:
    await bare.serve(channel(), channel("acme-new", CANARY))
    path = "/apis/v1/tenants/acme/channels"

    canary = await bare.http.get(path, headers={"x-subset": "canary"})
    elsewhere = await bare.http.get(path, headers={"x-namespace": "team-a"})
    unsaid = await bare.http.get(path, headers={"x-namespace": "", "x-subset": ""})

    assert [each["metadata"]["name"] for each in canary.json()] == ["acme-new"]
    assert elsewhere.json() == []
    assert [each["metadata"]["name"] for each in unsaid.json()] == ["acme-web"]


async def test_a_channel_is_shown_with_what_it_lacks(bare: Rig) -> None:
    status = {"resolveStatus": "UNRESOLVED", "unresolvedRequiredCapabilities": [REQUIRED]}
    await bare.serve(channel(status=status))

    assert (await bare.http.get("/apis/v1/tenants/acme/channels/web")).json() == shown(status=status)


async def test_a_resolved_channel_lacks_nothing(bare: Rig) -> None:
    await bare.serve(channel(status={"resolveStatus": "RESOLVED", "observedGeneration": 1}))

    status = (await bare.http.get("/apis/v1/tenants/acme/channels/web")).json()["status"]

    assert status == {"resolveStatus": "RESOLVED", "unresolvedRequiredCapabilities": []}


async def test_a_routing_is_shown_as_it_is_published(bare: Rig) -> None:
    await bare.serve(routing("billing"))

    found = (await bare.http.get("/apis/v1/tenants/acme/channels/web/routing")).json()

    manifest = routing("billing")
    assert found == manifest | {"metadata": manifest["metadata"] | {"annotations": {}}}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/tenants/acme/channels/ivr", "Channel not found for tenant=acme channel=ivr"),
        ("/tenants/x/channels/web", "Channel not found for tenant=x channel=web"),
        ("/tenants/acme/channels/ivr/routing", "No routing info found for tenant: acme, channel: ivr"),
    ],
)
async def test_a_channel_that_does_not_exist_is_an_error_in_the_originals_one_field(
    rig: Rig, path: str, message: str
) -> None:
    response = await rig.http.get(f"/apis/v1{path}")

    assert (response.status_code, response.json()["error"]) == (404, message)
    assert response.json()["hint"]


async def test_a_tenant_without_channels_has_none(rig: Rig) -> None:
    response = await rig.http.get("/apis/v1/tenants/nobody/channels")

    assert (response.status_code, response.json()) == (200, [])


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_turn_says_why_it_went_where_it_went(rig: Rig, prefix: str) -> None:
    await rig.ask("why is my bill so high", explicit=None)

    told = (await rig.http.get(f"{prefix}/turns/t1")).json()

    assert told["question"] == "why is my bill so high"
    assert (told["status"], told["agent"], told["answer"]) == ("answered", "billing", "42 euros")
    assert told["receivedAt"] == "2026-01-01T00:00:00+00:00"
    assert told["decision"]["candidates"][0]["agent"] == "billing"
    assert told["decision"]["probability"] >= told["decision"]["threshold"]
    assert told == await rig.why()


async def test_of_turns_with_one_id_the_newest_is_shown(rig: Rig) -> None:
    await rig.ask("first", turn="constant")
    await rig.ask("second", turn="constant", conversation="c2")

    assert (await rig.http.get("/apis/v1/turns/constant")).json()["question"] == "second"
    assert (await rig.why("constant", "c1"))["question"] == "first"


@pytest.mark.parametrize("path", ["/turns/nope", "/acme/chat/c1/turns/nope", "/globex/chat/c1/turns/t1"])
async def test_a_turn_that_nobody_took_is_not_found(rig: Rig, path: str) -> None:
    await rig.ask()

    response = await rig.http.get(f"/apis/v1{path}")

    assert (response.status_code, response.json()["code"]) == (404, "NoSuchTurn")


@pytest.mark.parametrize("path", ["/health", "/health/liveness", "/health/readiness"])
async def test_a_runtime_that_follows_its_cluster_is_up(rig: Rig, path: str) -> None:
    response = await rig.http.get(path)

    assert (response.status_code, response.json()["status"]) == (200, "UP")


async def test_a_runtime_that_has_lost_its_cluster_is_alive_but_not_ready(rig: Rig) -> None:
    rig.table.routings.last_error = ClusterUnavailable("It is gone.")

    assert (await rig.http.get("/health/liveness")).is_success
    response = await rig.http.get("/health/readiness")
    assert response.status_code == 503
    assert response.json()["waitingFor"] == ["channelroutings.lmos.eclipse"]
    assert (await rig.ask()).is_success


async def test_every_door_is_in_the_openapi_document(rig: Rig) -> None:
    document = (await rig.http.get("/openapi.json")).json()

    assert set(document["paths"]) == {
        "/a2a/{tenant}/{channel}",
        "/a2a/{tenant}/{channel}/.well-known/agent-card.json",
        "/apis/v1/{tenant}/chat/{conversation}/message",
        "/apis/v1/{tenant}/chat/{conversation}/turns/{turn}",
        "/apis/v1/{tenant}/chat/{conversation}/turns/{turn}/explanation",
        "/apis/v1/{tenant}/chat/{conversation}/turns/{turn}/events",
        "/apis/v1/{tenant}/conversations",
        "/apis/v1/{tenant}/conversations/{conversation}",
        "/apis/v1/turns/{turn}",
        "/apis/v1/turns/{turn}/explanation",
        "/apis/v1/agents",
        "/apis/v1/agents/{tenant}/{channel}",
        "/apis/v1/tenants/{tenant}/channels",
        "/apis/v1/tenants/{tenant}/channels/{channel}",
        "/apis/v1/tenants/{tenant}/channels/{channel}/routing",
        "/v1/chat/completions",
        "/v1/responses",
        "/v1/responses/{response}",
        "/v1/models",
        "/v1/models/{model}",
        "/graphql",
        "/sdl",
        "/health",
        "/health/liveness",
        "/health/readiness",
    }
    models = document["components"]["schemas"]
    assert models["Conversation"]["required"] == ["inputContext", "systemContext", "userContext"]
    answer = models["AssistantMessage"]
    assert set(answer["properties"]) == {"content", "anonymizationEntities", "messages"}
    assert answer["required"] == ["content"]
