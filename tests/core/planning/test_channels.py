"""How a Channel becomes a ChannelRouting and a status."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lmos.core.planning import Apply, Plan, RecordEvent, Snapshot, WriteStatus, plan_channel, plan_channels
from lmos.core.resources import Agent, Channel, ChannelRouting, Endpoint, ObjectMeta, RequiredCapability
from tests.core.builders import agent, channel, provides, requires

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
VIEW = requires("view-bill", "^1.0.0")
BILLING = agent("billing", provides("view-bill", "1.2.0", with_id="urn:bill", description="Shows a bill"))


def plan(door: Channel, agents: list[Agent], routing: ChannelRouting | None = None) -> Plan:
    return plan_channel(door, agents, routing, NOW)


def routing_in(plan: Plan) -> dict[str, Any]:
    (manifest,) = plan.applied
    return manifest


def status_in(plan: Plan) -> dict[str, Any]:
    (change,) = (change for change in plan.changes if isinstance(change, WriteStatus))
    status: dict[str, Any] = change.manifest["status"]
    return status


def settled(door: Channel, agents: list[Agent]) -> tuple[Channel, ChannelRouting]:
    """The Channel and its routing after its Plan was applied."""
    first = plan(door, agents)
    written = door.to_manifest() | {"status": status_in(first)}
    return Channel.from_manifest(written), ChannelRouting.from_manifest(routing_in(first))


def test_a_resolved_channel_publishes_its_wires_grouped_by_agent() -> None:
    assert routing_in(plan(channel(VIEW), [BILLING])) == {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "ChannelRouting",
        "metadata": {
            "name": "acme-web",
            "namespace": "default",
            "labels": {"channel": "web", "tenant": "acme", "version": "1", "subset": "stable"},
            "ownerReferences": [
                {
                    "apiVersion": "lmos.eclipse/v1",
                    "kind": "Channel",
                    "name": "acme-web",
                    "uid": "uid-of-acme-web",
                    "controller": True,
                }
            ],
        },
        "spec": {
            "capabilityGroups": [
                {
                    "id": "billing-id",
                    "name": "billing",
                    "description": "",
                    "capabilities": [
                        {
                            "id": "urn:bill",
                            "name": "view-bill",
                            "requiredVersion": "^1.0.0",
                            "providedVersion": "1.2.0",
                            "description": "Shows a bill",
                            "host": "billing.default.svc.cluster.local",
                        }
                    ],
                }
            ]
        },
    }


def test_groups_and_capabilities_are_sorted() -> None:
    door = channel(requires("z", "1"), requires("b", "1"), requires("a", "1"))

    spec = routing_in(plan(door, [agent("two", provides("b", "1")), agent("one", *_both())]))["spec"]

    assert [group["name"] for group in spec["capabilityGroups"]] == ["one", "two"]
    assert [one["name"] for one in spec["capabilityGroups"][0]["capabilities"]] == ["a", "z"]


def _both() -> tuple[Any, ...]:
    return provides("z", "1"), provides("a", "1")


def test_the_endpoint_of_an_agent_is_carried_beside_the_host() -> None:
    away = agent("billing", provides("view-bill", "1.2.0"), endpoint=Endpoint(host="10.0.0.7", port=9000))

    (group,) = routing_in(plan(channel(VIEW), [away]))["spec"]["capabilityGroups"]

    assert group["capabilities"][0]["host"] == "billing.default.svc.cluster.local"
    assert group["capabilities"][0]["endpoint"] == {"host": "10.0.0.7", "port": 9000}


def test_a_resolved_status_says_so_and_since_when() -> None:
    status = status_in(plan(channel(VIEW), [BILLING]))

    assert status["resolveStatus"] == "RESOLVED"
    assert "unresolvedRequiredCapabilities" not in status
    assert status["observedGeneration"] == 3
    assert status["conditions"] == [
        {
            "type": kind,
            "status": "True",
            "reason": reason,
            "message": message,
            "observedGeneration": 3,
            "lastTransitionTime": "2026-03-01T12:00:00Z",
        }
        for kind, reason, message in (
            ("Accepted", "Accepted", ""),
            ("Resolved", "Resolved", "Capabilities wired: 1, Agents: 1."),
            ("Ready", "Ready", ""),
        )
    ]


def test_an_unresolved_channel_publishes_what_it_has_and_says_what_is_missing() -> None:
    door = channel(VIEW, requires("pay-bill", "^2"))

    planned = plan(door, [BILLING, agent("payment", provides("pay-bill", "1.0.0"))])

    assert len(routing_in(planned)["spec"]["capabilityGroups"]) == 1
    status = status_in(planned)
    assert status["resolveStatus"] == "UNRESOLVED"
    assert [one["name"] for one in status["unresolvedRequiredCapabilities"]] == ["pay-bill"]
    assert [(one["type"], one["status"], one["reason"]) for one in status["conditions"]] == [
        ("Accepted", "True", "Accepted"),
        ("Resolved", "False", "UnresolvedCapabilities"),
        ("Ready", "False", "UnresolvedCapabilities"),
    ]
    assert status["conditions"][1]["message"] == (
        "Channel acme-web is not resolved. pay-bill ^2: the Agents that may serve this Channel provide it in "
        "other versions only. Nearest: Agent payment provides pay-bill 1.0.0, but that is outside the range."
    )


def test_a_channel_that_nobody_serves_publishes_an_empty_routing() -> None:
    assert routing_in(plan(channel(VIEW), []))["spec"] == {"capabilityGroups": []}


def test_a_range_that_cannot_be_read_is_a_condition() -> None:
    conditions = status_in(plan(channel(VIEW, requires("pay-bill", "abc")), [BILLING]))["conditions"]

    assert [(one["type"], one["status"], one["reason"]) for one in conditions] == [
        ("Accepted", "False", "InvalidRange"),
        ("Resolved", "False", "UnresolvedCapabilities"),
        ("Ready", "False", "InvalidRange"),
    ]
    assert "pay-bill 'abc'" in conditions[0]["message"]


def test_an_endless_range_is_cut_to_what_a_condition_holds() -> None:
    planned = plan(channel(requires("view-bill", "9" * 100_000)), [BILLING])

    assert max(len(one["message"]) for one in status_in(planned)["conditions"]) == 32768


def test_missing_labels_are_a_condition_and_the_subset_label_is_always_written() -> None:
    planned = plan(channel(VIEW, tenant=""), [BILLING])

    assert routing_in(planned)["metadata"]["labels"] == {"channel": "web", "version": "1", "subset": "stable"}
    assert status_in(planned)["conditions"][0]["message"] == "Channel acme-web has no label tenant."
    assert status_in(planned)["conditions"][2]["reason"] == "MissingLabels"


def test_what_is_as_it_should_be_needs_no_change() -> None:
    door, routing = settled(channel(VIEW, requires("pay-bill", "^2")), [BILLING])

    assert plan_channel(door, [BILLING], routing, LATER) == Plan()


def test_labels_and_annotations_of_others_are_left_alone() -> None:
    door, routing = settled(channel(VIEW), [BILLING])
    foreign = routing.metadata.model_copy(
        update={
            "labels": routing.metadata.labels | {"argocd.argoproj.io/instance": "lmos"},
            "annotations": {"javaoperatorsdk.io/previous": "x"},
        }
    )

    assert plan(door, [BILLING], routing.model_copy(update={"metadata": foreign})) == Plan()


def test_a_deleted_or_changed_routing_is_written_again() -> None:
    door, routing = settled(channel(VIEW), [BILLING])
    emptied = routing.model_copy(update={"spec": type(routing.spec)()})
    orphaned = routing.model_copy(
        update={"metadata": ObjectMeta(name=routing.name, labels=routing.metadata.labels)}
    )

    for present in (None, emptied, orphaned):
        planned = plan(door, [BILLING], present)
        assert [type(change) for change in planned.changes] == [Apply]


def test_becoming_unresolved_and_becoming_resolved_are_events() -> None:
    door, routing = settled(channel(VIEW), [BILLING])

    lost = plan(door, [], routing)
    found = plan(Channel.from_manifest(door.to_manifest() | {"status": status_in(lost)}), [BILLING])

    (warning,) = (change.manifest for change in lost.changes if isinstance(change, RecordEvent))
    (normal,) = (change.manifest for change in found.changes if isinstance(change, RecordEvent))
    assert (warning["type"], warning["reason"]) == ("Warning", "UnresolvedCapabilities")
    assert warning["involvedObject"]["uid"] == "uid-of-acme-web"
    assert (normal["type"], normal["reason"]) == ("Normal", "Resolved")


def test_another_reason_for_staying_unresolved_is_no_event() -> None:
    door, routing = settled(channel(VIEW), [])

    planned = plan(door, [agent("billing", provides("view-bill", "2.0.0"))], routing)

    assert [type(change) for change in planned.changes] == [WriteStatus]


def test_the_time_of_a_condition_moves_only_with_its_status() -> None:
    door, routing = settled(channel(VIEW), [BILLING])
    more = door.model_copy(update={"spec": type(door.spec)(required_capabilities=(VIEW, _other()))})

    status = status_in(plan_channel(more, [BILLING], routing, LATER))

    assert [one["lastTransitionTime"][11:13] for one in status["conditions"]] == ["12", "13", "13"]


def _other() -> RequiredCapability:
    return requires("pay-bill", "^2")


def test_a_channel_that_is_being_deleted_is_left_alone() -> None:
    door = channel(VIEW)
    going = door.model_copy(update={"metadata": door.metadata.model_copy(update={"deletion_timestamp": NOW})})

    assert plan(going, [BILLING]) == Plan()


def test_a_snapshot_is_planned_channel_by_channel() -> None:
    doors = (channel(VIEW, name="b"), channel(VIEW, name="a"))
    snapshot = Snapshot(agents=(BILLING,), channels=doors)

    planned = plan_channels(snapshot, NOW)

    assert [manifest["metadata"]["name"] for manifest in planned.applied] == ["a", "b"]
    routings = tuple(ChannelRouting.from_manifest(manifest) for manifest in planned.applied)
    assert plan_channels(replace(snapshot, routings=routings), NOW).applied == ()
