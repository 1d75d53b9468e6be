"""A decision of the router as a person reads it: what was weighed, what was passed over, what mattered."""

from __future__ import annotations

from typing import Any

import typer

from lmos.cli.output import print_table

NO_AGENT = "(none)"

_MOST_WORDS = 10
_FALLS = {"probability": "probabilityFall", "log odds": "logOddsFall", "familiarity": "familiarityFall"}


def print_decision(decision: dict[str, Any]) -> None:
    """What it was made of, with the candidates; decisions of before may lack what is newer than they are."""
    for passed in decision.get("passed", ()):
        how = "Failed" if passed["has_failed"] else "Passed"
        typer.echo(f"{how}       {passed['stage']}: {passed['reason']}")
    if decision.get("question"):
        typer.echo(f"Asked back   {decision['question']}")
    for choice in decision.get("choices", ()):
        typer.echo(f"Offered      {choice['agent']}, {choice['capability']}: {choice['words']}")
    typer.echo(
        f"Thresholds   probability {decision['probability']:.3f} of at least {decision['threshold']:.3f},"
        f" familiarity {decision['familiarity']:.3f} of at least {decision['familiarity_threshold']:.3f}"
    )
    typer.echo(
        f"Made with    head {decision['head'] or '-'}, encoder {decision.get('encoder') or '-'},"
        f" routing {decision['routing_version'] or '-'}, {decision['seconds'] * 1000:.1f} ms"
    )
    if decision.get("model"):
        typer.echo(f"Model        {decision['model']}, {decision['tokens']} tokens")
    typer.echo(f"Input        hash {decision.get('input_hash') or '-'}, {decision.get('language', '-')}\n")
    rows = [
        (each["agent"] or NO_AGENT, each["capability"], f"{each['probability']:.3f}")
        for each in decision["candidates"]
    ]
    print_table(("agent", "capability", "probability"), rows, empty="No candidates were weighed.")


def print_explanation(explanation: dict[str, Any]) -> None:
    """The words and examples that mattered, those that mattered most first, and what limits saying so."""
    for note in explanation["notes"]:
        typer.echo(f"\nNote         {note}")
    if explanation["readWith"]:
        typer.echo(f"\nRead with    {explanation['readWith']}")
    words = sorted(explanation["words"], key=lambda each: -abs(each["logOddsFall"]))
    if words:
        typer.echo(f"\nWords that mattered: what changes for {explanation['agent'] or NO_AGENT} without them")
        rows = [
            (each["words"], *(f"{-each[of]:+.3f}" for of in _FALLS.values())) for each in words[:_MOST_WORDS]
        ]
        print_table(("words", *_FALLS), rows, empty="")
    if explanation["examples"]:
        typer.echo("\nExamples that mattered: the nearest ones")
        nearest = [
            (each["agent"] or NO_AGENT, each["capability"], each["text"], f"{each['similarity']:.3f}")
            for each in explanation["examples"]
        ]
        print_table(("agent", "capability", "example", "similarity"), nearest, empty="")
