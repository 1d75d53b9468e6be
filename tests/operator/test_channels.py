"""Channels: resolved, published, explained, and looked at again only when it matters."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.planning import plan_channels
from lmos.core.resources.kinds import AGENT, CHANNEL, CHANNEL_ROUTING
from tests.operator.builders import agent, channel, condition, resolved, unresolved, wires, world

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lmos.core.planning import Plan, Snapshot

PLANNING = "lmos.operator.channels.plan_channels"


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of Channels in the order in which they were planned."""
    names: list[str] = []

    def counted(snapshot: Snapshot, now: datetime) -> Plan:
        names.extend(channel.name for channel in snapshot.channels)
        return plan_channels(snapshot, now)

    monkeypatch.setattr(PLANNING, counted)
    return names


async def test_a_channel_is_resolved_and_its_routing_belongs_to_it() -> None:
    async with world(agent("billing", "view-bill 1.2.0"), channel("acme-web", "view-bill ^1.0.0")) as it:
        seen = await it.seen(CHANNEL, "acme-web", resolved)
        routing = await it.seen(CHANNEL_ROUTING, "acme-web")

    assert wires(routing) == ["billing: view-bill 1.2.0"]
    assert routing["metadata"]["labels"] == seen["metadata"]["labels"]
    assert [owner["uid"] for owner in routing["metadata"]["ownerReferences"]] == [seen["metadata"]["uid"]]
    assert seen["status"]["observedGeneration"] == seen["metadata"]["generation"] == 1
    assert [condition(seen, name)["status"] for name in ("Accepted", "Resolved", "Ready")] == ["True"] * 3


async def test_what_is_missing_stands_in_the_status_and_the_rest_is_wired() -> None:
    given = agent("billing", "view-bill 1.2.0"), channel("acme-web", "view-bill ^1.0.0", "pay-bill 1.0.0")
    async with world(*given) as it:
        seen = await it.seen(CHANNEL, "acme-web", unresolved)
        routing = await it.seen(CHANNEL_ROUTING, "acme-web")
        events = await it.events()

    assert wires(routing) == ["billing: view-bill 1.2.0"]
    assert [one["name"] for one in seen["status"]["unresolvedRequiredCapabilities"]] == ["pay-bill"]
    assert condition(seen, "Resolved")["reason"] == "UnresolvedCapabilities"
    assert "pay-bill 1.0.0" in condition(seen, "Resolved")["message"]
    assert events == [("Warning", "UnresolvedCapabilities", "acme-web")]


async def test_a_channel_resolves_as_soon_as_its_agent_is_there_and_says_so() -> None:
    async with world(channel("acme-web", "view-bill ^1.0.0")) as it:
        await it.seen(CHANNEL, "acme-web", unresolved)
        await it.apply(agent("billing", "view-bill 1.2.0"))
        await it.seen(CHANNEL, "acme-web", resolved)
        events = await it.events()

    assert ("Normal", "Resolved", "acme-web") in events


async def test_a_new_requirement_is_planned_at_its_generation() -> None:
    async with world(agent("billing", "view-bill 1.2.0"), channel("acme-web", "view-bill ^1.0.0")) as it:
        await it.seen(CHANNEL, "acme-web", resolved)
        await it.apply(channel("acme-web", "view-bill ^2.0.0"))
        seen = await it.seen(CHANNEL, "acme-web", unresolved)
        routing = await it.seen(CHANNEL_ROUTING, "acme-web", lambda each: not wires(each))

    assert seen["status"]["observedGeneration"] == 2
    assert routing["spec"] == {"capabilityGroups": []}


async def test_an_edited_routing_is_put_right_and_a_deleted_one_comes_back() -> None:
    async with world(agent("billing", "view-bill 1.2.0"), channel("acme-web", "view-bill ^1.0.0")) as it:
        await it.seen(CHANNEL, "acme-web", resolved)
        await it.cluster.patch(CHANNEL_ROUTING, "acme-web", "default", {"spec": {"capabilityGroups": []}})
        await it.seen(CHANNEL_ROUTING, "acme-web", lambda each: bool(wires(each)))

        await it.cluster.delete(CHANNEL_ROUTING, "acme-web", "default")
        again = await it.seen(CHANNEL_ROUTING, "acme-web")

    assert wires(again) == ["billing: view-bill 1.2.0"]


async def test_the_routing_of_a_deleted_channel_is_collected() -> None:
    async with world(agent("billing", "view-bill 1.2.0"), channel("acme-web", "view-bill ^1.0.0")) as it:
        await it.seen(CHANNEL_ROUTING, "acme-web")
        await it.cluster.delete(CHANNEL, "acme-web", "default")
        await it.gone(CHANNEL_ROUTING, "acme-web")


async def test_the_loss_of_an_agent_is_noticed() -> None:
    async with world(agent("billing", "view-bill 1.2.0"), channel("acme-web", "view-bill ^1.0.0")) as it:
        await it.seen(CHANNEL, "acme-web", resolved)
        await it.cluster.delete(AGENT, "billing", "default")
        await it.seen(CHANNEL, "acme-web", unresolved)


async def test_an_agent_replans_only_the_channels_that_it_can_affect(planned: list[str]) -> None:
    given = (
        agent("billing", "view-bill 1.0.0"),
        agent("roaming", "buy-pass 1.0.0"),
        channel("bills", "view-bill ^1.0.0"),
        channel("passes", "buy-pass ^1.0.0"),
    )
    async with world(*given) as it:
        for name in ("bills", "passes"):
            await it.seen(CHANNEL, name, resolved)
        planned.clear()

        await it.apply(agent("billing", "view-bill 1.1.0"))
        await it.seen(CHANNEL_ROUTING, "bills", lambda each: wires(each) == ["billing: view-bill 1.1.0"])
        # The next event of an Agent comes after all that the first one caused.
        await it.apply(agent("roaming", "buy-pass 1.1.0"))
        await it.seen(CHANNEL_ROUTING, "passes", lambda each: wires(each) == ["roaming: buy-pass 1.1.0"])

    # What the operator writes itself makes it look once more, and find nothing to do.
    assert [name for name, _ in groupby(planned)] == ["bills", "passes"]


async def test_a_status_that_somebody_else_wrote_is_put_right() -> None:
    async with world(agent("billing", "view-bill 1.0.0"), channel("bills", "view-bill ^1.0.0")) as it:
        await it.seen(CHANNEL, "bills", resolved)

        await it.cluster.patch(
            CHANNEL, "bills", "default", {"status": {"resolveStatus": "UNRESOLVED"}}, "status"
        )

        await it.seen(CHANNEL, "bills", resolved)


async def test_looking_again_writes_nothing() -> None:
    async with world(agent("billing", "view-bill 1.0.0"), channel("bills", "view-bill ^1.0.0")) as it:
        await it.seen(CHANNEL, "bills", resolved)
        before = [await it.seen(CHANNEL, "bills"), await it.seen(CHANNEL_ROUTING, "bills")]

        for generation in range(3):
            await it.apply(agent("billing", "view-bill 1.0.0", description=f"The {generation}th"))
            await it.seen(CHANNEL_ROUTING, "bills", _described(f"The {generation}th"))
        after = await it.seen(CHANNEL, "bills")

    assert after["metadata"]["resourceVersion"] == before[0]["metadata"]["resourceVersion"]


async def test_conditions_keep_their_time_while_their_answer_stays() -> None:
    async with world(channel("bills", "view-bill ^1.0.0")) as it:
        first = await it.seen(CHANNEL, "bills", unresolved)
        it.clock.advance(60)
        await it.apply(channel("bills", "view-bill ^1.0.0", "pay-bill ^1.0.0"))
        second = await it.seen(CHANNEL, "bills", lambda each: each["status"]["observedGeneration"] == 2)
        it.clock.advance(60)
        await it.apply(agent("billing", "view-bill 1.0.0", "pay-bill 1.0.0"))
        third = await it.seen(CHANNEL, "bills", resolved)

    times = [condition(each, "Resolved")["lastTransitionTime"] for each in (first, second, third)]
    assert times == ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:02:00Z"]


@pytest.mark.parametrize(
    ("given", "reason", "says"),
    [
        (
            channel("bills", "view-bill latest-and-greatest"),
            "InvalidRange",
            "view-bill 'latest-and-greatest'",
        ),
        (channel("bills", "view-bill 1.0.0", labels={"tenant": ""}), "MissingLabels", "no label tenant"),
    ],
)
async def test_what_in_a_channel_cannot_count_is_said_by_its_code(given: Any, reason: str, says: str) -> None:
    async with world(given) as it:
        seen = await it.seen(CHANNEL, "bills", unresolved)

    assert condition(seen, "Accepted")["status"] == "False"
    assert condition(seen, "Accepted")["reason"] == reason
    assert says in condition(seen, "Accepted")["message"]


async def test_a_version_that_cannot_be_read_rejects_that_capability_alone() -> None:
    given = agent("billing", "view-bill one", "pay-bill 1.0.0"), channel("bills", "pay-bill ^1.0.0")
    async with world(*given) as it:
        await it.seen(CHANNEL, "bills", resolved)
        seen = await it.seen(AGENT, "billing", lambda each: bool(condition(each, "Accepted")))

    assert condition(seen, "Accepted")["reason"] == "InvalidVersion"
    assert "view-bill 'one'" in condition(seen, "Accepted")["message"]


def _described(text: str) -> Callable[[dict[str, Any]], bool]:
    return lambda routing: bool(routing["spec"]["capabilityGroups"][0]["description"] == text)
