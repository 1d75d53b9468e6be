"""How a Deployment and what it says about itself become an Agent."""

from datetime import UTC, datetime, timedelta
from typing import Any

from lmos.core.errors import LmosError
from lmos.core.planning import (
    Apply,
    Delete,
    Plan,
    RecordEvent,
    WriteStatus,
    needs_discovery,
    plan_agent,
    plan_agent_status,
)
from lmos.core.protocols.capabilities import InvalidDescription
from lmos.core.resources import Agent, AgentSpec
from lmos.core.resources.workload import Deployment, Service
from tests.core.builders import agent, provides

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SAID = AgentSpec(
    id="whatever",
    description="Knows bills",
    supported_channels=("web",),
    provided_capabilities=(provides("view-bill", "1.0.0"),),
)
SERVICE = Service.from_manifest(
    {
        "metadata": {"name": "bills", "namespace": "default"},
        "spec": {"selector": {"app": "billing"}, "ports": [{"port": 9000, "name": "http"}]},
    }
)


def deployment(*, generation: int = 4, replicas: int = 1, **metadata: Any) -> Deployment:
    labels = {"lmos-agent": "true", "version": "7", "team": "billing"}
    status = {"observedGeneration": 4, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    return Deployment.from_manifest(
        {
            "metadata": {
                "name": "billing",
                "namespace": "default",
                "uid": "uid-1",
                "generation": generation,
                "labels": labels,
                **metadata,
            },
            "spec": {"replicas": replicas, "template": {"metadata": {"labels": {"app": "billing"}}}},
            "status": status,
        }
    )


def plan(
    found: AgentSpec | LmosError = SAID,
    present: Agent | None = None,
    workload: Deployment | None = None,
    services: list[Service] | None = None,
) -> Plan:
    return plan_agent(
        workload or deployment(), [SERVICE] if services is None else services, found, present, NOW
    )


def published(found: AgentSpec = SAID) -> Agent:
    """The Agent after its first Plan was applied."""
    apply, status = plan(found).changes
    assert isinstance(apply, Apply)
    assert isinstance(status, WriteStatus)
    manifest = apply.manifest | {"status": status.manifest["status"]}
    manifest["metadata"] = manifest["metadata"] | {"generation": 1, "uid": "uid-of-agent"}
    return Agent.from_manifest(manifest)


def conditions(plan: Plan) -> list[tuple[str, str, str]]:
    (change,) = (change for change in plan.changes if isinstance(change, WriteStatus))
    return [(one["type"], one["status"], one["reason"]) for one in change.manifest["status"]["conditions"]]


def test_a_deployment_that_describes_itself_becomes_an_agent() -> None:
    (manifest,) = plan().applied

    assert manifest == {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Agent",
        "metadata": {
            "name": "billing",
            "namespace": "default",
            "labels": {"lmos-agent": "true", "subset": "stable", "version": "7"},
            "annotations": {"lmos.eclipse/discovered-generation": "4"},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "name": "billing",
                    "uid": "uid-1",
                    "controller": True,
                }
            ],
        },
        "spec": {
            "id": "billing",
            "description": "Knows bills",
            "supportedTenants": [],
            "supportedChannels": ["web"],
            "providedCapabilities": [
                {"id": "", "name": "view-bill", "version": "1.0.0", "description": "", "examples": []}
            ],
            "endpoint": {"scheme": "http", "host": "bills.default.svc.cluster.local", "port": 9000},
        },
    }
    assert conditions(plan()) == [
        ("Accepted", "True", "Accepted"),
        ("Discovered", "True", "Discovered"),
        ("Ready", "True", "Ready"),
    ]


def test_an_agent_that_is_as_it_says_needs_no_change() -> None:
    assert plan(present=published()) == Plan()


def test_an_agent_of_a_card_serves_the_channels_that_its_deployment_names() -> None:
    card = SAID.model_copy(update={"supported_channels": ()})
    workload = deployment(annotations={"lmos.eclipse/channels": "web, ivr,web"})

    assert plan(card, workload=workload).applied[0]["spec"]["supportedChannels"] == ["web", "ivr"]
    assert plan(SAID, workload=workload).applied[0]["spec"]["supportedChannels"] == ["web"]


def test_the_subset_of_the_deployment_is_the_agents() -> None:
    workload = deployment(labels={"lmos-agent": "true", "subset": "canary"})

    assert plan(workload=workload).applied[0]["metadata"]["labels"] == {
        "lmos-agent": "true",
        "subset": "canary",
    }


def test_an_agent_written_by_hand_is_never_touched() -> None:
    by_hand = agent("billing", provides("view-bill", "9.0.0"))

    assert plan(present=by_hand) == Plan()
    assert plan(InvalidDescription("card", ["bad"]), present=by_hand) == Plan()


def test_one_unreadable_version_is_a_condition_and_the_rest_stays() -> None:
    said = SAID.model_copy(update={"provided_capabilities": (provides("a", "1.0.0"), provides("b", "one"))})

    planned = plan(said)

    assert len(planned.applied[0]["spec"]["providedCapabilities"]) == 2
    assert conditions(planned)[0] == ("Accepted", "False", "InvalidVersion")


def test_a_failure_keeps_what_was_last_known_and_says_why() -> None:
    planned = plan(InvalidDescription("capabilities.json", ["no JSON"]), present=published())

    assert planned.applied == ()
    assert conditions(planned) == [
        ("Accepted", "True", "Accepted"),
        ("Discovered", "False", "InvalidDescription"),
        ("Ready", "False", "InvalidDescription"),
    ]


def test_an_agent_whose_pods_are_gone_is_not_ready() -> None:
    planned = plan(present=published(), workload=deployment(replicas=0))

    assert conditions(planned)[2] == ("Ready", "False", "DeploymentNotReady")


def test_before_there_is_an_agent_a_failure_is_one_event_on_the_deployment() -> None:
    first = plan(services=[])
    again = plan_agent(deployment(), [], SAID, None, NOW + timedelta(minutes=5))

    (recorded,) = (change for change in first.changes if isinstance(change, RecordEvent))
    (repeated,) = (change for change in again.changes if isinstance(change, RecordEvent))
    assert recorded.manifest["reason"] == "NoService"
    assert recorded.manifest["involvedObject"]["kind"] == "Deployment"
    assert recorded.manifest["message"] == "Expected exactly one service for deployment billing, but got 0"
    assert recorded.manifest["metadata"]["name"] == repeated.manifest["metadata"]["name"]


def test_a_deployment_that_is_no_agent_any_more_loses_its_agent() -> None:
    present = published()

    assert plan(present=present, workload=deployment(labels={})) == Plan(
        (Delete(Agent.KIND, "default", "billing", "uid-of-agent"),)
    )
    assert plan(workload=deployment(labels={})) == Plan()


def test_a_new_generation_of_the_deployment_is_asked_again() -> None:
    present = published()

    assert not needs_discovery(deployment(), present)
    assert needs_discovery(deployment(generation=5), present)
    assert needs_discovery(deployment(), None)


def test_after_a_failure_the_agent_is_asked_again() -> None:
    (change,) = plan(InvalidDescription("card", ["bad"]), present=published()).changes
    assert isinstance(change, WriteStatus)
    failed = Agent.from_manifest(published().to_manifest() | {"status": change.manifest["status"]})

    assert needs_discovery(deployment(), failed)


def test_the_status_is_about_the_generation_that_the_change_makes() -> None:
    said = SAID.model_copy(update={"description": "Knows all bills"})

    _, status = plan(said, present=published()).changes

    assert isinstance(status, WriteStatus)
    assert status.manifest["status"]["observedGeneration"] == 2


def test_an_agent_written_by_hand_is_told_which_capability_was_rejected() -> None:
    by_hand = agent("billing", provides("view-bill", "one"), provides("pay-bill", "1.0"))

    (change,) = plan_agent_status(by_hand, NOW).changes

    assert isinstance(change, WriteStatus)
    assert set(change.manifest) == {"apiVersion", "kind", "metadata", "status"}
    (condition,) = change.manifest["status"]["conditions"]
    assert condition["reason"] == "InvalidVersion"
    assert condition["message"].endswith("view-bill 'one'.")
