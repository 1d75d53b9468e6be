"""The router by itself: `lmos route`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from lmos.router.variants import VariantName
from tests.router.rosters import ROSTER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Said
    from tests.e2e.running import Up

FIGURES = set(
    """
    agent_accuracy capability_accuracy oos_recall_at_5 oos_auroc answered answered_accuracy coverage_at_99
    ece latency_ms train_seconds
    """.split()
)
QUESTIONS = (
    {"text": "Why is my bill so high?", "agent": "billing", "capability": "view-bill", "language": "en"},
    {"text": "Warum ist meine Rechnung so hoch?", "agent": "billing", "language": "de"},
    {"text": "The internet does not work", "agent": "network"},
    {"text": "Which wine goes with fish?", "agent": None},
)


@pytest.fixture
def agents(tmp_path: Path) -> Path:
    """Two Agents as manifests, beside a Channel that nobody needs."""
    folder = tmp_path / "agents"
    folder.mkdir()
    manifests = [
        {
            "apiVersion": "lmos.eclipse/v1",
            "kind": "Agent",
            "metadata": {"name": agent.name},
            "spec": {
                "description": agent.description,
                "providedCapabilities": [
                    {"name": can.name, "version": "1.0.0", "examples": list(can.examples)}
                    for can in agent.capabilities
                ],
            },
        }
        for agent in ROSTER.agents
    ]
    (folder / "agents.yaml").write_text(yaml.safe_dump_all(manifests))
    (folder / "other.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: billing}\n")
    return folder


@pytest.fixture
def questions(agents: Path) -> Path:
    file = agents / "questions.json"
    file.write_text("\n".join(json.dumps(question) for question in QUESTIONS))
    return file


@pytest.mark.usefixtures("nowhere")
def test_an_evaluation_needs_nothing_but_manifests(
    lmos: Callable[..., Said], agents: Path, questions: Path
) -> None:
    said = lmos("route", "eval", str(questions), "--agents", str(agents), "-o", "json")

    assert (said.status, said.err) == (0, "")
    assert set(said.json) >= FIGURES
    assert set(said.json["per_language"]) == {"de", "en"}
    assert all(set(figures) >= FIGURES for figures in said.json["per_language"].values())
    assert said.json["agent_accuracy"] == 1.0
    assert set(said.json["latency_ms"]) == {"p50", "p99"}


def test_an_evaluation_for_people_ends_with_who_was_mistaken_for_whom(
    lmos: Callable[..., Said], agents: Path, questions: Path
) -> None:
    said = lmos("route", "eval", str(questions), "--agents", str(agents))
    figures, matrix = said.out.split("\n\n")

    assert figures.splitlines()[0].split() == ["FIGURE", "ALL", "DE", "EN"]
    assert [line.split()[0] for line in matrix.splitlines()[1:]] == ["billing", "network", "(none)"]


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('{"text": "a", "agent": null}\n{"text": "b"}', "line 2: agent: Field required"),
        ('{"text": "a", "agent": "payroll"}', "line 1: there is no Agent 'payroll'"),
        ("", "holds no question"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_with_a_next_step(
    lmos: Callable[..., Said], agents: Path, tmp_path: Path, written: str, says: str
) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(written)
    said = lmos("route", "eval", str(file), "--agents", str(agents), "-o", "json")

    assert (said.status, said.out) == (2, "")
    assert says in said.err
    assert "Next:  " in said.err


def test_a_folder_that_cannot_be_used_is_an_error_with_a_next_step(
    lmos: Callable[..., Said], agents: Path, questions: Path, tmp_path: Path
) -> None:
    asked = questions.rename(tmp_path / "questions.jsonl")

    def told(folder: Path, file: Path = asked) -> Said:
        return lmos("route", "eval", str(file), "--agents", str(folder))

    (tmp_path / "empty").mkdir()
    assert "there is no manifest here" in told(tmp_path / "empty").err
    assert "there is no manifest here" in told(tmp_path / "nowhere").err
    assert "cannot be read: No such file" in told(agents, tmp_path / "nothing.jsonl").err
    assert "no Agent with Capabilities" in told(agents / "other.yaml").err
    (agents / "again.yaml").write_text((agents / "agents.yaml").read_text())
    assert "more than one Agent billing" in told(agents).err
    (agents / "again.yaml").write_text("kind: [")
    assert "again.yaml cannot be read" in told(agents).err


@pytest.mark.e2e
@pytest.mark.usefixtures("up")
def test_a_text_is_tried_without_asking_anybody(lmos: Callable[..., Said]) -> None:
    said = lmos("route", "test", "how much is my bill", "-t", "demo", "-c", "web", "-o", "json")
    shown = lmos("route", "test", "will it rain tomorrow", "-t", "demo", "-c", "web")

    assert (said.status, said.json["agent"], said.json["stage"]) == (0, "billing-agent", "vector")
    assert said.json["candidates"]
    assert shown.out.startswith("Agent        weather-agent, ")
    assert said.json["explanation"]["agent"] == "billing-agent"
    assert "Words that mattered: what changes for weather-agent without them" in shown.out


@pytest.mark.e2e
def test_a_channel_that_is_not_there_is_told(lmos: Callable[..., Said], up: Up) -> None:
    said = lmos("route", "test", "hello", "-t", "nobody", "-c", "web")

    assert up.endpoints
    assert said.status == 4
    assert "No routing info found" in said.err


def test_an_evaluation_draws_its_plots(
    lmos: Callable[..., Said], agents: Path, questions: Path, tmp_path: Path
) -> None:
    said = lmos(
        "route", "eval", str(questions), "--agents", str(agents), "--plots", str(tmp_path), "-o", "json"
    )

    assert said.json["agent_accuracy"] == 1.0
    assert {file.stem for file in tmp_path.glob("*.svg")} == {"confusion", "coverage", "reliability"}


def test_questions_out_of_scope_alone_have_nothing_to_be_sure_of(
    lmos: Callable[..., Said], agents: Path, tmp_path: Path
) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps(QUESTIONS[3]))
    lmos("route", "eval", str(file), "--agents", str(agents), "--plots", str(tmp_path))

    assert [file.name for file in tmp_path.glob("*.svg")] == ["confusion.svg"]


@pytest.mark.parametrize("variant", list(VariantName))
def test_simpler_ways_are_evaluated_alike(
    lmos: Callable[..., Said], agents: Path, questions: Path, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    monkeypatch.setenv("LMOS_ENCODER", "tfidf")
    said = lmos("route", "eval", str(questions), "--agents", str(agents), "--variant", variant, "-o", "json")

    assert (said.status, set(said.json) >= FIGURES) == (0, True)


def test_no_other_variant_is_known(lmos: Callable[..., Said], agents: Path, questions: Path) -> None:
    assert lmos("route", "eval", str(questions), "--agents", str(agents), "--variant", "luck").status == 2
