"""The router's thresholds for a stated goal: `lmos router calibrate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from lmos.router import RouterSettings
from tests.router.rosters import BILLS, FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Said
    from tests.e2e.running import Up


def write_agents(file: Path, **examples: tuple[str, ...]) -> Path:
    manifests = [
        {
            "apiVersion": "lmos.eclipse/v1",
            "kind": "Agent",
            "metadata": {"name": name},
            "spec": {
                "providedCapabilities": [{"name": "answer", "version": "1.0.0", "examples": list(said)}]
            },
        }
        for name, said in examples.items()
    ]
    file.write_text(yaml.safe_dump_all(manifests))
    return file


@pytest.fixture(autouse=True)
def _without_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMOS_ENCODER", "tfidf")


@pytest.fixture
def agents(tmp_path: Path) -> str:
    return str(write_agents(tmp_path / "agents.yaml", billing=BILLS, network=FAULTS))


def test_what_a_precision_costs_is_told_with_the_annotation_for_it(
    lmos: Callable[..., Said], agents: str
) -> None:
    said = lmos("router", "calibrate", "--agents", agents, "--precision", "0.9", "--let-through", "0.2")
    figures, _, annotation = said.out.split("\n\n", 2)
    written = yaml.safe_load(annotation.removeprefix("For the Channel:\n\n"))

    assert (said.status, said.err) == (0, "")
    assert figures.splitlines()[1].split()[:2] == ["held_out", "24"]
    assert RouterSettings.of(written["metadata"]["annotations"]) == RouterSettings(
        precision=0.9, letThrough=0.2
    )


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_programs_read_the_same_as_data(lmos: Callable[..., Said], agents: str, output: str) -> None:
    said = lmos("router", "calibrate", "--agents", agents, "-o", output)
    told = yaml.safe_load(said.out)

    assert set(told) >= {"ece", "coverage_at_90", "coverage_at_99", "answered", "answered_accuracy"}
    assert set(told["thresholds"]) == {"probability", "familiarity", "sharpness"}
    assert told["annotation"] == "precision: 0.98\n"


def test_plots_are_written_beside(lmos: Callable[..., Said], agents: str, tmp_path: Path) -> None:
    said = lmos("router", "calibrate", "--agents", agents, "--plots", str(tmp_path / "plots"))

    assert said.status == 0
    assert {file.name for file in (tmp_path / "plots").iterdir()} == {"coverage.svg", "reliability.svg"}


def test_a_precision_out_of_reach_fails_after_the_report(lmos: Callable[..., Said], tmp_path: Path) -> None:
    alike = write_agents(tmp_path / "alike.yaml", one=BILLS, other=(*BILLS[1:], BILLS[0]))
    said = lmos("router", "calibrate", "--agents", str(alike), "-o", "json")

    assert (said.status, said.json["is_reached"]) == (1, False)
    assert "A precision of 0.98 cannot be reached" in said.err
    assert "Next:  " in said.err


def test_too_few_examples_are_wrong_input(lmos: Callable[..., Said], tmp_path: Path) -> None:
    few = write_agents(tmp_path / "few.yaml", billing=BILLS[:3], network=FAULTS[:3])
    said = lmos("router", "calibrate", "--agents", str(few))

    assert (said.status, said.out) == (2, "")
    assert "examples that can be held out; 21 are needed" in said.err


def test_one_of_two_shares_decides_what_is_familiar(lmos: Callable[..., Said], agents: str) -> None:
    said = lmos("router", "calibrate", "--agents", agents, "--let-through", "0.2", "--false-rejection", "0.1")

    assert said.status == 2
    assert "either one sets the threshold" in said.err


@pytest.mark.e2e
@pytest.mark.usefixtures("up")
def test_the_agents_of_a_channel_have_too_few_examples(lmos: Callable[..., Said], up: Up) -> None:
    said = lmos("router", "calibrate", "-t", "demo", "-c", "web")

    assert up.endpoints
    assert "examples that can be held out; 21 are needed" in said.err
