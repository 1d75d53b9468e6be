"""Agents as files say them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lmos.apps.agent_sources import read_agents

if TYPE_CHECKING:
    from lmos.core.resources import Agent

TELECOM = Path(__file__).parents[2] / "examples" / "01-telecom"

PYTHON = """
from lmos.arc import Agent

billing = Agent("billing", tenants=["acme"], channels=["web"])
roaming = Agent("roaming", tenants=["acme", "globex"], channels=["web"])

@billing.capability("view-bill", examples=["how much is my bill"])
def view_bill() -> str:
    return "42"

@roaming.capability("roaming-prices", examples=["what does Spain cost"])
def prices() -> str:
    return "nothing"
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, labels: {{lmos-agent: "{label}", subset: canary}}}}
spec:
  template: {{spec: {{containers: [{{name: agent, image: any, command: [{command}]}}]}}}}
"""
BY_HAND = """
apiVersion: lmos.eclipse/v1
kind: Agent
metadata: {name: served}
spec: {providedCapabilities: [{name: by-hand, version: 1.0.0}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "agents.py").write_text(PYTHON)
    return tmp_path


def deployed(folder: Path, command: str, *, name: str = "served", label: str = "true") -> None:
    (folder / f"{name}.yaml").write_text(DEPLOYMENT.format(name=name, command=command, label=label))


def capabilities(agent: Agent) -> list[str]:
    return [provided.name for provided in agent.spec.provided_capabilities]


def test_a_python_file_stands_for_each_of_its_agents(folder: Path) -> None:
    billing, roaming = read_agents([folder / "agents.py"]).agents

    assert (billing.name, capabilities(billing)) == ("billing", ["view-bill"])
    assert (roaming.name, capabilities(roaming)) == ("roaming", ["roaming-prices"])
    assert billing.spec.provided_capabilities[0].examples == ("how much is my bill",)


def test_a_deployment_stands_for_what_its_file_serves_together(folder: Path) -> None:
    deployed(folder, "lmos, agent, run, agents.py")

    sources = read_agents([folder])
    (agent,) = sources.agents

    assert (agent.name, agent.subset, agent.namespace) == ("served", "canary", "default")
    assert capabilities(agent) == ["view-bill", "roaming-prices"]
    assert agent.spec.supported_tenants == ("acme", "globex")
    assert sources.manifests[-1].source == str(folder / "agents.py")


def test_a_deployment_may_serve_one_agent_of_its_file(folder: Path) -> None:
    deployed(folder, "lmos, agent, run, agents.py, --agent, roaming")

    (agent,) = read_agents([folder]).agents

    assert (agent.name, capabilities(agent)) == ("served", ["roaming-prices"])


def test_an_agent_with_a_manifest_is_as_that_says(folder: Path) -> None:
    deployed(folder, "lmos, agent, run, agents.py")
    (folder / "by-hand.yaml").write_text(BY_HAND)

    (agent,) = read_agents([folder]).agents

    assert capabilities(agent) == ["by-hand"]


def test_a_deployment_without_a_python_file_is_undescribed(folder: Path) -> None:
    deployed(folder, "/bin/agent")
    deployed(folder, "lmos, agent, run, agents.py", name="no-agent", label="false")

    sources = read_agents([folder])

    assert sources.agents == ()
    assert [each.manifest["metadata"]["name"] for each in sources.undescribed] == ["served"]


def test_a_file_that_does_not_import_is_a_problem_beside_the_rest(folder: Path) -> None:
    (folder / "broken.py").write_text("1 / 0")

    sources = read_agents([folder / "agents.py", folder / "broken.py"])

    assert [agent.name for agent in sources.agents] == ["billing", "roaming"]
    assert [problem.code for problem in sources.problems] == ["BrokenAgentFile"]


def test_the_telecom_example_has_five_agents() -> None:
    agents = read_agents([TELECOM]).agents

    assert len(agents) == 5
    assert all(provided.examples for agent in agents for provided in agent.spec.provided_capabilities)
