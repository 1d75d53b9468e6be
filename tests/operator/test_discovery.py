"""Discovery: Deployments that are labelled as Agents become what they say they are."""

from typing import Any

import pytest

from lmos.core.resources.kinds import AGENT, DEPLOYMENT, SERVICE
from lmos.testing.waiting import eventually
from tests.operator.builders import (
    CARD,
    OLD_CARD,
    READY,
    World,
    agent,
    condition,
    deployment,
    description,
    service,
    world,
)

A2A_CARD = {
    "name": "Roaming",
    "description": "Sells passes",
    "version": "2.1.0",
    "skills": [{"id": "buy-pass", "name": "Buy a pass", "description": "Sells one", "examples": ["a pass"]}],
}


async def test_a_ready_deployment_becomes_the_agent_that_it_says_it_is() -> None:
    async with world() as it:
        await it.deploy("billing", "view-bill 1.2.0", supportedTenants=["acme"])
        seen = await it.seen(AGENT, "billing", lambda each: bool(condition(each, "Ready")))
        owner = await it.seen(DEPLOYMENT, "billing")

    assert seen["spec"] == {
        "id": "billing",
        "description": "Says so",
        "supportedTenants": ["acme"],
        "supportedChannels": ["web"],
        "providedCapabilities": [
            {"id": "view-bill", "name": "view-bill", "version": "1.2.0", "description": "", "examples": []}
        ],
        "endpoint": {"scheme": "http", "host": "billing.default.svc.cluster.local", "port": 8080},
    }
    assert seen["metadata"]["labels"] == {"lmos-agent": "true", "subset": "stable"}
    assert [each["uid"] for each in seen["metadata"]["ownerReferences"]] == [owner["metadata"]["uid"]]
    assert {condition(seen, name)["status"] for name in ("Accepted", "Discovered", "Ready")} == {"True"}


async def test_nobody_is_asked_before_its_deployment_is_ready() -> None:
    async with world() as it:
        it.cards.says("early", description("view-bill 1.0.0"))
        await it.apply(service("early"), deployment("early"))
        await it.deploy("later", "pay-bill 1.0.0")
        await it.seen(AGENT, "later")

    assert {each for each in it.cards.asked if "early" in each} == set()


async def test_capabilities_json_is_asked_for_before_the_cards() -> None:
    async with world() as it:
        it.cards.says("roaming", A2A_CARD, at=OLD_CARD)
        await it.apply(service("roaming"), deployment("roaming"))
        await it.cluster.patch(DEPLOYMENT, "roaming", "default", {"status": READY}, "status")
        seen = await it.seen(AGENT, "roaming")

    base = "http://roaming:8080/.well-known/"
    assert it.cards.asked == [f"{base}capabilities.json", f"{base}agent-card.json", f"{base}agent.json"]
    assert seen["spec"]["providedCapabilities"][0]["version"] == "2.1.0"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"<html>not found</html>", "InvalidDescription"),
        (b"\xff\xfe\x00", "InvalidDescription"),
        ([], "InvalidDescription"),
        ({"capabilities": "all"}, "InvalidDescription"),
        ("it takes longer than 5 s", "CardUnavailable"),
        ("it is larger than 1 MiB", "CardUnavailable"),
        ("it redirects with 302", "CardUnavailable"),
    ],
)
async def test_a_useless_card_is_a_warning_on_the_deployment(said: Any, reason: str) -> None:
    async with world() as it:
        if reason == "CardUnavailable":
            it.cards.fails("billing", said)
        else:
            it.cards.says("billing", said)
        await _deployed(it, "billing")
        events = await _until_events(it)

        assert events == [("Warning", reason, "billing")]
        assert await it.get(AGENT, "billing") is None


async def test_an_agent_without_any_card_is_a_warning() -> None:
    async with world() as it:
        await _deployed(it, "silent")

        assert await _until_events(it) == [("Warning", "CardMissing", "silent")]


@pytest.mark.parametrize(
    ("services", "reason"),
    [
        ([], "NoService"),
        ([service("one", app="billing"), service("two", app="billing")], "AmbiguousService"),
    ],
)
async def test_not_exactly_one_service_is_a_warning_until_it_is_mended(
    services: list[dict[str, Any]], reason: str
) -> None:
    async with world(*services) as it:
        it.cards.says("one", description("view-bill 1.0.0"))
        await it.apply(deployment("billing"))
        await it.cluster.patch(DEPLOYMENT, "billing", "default", {"status": READY}, "status")
        assert await _until_events(it) == [("Warning", reason, "billing")]

        if services:
            await it.cluster.delete(SERVICE, "two", "default")
        else:
            await it.apply(service("one", app="billing"))
        await it.seen(AGENT, "billing")


@pytest.mark.parametrize(
    ("ports", "asked"),
    [
        ([{"name": "metrics", "port": 9000}, {"name": "http", "port": 8080}], "http://billing:8080"),
        (
            [{"name": "a", "port": 1000}, {"name": "b", "port": 2000, "appProtocol": "https"}],
            "https://billing:2000",
        ),
        ([{"name": "a", "port": 443}, {"name": "b", "port": 2000}], "https://billing:443"),
        ([{"name": "a", "port": 7000}, {"name": "b", "port": 2000}], "http://billing:7000"),
    ],
)
async def test_the_port_that_speaks_http_is_asked(ports: list[dict[str, Any]], asked: str) -> None:
    async with world(service("billing", *ports)) as it:
        it.cards.says("billing", description("view-bill 1.0.0"))
        await it.apply(deployment("billing"))
        await it.cluster.patch(DEPLOYMENT, "billing", "default", {"status": READY}, "status")
        await it.seen(AGENT, "billing")

    assert it.cards.asked == [f"{asked}/.well-known/capabilities.json"]


async def test_the_agent_of_a_deleted_deployment_is_gone() -> None:
    async with world() as it:
        await it.deploy("billing", "view-bill 1.0.0")
        await it.seen(AGENT, "billing")
        await it.cluster.delete(DEPLOYMENT, "billing", "default")
        await it.gone(AGENT, "billing")


async def test_the_agent_of_a_deployment_that_lost_its_label_is_gone() -> None:
    async with world() as it:
        await it.deploy("billing", "view-bill 1.0.0")
        await it.seen(AGENT, "billing")
        unlabelled = {"metadata": {"labels": {"lmos-agent": None}}}
        await it.cluster.patch(DEPLOYMENT, "billing", "default", unlabelled)
        await it.gone(AGENT, "billing")


async def test_a_hand_written_agent_is_never_touched() -> None:
    async with world(agent("billing", "view-bill 3.0.0")) as it:
        written = await it.seen(AGENT, "billing", lambda each: bool(condition(each, "Accepted")))
        await it.deploy("billing", "view-bill 1.0.0")
        await it.deploy("other", "pay-bill 1.0.0")
        await it.seen(AGENT, "other")
        still = await it.seen(AGENT, "billing")
        await it.cluster.delete(DEPLOYMENT, "billing", "default")
        await it.cluster.delete(DEPLOYMENT, "other", "default")
        await it.gone(AGENT, "other")

        assert still == written
        assert await it.get(AGENT, "billing") == written
        assert [each for each in it.cards.asked if "billing" in each] == []


async def test_another_generation_is_asked_again() -> None:
    async with world() as it:
        await it.deploy("billing", "view-bill 1.0.0")
        await it.seen(AGENT, "billing")

        it.cards.says("billing", description("view-bill 2.0.0"))
        await it.apply(deployment("billing", command="run-better"))
        ready = READY | {"observedGeneration": 2}
        await it.cluster.patch(DEPLOYMENT, "billing", "default", {"status": ready}, "status")
        seen = await it.seen(AGENT, "billing", _provides("view-bill", "2.0.0"))

    assert seen["metadata"]["generation"] == 2


async def test_the_old_pods_of_a_new_generation_are_not_asked() -> None:
    async with world() as it:
        await it.deploy("billing", "view-bill 1.0.0")
        await it.seen(AGENT, "billing", lambda each: condition(each, "Ready").get("status") == "True")
        asked = len(it.cards.asked)

        await it.apply(deployment("billing", command="run-better"))
        seen = await it.seen(AGENT, "billing", lambda each: condition(each, "Ready")["status"] == "False")

    assert condition(seen, "Discovered")["reason"] == "DeploymentNotReady"
    assert seen["spec"]["providedCapabilities"][0]["version"] == "1.0.0"
    assert len(it.cards.asked) == asked


async def test_a_description_is_read_again_after_a_while() -> None:
    async with world() as it:
        await it.deploy("billing", "view-bill 1.0.0")
        await it.seen(AGENT, "billing", lambda each: bool(condition(each, "Ready")))
        it.cards.says("billing", description("view-bill 2.0.0"))

        await it.apply(service("billing", {"name": "http", "port": 8080, "appProtocol": "http"}))
        await it.deploy("other", "pay-bill 1.0.0")
        await it.seen(AGENT, "other")
        young = await it.seen(AGENT, "billing")
        it.clock.advance(301)
        await it.apply(service("billing"))
        await it.seen(AGENT, "billing", _provides("view-bill", "2.0.0"))

    assert young["spec"]["providedCapabilities"][0]["version"] == "1.0.0"


async def test_a_deleted_agent_comes_back() -> None:
    async with world() as it:
        await it.deploy("billing", "view-bill 1.0.0")
        first = await it.seen(AGENT, "billing")
        await it.cluster.delete(AGENT, "billing", "default")

        def is_another(seen: dict[str, Any]) -> bool:
            return bool(seen["metadata"]["uid"] != first["metadata"]["uid"])

        await it.seen(AGENT, "billing", is_another)


async def test_looking_at_the_same_again_writes_nothing() -> None:
    async with world() as it:
        await it.deploy("billing", "view-bill 1.0.0")
        before = await it.seen(AGENT, "billing", lambda each: bool(condition(each, "Ready")))
        for round_number in range(3):
            it.clock.advance(301)
            asked = len(it.cards.asked)
            await it.apply(service("billing", {"name": f"http-{round_number}", "port": 8080}))
            await _asked_more_than(it, asked)
        await it.deploy("other", "pay-bill 1.0.0")
        await it.seen(AGENT, "other")
        after = await it.seen(AGENT, "billing")

    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


async def test_a_card_of_the_old_kind_is_found_at_the_new_path_first() -> None:
    async with world() as it:
        it.cards.says("roaming", A2A_CARD, at=CARD)
        await _deployed(it, "roaming")
        seen = await it.seen(AGENT, "roaming")

    assert len(it.cards.asked) == 2
    assert seen["spec"]["providedCapabilities"][0]["examples"] == ["a pass"]


async def test_a_card_with_an_interface_says_how_the_agent_is_asked() -> None:
    interface = {"url": "http://localhost:9999/a2a", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
    async with world() as it:
        it.cards.says("roaming", A2A_CARD | {"supportedInterfaces": [interface]}, at=CARD)
        await _deployed(it, "roaming")
        seen = await it.seen(AGENT, "roaming")

    assert seen["spec"]["endpoint"] == {
        "scheme": "http",
        "host": "roaming.default.svc.cluster.local",
        "port": 8080,
        "path": "/a2a",
        "protocol": "a2a+jsonrpc",
    }


async def test_a_card_whose_interfaces_cannot_be_used_is_a_warning() -> None:
    interface = {"url": "http://localhost:9999", "protocolBinding": "GRPC", "protocolVersion": "1.0"}
    async with world() as it:
        it.cards.says("roaming", A2A_CARD | {"supportedInterfaces": [interface]}, at=CARD)
        await _deployed(it, "roaming")

        assert await _until_events(it) == [("Warning", "InvalidDescription", "roaming")]


def _provides(name: str, version: str) -> Any:
    def is_it(seen: dict[str, Any]) -> bool:
        return {(each["name"], each["version"]) for each in seen["spec"]["providedCapabilities"]} == {
            (name, version)
        }

    return is_it


async def _deployed(it: World, name: str) -> None:
    await it.apply(service(name), deployment(name))
    await it.cluster.patch(DEPLOYMENT, name, "default", {"status": READY}, "status")


async def _until_events(it: World) -> list[tuple[str, str, str]]:
    return await eventually(it.events)


async def _asked_more_than(it: World, number: int) -> None:
    await eventually(lambda: len(it.cards.asked) > number)
