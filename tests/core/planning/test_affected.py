"""An Agent event re-plans only the Channels that it can affect, and all of those."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from lmos.core.planning import Plan, WriteStatus, channels_affected, plan_channel
from lmos.core.resources import Agent, Channel, ChannelRouting, ResolveStatus
from tests.core.builders import agent, channel, provides, requires

NOW = datetime(2026, 3, 1, tzinfo=UTC)

names = st.sampled_from(["view-bill", "pay-bill"])
agents = st.builds(
    lambda name, offers, channels, tenants, subset: agent(
        name, *offers, channels=channels, tenants=tenants, subset=subset
    ),
    st.just("changing"),
    st.lists(st.builds(provides, names, st.sampled_from(["1.0.0", "2.0.0", "one"])), max_size=2),
    st.sampled_from([["web"], ["ivr"], ["web", "ivr"]]),
    st.sampled_from([[], ["acme"], ["globex"]]),
    st.sampled_from(["", "canary"]),
)
doors = st.lists(
    st.builds(
        lambda name, required, tenant, subset: channel(*required, name=name, tenant=tenant, subset=subset),
        st.sampled_from("abcd"),
        st.lists(st.builds(requires, names, st.sampled_from(["^1", "*"])), max_size=2),
        st.sampled_from(["acme", "globex"]),
        st.sampled_from(["", "canary"]),
    ),
    unique_by=lambda one: one.name,
    max_size=4,
)


@given(st.none() | agents, st.none() | agents, agents, doors)
def test_no_other_channel_has_anything_to_change(
    before: Agent | None, after: Agent | None, other: Agent, channels: list[Channel]
) -> None:
    other = other.model_copy(update={"metadata": other.metadata.model_copy(update={"name": "other"})})
    first = [one for one in (before, other) if one is not None]
    then = [one for one in (after, other) if one is not None]
    settled = [converged(door, first) for door in channels]

    affected = channels_affected(before, after, [door for door, _ in settled])

    for door, routing in settled:
        if door not in affected:
            assert plan_channel(door, then, routing, NOW) == Plan()


def converged(door: Channel, agents: list[Agent]) -> tuple[Channel, ChannelRouting]:
    plan = plan_channel(door, agents, None, NOW)
    (status,) = (change.manifest["status"] for change in plan.changes if isinstance(change, WriteStatus))
    (routing,) = plan.applied
    return (
        Channel.from_manifest(door.to_manifest() | {"status": status}),
        ChannelRouting.from_manifest(routing),
    )


def affected(before: Agent | None, after: Agent | None, *channels: Channel) -> list[str]:
    return [door.name for door in channels_affected(before, after, channels)]


VIEW = requires("view-bill", "^1")
BILLING = agent("billing", provides("view-bill", "1.0.0"))


def test_channels_that_require_nothing_of_it_are_left_alone() -> None:
    bills = channel(VIEW, name="bills")
    tariffs = channel(requires("show-tariff", "^1"), name="tariffs")

    assert affected(None, BILLING, bills, tariffs) == ["bills"]


def test_a_resolved_channel_of_another_tenant_is_left_alone() -> None:
    theirs = agent("billing", provides("view-bill", "1.0.0"), tenants=["globex"])
    resolved = channel(VIEW, name="resolved", status=ResolveStatus.RESOLVED)
    unresolved = channel(VIEW, name="unresolved", status=ResolveStatus.UNRESOLVED)

    assert affected(None, theirs, resolved, unresolved) == ["unresolved"]


def test_a_channel_that_the_agent_leaves_is_affected() -> None:
    moved = agent("billing", provides("view-bill", "1.0.0"), tenants=["globex"])

    assert affected(BILLING, moved, channel(VIEW, status=ResolveStatus.RESOLVED)) == ["acme-web"]
    assert affected(BILLING, None, channel(VIEW, status=ResolveStatus.RESOLVED)) == ["acme-web"]


def test_a_change_of_status_or_annotations_affects_nothing() -> None:
    noted = BILLING.model_copy(
        update={"metadata": BILLING.metadata.model_copy(update={"annotations": {"seen": "yes"}})}
    )

    assert affected(BILLING, noted, channel(VIEW)) == []


def test_channels_of_other_namespaces_are_left_alone() -> None:
    assert affected(None, BILLING, channel(VIEW, namespace="elsewhere")) == []
