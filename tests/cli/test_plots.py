"""Plots are SVG that anything can show, whatever Agents are called."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from lmos.cli.plots import confusion_matrix, coverage_curve, reliability_diagram, write_plots
from lmos.cli.plots.confusion import MOST_AGENTS, most_confused

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"
PROBABILITIES = np.array([0.99, 0.95, 0.9, 0.6, 0.3], dtype=np.float32)
HITS = np.array([True, True, True, False, True])


def texts(document: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(document).iter(f"{SVG}text")]  # noqa: S314 - our own


def kinds(document: str) -> Counter[str]:
    return Counter(element.get("class", "") for element in ET.fromstring(document).iter())  # noqa: S314 - our own


def test_a_reliability_diagram_names_the_error_and_counts_every_bin() -> None:
    shown = texts(reliability_diagram(PROBABILITIES, HITS))

    assert shown[0] == "Reliability: expected calibration error 29.2 %"
    assert sum(int(text) for text in shown if text.isdigit()) == len(HITS)


def test_a_bin_without_questions_has_no_dot() -> None:
    assert kinds(reliability_diagram(PROBABILITIES, HITS))["dot"] == 4


def test_a_coverage_curve_marks_what_is_answered_at_each_accuracy() -> None:
    shown = texts(coverage_curve(PROBABILITIES, HITS))

    assert "60.0 % answered, ≥ 99 % right" in shown
    assert "60.0 % answered, ≥ 90 % right" in shown


@pytest.mark.parametrize("hits", [[True], [False], [False, True], [True] * 9], ids=str)
def test_few_or_only_wrong_answers_are_drawn_too(hits: list[bool]) -> None:
    answers = np.linspace(1, 0.5, len(hits), dtype=np.float32), np.array(hits)

    assert ("none answered, ≥ 99 % right" in texts(coverage_curve(*answers))) is not hits[0]
    assert kinds(reliability_diagram(*answers))["dot"] >= 1


def test_a_confusion_matrix_shows_right_wrong_and_asked_back() -> None:
    counted = {("billing", "billing"): 7, ("billing", "network"): 2, ("network", None): 1, (None, None): 3}
    document = confusion_matrix(counted)

    assert {"7", "2", "1", "3"} <= set(texts(document))
    # One of each in the legend.
    assert {kind: kinds(document)[kind] - 1 for kind in ("good", "bad", "open")} == {
        "good": 2,
        "bad": 1,
        "open": 1,
    }


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", 'a" onload="b', "&amp;", "]]>", "nul \x00 bell \x07 \ud800", "🤷"]
)
def test_a_name_is_never_more_than_a_name(name: str) -> None:
    document = confusion_matrix({(name, None): 1, (name, name): 1})
    root = ET.fromstring(document)  # noqa: S314 - our own

    assert "<script" not in document
    assert all(set(element.attrib).isdisjoint({"onload", "href"}) for element in root.iter())
    shown = name.translate({0: "\ufffd", 7: "\ufffd", 0xD800: "\ufffd"})[:20]
    assert any(shown in text for text in texts(document))


def test_of_many_agents_the_most_confused_are_shown() -> None:
    names = [f"agent-{number:02}" for number in range(40)]
    counted: dict[tuple[str | None, str | None], int] = {(name, name): 5 for name in names}
    counted["agent-39", "agent-38"] = 4

    assert most_confused(counted, set(names))[:2] == ["agent-38", "agent-39"]
    shown = texts(confusion_matrix(counted))
    assert sum(text.startswith("agent-") for text in shown) == 2 * MOST_AGENTS
    assert any("the 30 most confused of 40 Agents" in text for text in shown)


def test_plots_are_files_in_a_folder_that_may_be_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a" / "b"
    write_plots(folder, {"reliability": reliability_diagram(PROBABILITIES, HITS)})

    assert ET.parse(folder / "reliability.svg").getroot().tag == f"{SVG}svg"  # noqa: S314 - our own
    assert "reliability.svg" in capsys.readouterr().err
