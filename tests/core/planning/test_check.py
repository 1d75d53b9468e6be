"""A second look at Plans finds what the first must never do."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.core.planning import Apply, Plan, Snapshot, check_plan, plan_channels
from lmos.core.resources import Agent, Channel, Strategy
from tests.core.builders import agent, channel, provides, requires

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DOOR = channel(requires("view-bill", "^1.0.0"))
BILLING = agent("billing", provides("view-bill", "1.2.0"), provides("view-bill", "2.0.0"))

names = st.sampled_from(["view-bill", "pay-bill"])
agents = st.lists(
    st.builds(
        lambda name, offers, channels: agent(name, *offers, channels=channels),
        st.sampled_from("abc"),
        st.lists(st.builds(provides, names, st.sampled_from(["1.0.0", "1.4", "2.0.0", "one"])), max_size=3),
        st.sampled_from([["web"], ["ivr"]]),
    ),
    unique_by=lambda one: one.name,
    max_size=3,
)
required = st.builds(
    lambda name, version, strategy: requires(name, version, strategy=strategy),
    names,
    st.sampled_from(["^1", "*", "one"]),
    st.sampled_from(Strategy),
)
doors = st.lists(required, max_size=4).map(lambda requirements: channel(*requirements))


@given(agents, doors)
def test_what_we_plan_is_sound(installed: list[Agent], door: Channel) -> None:
    plan = plan_channels(Snapshot(tuple(installed), (door,)), NOW)

    assert check_plan(plan, installed, [door]) == ()


def tampered(**change: Any) -> Plan:
    """The Plan for DOOR with another first Wire."""
    (manifest,) = plan_channels(Snapshot((BILLING,), (DOOR,)), NOW).applied
    group = manifest["spec"]["capabilityGroups"][0]
    group["name"] = change.pop("agent", group["name"])
    group["capabilities"][0] |= change
    return Plan((Apply(manifest),))


@pytest.mark.parametrize(
    ("plan", "defect"),
    [
        (tampered(providedVersion="2.0.0"), "view-bill 2.0.0 is not within ^1.0.0"),
        (tampered(providedVersion="1.3.0"), "Agent billing does not provide view-bill 1.3.0"),
        (tampered(requiredVersion="*"), "the Channel does not require view-bill *"),
        (tampered(requiredVersion="abc"), "view-bill 1.2.0 is not within abc"),
        (tampered(host="evil.example"), "evil.example is no address of Agent billing"),
        (tampered(endpoint={"host": "evil"}), "is no address of Agent billing"),
        (tampered(agent="ghost"), "no Agent ghost may serve the Channel"),
    ],
)
def test_a_wire_that_nothing_bears_out_is_found(plan: Plan, defect: str) -> None:
    assert any(defect in problem.defect for problem in check_plan(plan, [BILLING], [DOOR]))


def test_an_agent_that_may_not_serve_the_channel_is_found() -> None:
    theirs = agent("billing", provides("view-bill", "1.2.0"), tenants=["globex"])

    (problem,) = check_plan(tampered(), [theirs], [DOOR])

    assert problem.defect == "no Agent billing may serve the Channel"


def test_what_is_wired_twice_is_found() -> None:
    plan = tampered()
    (manifest,) = plan.applied
    (group,) = manifest["spec"]["capabilityGroups"]
    twin = agent("twin", provides("view-bill", "1.2.0"))
    capability = group["capabilities"][0] | {"host": "twin.default.svc.cluster.local"}
    manifest["spec"]["capabilityGroups"].append(group | {"name": "twin", "capabilities": [capability]})

    (problem,) = check_plan(plan, [BILLING, twin], [DOOR])

    assert problem.defect == "view-bill ^1.0.0 is wired twice"


def test_a_routing_without_a_channel_is_found() -> None:
    (problem,) = check_plan(tampered(), [BILLING], [])

    assert problem.defect == "there is no such Channel"
