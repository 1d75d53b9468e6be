"""The example's manifests resolve, and its Channels differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lmos.arc import describe_file, load_agents
from lmos.core.planning import plan_documents

if TYPE_CHECKING:
    from pathlib import Path

    from lmos.arc import Agent


@pytest.fixture
def manifests(telecom_folder: Path) -> list[dict[str, Any]]:
    files = sorted(telecom_folder.glob("*.yaml"))
    return [document for file in files for document in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def described(file: Path) -> list[dict[str, Any]]:
    """The Agent manifests that the operator makes of what the Agents in a file say about themselves."""
    return [
        {
            "apiVersion": "lmos.eclipse/v1",
            "kind": "Agent",
            "metadata": {"name": said["id"], "labels": {"lmos-agent": "true", "subset": "stable"}},
            "spec": {
                "id": said["id"],
                "description": said["description"],
                "supportedTenants": said["supportedTenants"],
                "supportedChannels": said["supportedChannels"],
                "providedCapabilities": said["capabilities"],
            },
        }
        for said in describe_file(file)
    ]


def test_every_channel_is_resolved(telecom_folder: Path, manifests: list[dict[str, Any]]) -> None:
    files = [file for file in (telecom_folder / "agents").glob("*.py") if file.stem != "telecom"]

    report = plan_documents([*manifests, *(agent for file in files for agent in described(file))])

    assert not report.problems
    assert [(each.channel.name, each.is_resolved) for each in report.channels] == [
        ("acme-ivr-stable", True),
        ("acme-web-stable", True),
        ("globex-ivr-stable", True),
        ("globex-web-stable", True),
    ]


def test_each_deployment_runs_the_agent_of_its_name_behind_a_service(
    telecom_folder: Path, telecom: dict[str, Agent], manifests: list[dict[str, Any]]
) -> None:
    deployments = [each for each in manifests if each["kind"] == "Deployment"]
    services = {each["metadata"]["name"]: each for each in manifests if each["kind"] == "Service"}

    assert {each["metadata"]["name"] for each in deployments} == telecom.keys()
    for deployment in deployments:
        name, template = deployment["metadata"]["name"], deployment["spec"]["template"]
        *command, file = template["spec"]["containers"][0]["command"]
        assert command == ["lmos", "agent", "run"]
        assert [agent.name for agent in load_agents(telecom_folder / file)] == [name]
        assert services[name]["spec"]["selector"] == template["metadata"]["labels"]


def test_no_two_channels_offer_the_same(manifests: list[dict[str, Any]]) -> None:
    offers = [
        frozenset(required["name"] for required in each["spec"]["requiredCapabilities"])
        for each in manifests
        if each["kind"] == "Channel"
    ]

    assert len(set(offers)) == len(offers) == 4


def test_some_agents_serve_both_tenants_and_one_only_one(telecom: dict[str, Agent]) -> None:
    tenants = {name: set(agent.tenants) for name, agent in telecom.items()}

    assert tenants.pop("device-agent") == {"acme"}
    assert all(served == {"acme", "globex"} for served in tenants.values())
