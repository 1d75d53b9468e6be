"""A decision as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.cli.decision_record import print_decision, print_explanation
from lmos.core.conversation import Choice
from lmos.router import Candidate, Passed, RouteDecision
from lmos.router.explaining import Explanation, NearExample, WordEffect

if TYPE_CHECKING:
    import pytest

ASKED_BACK = RouteDecision(
    None,
    "clarify",
    "Nobody is sure.",
    candidates=(Candidate("billing", "view-bill", 0.6), Candidate("", "choose-wine", 0.4)),
    passed=(Passed("vector", "None is clearly ahead."), Passed("llm", "It is away.", has_failed=True)),
    question="Which one?",
    choices=(Choice("billing", "view-bill", "see your bill"),),
    head="h1",
    encoder="use",
    model="qwen3",
    tokens=120,
    input_hash="f973236cdd721988",
    routing_version="12",
    seconds=0.0042,
)
EXPLAINED = Explanation(
    "billing",
    "view-bill",
    read_with="how much is my bill",
    words=(WordEffect("and", 0.0, 0.1, -0.01), WordEffect("bill", 0.5, 3.0, 0.2)),
    examples=(NearExample("billing", "view-bill", "show my bill", 0.9),),
    notes=("Head h0 has decided.",),
)


def test_every_stage_is_told_with_what_it_was_made_of(capsys: pytest.CaptureFixture[str]) -> None:
    print_decision(ASKED_BACK.to_json())

    assert capsys.readouterr().out.splitlines() == [
        "Passed       vector: None is clearly ahead.",
        "Failed       llm: It is away.",
        "Asked back   Which one?",
        "Offered      billing, view-bill: see your bill",
        "Thresholds   probability 0.000 of at least 0.000, familiarity 0.000 of at least 0.000",
        "Made with    head h1, encoder use, routing 12, 4.2 ms",
        "Model        qwen3, 120 tokens",
        "Input        hash f973236cdd721988, en",
        "",
        "AGENT    CAPABILITY   PROBABILITY",
        "billing  view-bill    0.600",
        "(none)   choose-wine  0.400",
    ]


def test_what_mattered_most_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    print_explanation(EXPLAINED.to_json())

    assert capsys.readouterr().out.splitlines() == [
        "",
        "Note         Head h0 has decided.",
        "",
        "Read with    how much is my bill",
        "",
        "Words that mattered: what changes for billing without them",
        "WORDS  PROBABILITY  LOG ODDS  FAMILIARITY",
        "bill   -0.500       -3.000    -0.200",
        "and    -0.000       -0.100    +0.010",
        "",
        "Examples that mattered: the nearest ones",
        "AGENT    CAPABILITY  EXAMPLE       SIMILARITY",
        "billing  view-bill   show my bill  0.900",
    ]


def test_a_decision_of_before_is_told_as_far_as_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    newer = {"passed", "question", "choices", "encoder", "model", "tokens", "input_hash", "language"}
    before = {name: value for name, value in ASKED_BACK.to_json().items() if name not in newer}
    print_decision(before)

    told = capsys.readouterr().out
    assert "Made with    head h1, encoder -, routing 12, 4.2 ms\nInput        hash -, -" in told
