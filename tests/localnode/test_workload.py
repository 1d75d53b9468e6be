"""What a Deployment asks of a machine."""

from typing import Any

import pytest

from lmos.core.resources.workload import DIRECTORY
from lmos.localnode.workload import Probe, UnrunnableDeployment, workload_of


def deployment(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "billing", "annotations": {DIRECTORY: "/srv/agents"}},
        "spec": {"template": {"spec": {"containers": list(containers)}}, **spec},
    }


def test_command_arguments_and_environment_are_those_of_the_container() -> None:
    container = {
        "name": "agent",
        "command": ["lmos", "agent"],
        "args": ["run", "billing.py"],
        "env": [{"name": "REGION", "value": "north"}, {"name": "EMPTY"}],
    }

    workload = workload_of(deployment(container, replicas=2))

    assert workload.command == ("lmos", "agent", "run", "billing.py")
    assert workload.environment == (("REGION", "north"), ("EMPTY", ""))
    assert workload.replicas == 2
    assert workload.directory == "/srv/agents"


def test_readiness_is_asked_as_the_probe_says() -> None:
    probe = {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 3, "failureThreshold": 1}

    workload = workload_of(deployment({"name": "a", "command": ["x"], "readinessProbe": probe}))

    assert workload.readiness == Probe("/health", 3.0, 1)


def test_the_revision_changes_with_the_template_and_not_with_the_number_of_replicas() -> None:
    one = workload_of(deployment({"name": "a", "command": ["x"]}, replicas=1))
    more = workload_of(deployment({"name": "a", "command": ["x"]}, replicas=5))
    other = workload_of(deployment({"name": "a", "command": ["y"]}, replicas=1))

    assert one.revision == more.revision
    assert one.revision != other.revision


@pytest.mark.parametrize(
    ("containers", "says"),
    [
        ([{"name": "a", "image": "registry.example/billing:1"}], "names image 'registry.example/billing:1'"),
        ([], "has 0 containers"),
        ([{"name": "a", "command": ["x"]}, {"name": "b", "command": ["y"]}], "has 2 containers"),
        (
            [{"name": "a", "command": ["x"], "env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {}}}]}],
            "takes variable KEY from another object",
        ),
    ],
)
def test_what_one_machine_cannot_run_is_said_with_the_next_step(
    containers: list[dict[str, Any]], says: str
) -> None:
    with pytest.raises(UnrunnableDeployment, match=says) as caught:
        workload_of(deployment(*containers))

    assert caught.value.hint
