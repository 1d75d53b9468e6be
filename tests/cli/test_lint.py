"""Mistakes in what Agents say they can do: `lmos lint agents`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Said

ROOT = Path(__file__).parents[2]
OVERLAPPING = ROOT / "tests" / "router" / "overlapping"
TELECOM = ROOT / "examples" / "01-telecom"

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: elsewhere, labels: {lmos-agent: "true"}}
spec:
  template: {spec: {containers: [{name: agent, image: registry/elsewhere}]}}
---
apiVersion: lmos.eclipse/v1
kind: Channel
metadata: {name: acme-web, labels: {tenant: acme, channel: web}}
spec: {requiredCapabilities: [{name: view-bill, version: ^1.0}]}
"""
TWO_AGENTS = """
from lmos.arc import Agent

for name in ("billing", "payments"):
    agent = globals()[name] = Agent(name, tenants=["acme"], channels=["web"])

    @agent.capability("view-bill", examples=[f"a bill of {name}"])
    def answer() -> str:
        return name
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMOS_ENCODER", "tfidf")


def test_each_finding_is_told_with_its_place_and_what_to_do(lmos: Callable[..., Said]) -> None:
    said = lmos("lint", "agents", str(OVERLAPPING))
    lines = said.out.splitlines()

    assert said.status == 1
    claimed = next(line for line in lines if line.endswith("[claimed-twice]"))
    assert claimed.startswith(f"{OVERLAPPING / 'agents.yaml'}:45: error: Agents billing and payments")
    assert "Let one of them provide it" in lines[lines.index(claimed) + 1]
    assert said.err.startswith("Agents 2, errors ")


@pytest.mark.parametrize(("output", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_findings_as_data(lmos: Callable[..., Said], output: str, read: Callable[[str], Any]) -> None:
    found = read(lmos("lint", "agents", str(OVERLAPPING), "-o", output).out)

    assert found["agents"] == 2
    assert found["counts"]["error"] == sum(each["severity"] == "error" for each in found["findings"])
    (doubled,) = (each for each in found["findings"] if each["rule"] == "duplicate-example")
    assert doubled == {
        "rule": "duplicate-example",
        "severity": "error",
        "subject": {"kind": "Agent", "namespace": "default", "name": "billing", "capability": "pay-bill"},
        "texts": ["I want to pay my bill"],
        "other": {
            "kind": "Agent",
            "namespace": "default",
            "name": "payments",
            "capability": "settle-invoice",
        },
        "otherTexts": ["i want to PAY my bill!"],
        "probability": None,
        "message": doubled["message"],
        "suggestion": "Leave it to the Capability that should answer it.",
        "file": str(OVERLAPPING / "agents.yaml"),
        "line": 28,
    }
    assert {each["rule"] for each in found["findings"]} >= {
        "claimed-twice",
        "no-examples",
        "one-language",
        "unroutable",
    }


def test_sarif_has_what_code_review_tools_need(
    lmos: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    said = lmos("lint", "agents", "tests/router/overlapping", "-o", "sarif", "--fail-on", "never")
    (run,) = said.json["runs"]
    rules = run["tool"]["driver"]["rules"]

    assert (said.status, said.json["version"]) == (0, "2.1.0")
    assert said.json["$schema"].endswith("sarif-2.1.0.json")
    assert run["tool"]["driver"]["name"]
    assert all(rule["shortDescription"]["text"] for rule in rules)
    assert run["results"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "tests/router/overlapping/agents.yaml"
        assert place["region"]["startLine"] >= 1


@pytest.mark.parametrize(("fail_on", "status"), [("error", 0), ("warning", 1), ("never", 0)])
def test_the_mildest_finding_that_fails_is_chosen(
    lmos: Callable[..., Said], tmp_path: Path, fail_on: str, status: int
) -> None:
    spec = {"providedCapabilities": [{"name": "view-bill", "version": "1.0.0"}]}
    agent = {"apiVersion": "lmos.eclipse/v1", "kind": "Agent", "metadata": {"name": "a"}, "spec": spec}
    (tmp_path / "agent.json").write_text(json.dumps(agent))

    assert lmos("lint", "agents", str(tmp_path), "--fail-on", fail_on).status == status


def test_what_cannot_be_read_is_found_beside_the_rest(lmos: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("kind: [")
    said = lmos("lint", "agents", str(OVERLAPPING), str(tmp_path), "-o", "json")

    (unreadable,) = (each for each in said.json["findings"] if each["rule"] == "unreadable")
    assert (said.status, unreadable["severity"]) == (1, "error")
    assert unreadable["file"] == str(tmp_path / "broken.yaml")
    assert unreadable["suggestion"]


def test_nothing_to_lint_is_an_error_with_a_next_step(lmos: Callable[..., Said], tmp_path: Path) -> None:
    nowhere = lmos("lint", "agents", str(tmp_path / "nowhere"))
    (tmp_path / "service.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")
    nobody = lmos("lint", "agents", str(tmp_path))

    assert (nowhere.status, nobody.status) == (2, 2)
    assert "there is no manifest here" in nowhere.err
    assert "no Agent with Capabilities" in nobody.err


def test_an_agent_that_is_known_only_where_it_runs_makes_what_is_missing_a_note(
    lmos: Callable[..., Said], tmp_path: Path
) -> None:
    (tmp_path / "all.yaml").write_text(DEPLOYMENT)
    said = lmos("lint", "agents", str(tmp_path), "-o", "json")

    assert said.status == 0
    assert [(each["severity"], each["rule"]) for each in said.json["findings"]] == [
        ("note", "unknown-agent"),
        ("note", "unroutable"),
    ]


def test_agents_in_a_python_file_are_described_by_another_process(
    lmos: Callable[..., Said], tmp_path: Path
) -> None:
    file = tmp_path / "agents.py"
    file.write_text(TWO_AGENTS)
    said = lmos("lint", "agents", str(file), "-o", "json")

    (claimed,) = (each for each in said.json["findings"] if each["rule"] == "claimed-twice")
    assert (said.json["agents"], said.status) == (2, 1)
    assert (claimed["subject"]["name"], claimed["file"]) == ("payments", str(file))


def test_the_telecom_example_is_clean(lmos: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMOS_ENCODER", "use")
    said = lmos("lint", "agents", str(TELECOM), "--fail-on", "warning", "-o", "json")

    assert said.status == 0
    assert said.json["agents"] == 5
    assert said.json["counts"] | {"note": 0} == {"error": 0, "warning": 0, "note": 0}
    assert {Path(each["file"]).suffix for each in said.json["findings"]} <= {".py"}
