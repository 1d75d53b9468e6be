"""A Turn's record as a person reads it: what was asked, who answered, and why."""

from __future__ import annotations

from typing import Any

import typer

from lmos.cli.attachments import attachments
from lmos.cli.decision_record import print_decision, print_explanation

_UNANSWERED = {"failed": "The Turn failed", "cancelled": "The Turn was cancelled"}


def because(record: dict[str, Any]) -> str:
    """Who answered and why, in a line."""
    decision = record["decision"]
    if record["status"] in _UNANSWERED:
        return f"{_UNANSWERED[record['status']]}: {record['error']}"
    if not decision:
        return "No Agent was chosen yet."
    if not decision["agent"]:
        return f"No Agent answered: {decision['reason']}"
    share = f", {decision['probability']:.0%} sure" if decision["stage"] != "explicit" else ""
    path = _path(decision)
    chosen = f"{path[0]} ({decision['stage']}{share}): {decision['reason']}"
    return f"{chosen} Handed over: {' → '.join(path)}." if path[1:] else chosen


def print_record(record: dict[str, Any], explanation: dict[str, Any]) -> None:
    """The whole record, with what the router weighed and what mattered."""
    decision = record["decision"]
    typer.echo(f"Turn         {record['turn']} of Conversation {record['conversation']}")
    typer.echo(f"Channel      {record['tenant']}/{record['channel']}")
    typer.echo(f"Question     {record['question']}")
    typer.echo(f"Answer       {record['answer'] or '-'}")
    for attachment in attachments(record["messages"]):
        typer.echo(f"             [{attachment}]")
    typer.echo(f"Decision     {because(record)}")
    if not decision:
        return
    if decision.get("moved"):
        typer.echo(f"Moved        {decision['moved']}")
    # Records of before there were traces have none.
    typer.echo(f"Trace        {decision.get('trace_id', '-')}")
    print_decision(decision)
    print_explanation(explanation)


def _path(decision: dict[str, Any]) -> list[str]:
    """The Agents that were asked, in order; records of before there were hand-overs have none."""
    return [*decision.get("handed_over_by", ()), decision["agent"]]
