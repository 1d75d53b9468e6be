"""Deciding without doing: plan, explain."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lmos.cli.options import KubeconfigOption, NamespaceOption, Output, OutputOption

if TYPE_CHECKING:
    from lmos.core.planning import PlanReport

PlanFilesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "-f", "--filename", help="Manifests or folders of them; without, the objects of the API are planned."
    ),
]
LiveOption = Annotated[
    bool, typer.Option("--live", help="Plan the files together with what the API server has already.")
]

_UNRESOLVED = 3


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (plan, explain):
        app.command()(command)


def plan(
    files: PlanFilesOption = None,
    *,
    live: LiveOption = False,
    output: OutputOption = Output.table,
    kubeconfig: KubeconfigOption = None,
) -> None:
    """
    Print what Channels would come to, without changing anything.

    Files alone need no API server. Exits with 3 when a Channel is not resolved, 2 when a manifest is wrong.
    """
    from lmos.apps.planning import plan_files, plan_live
    from lmos.cli.output import print_value, waiting

    with waiting("Planning"):
        if files and not live and kubeconfig is None:
            report = plan_files(files)
        else:
            report = asyncio.run(plan_live(kubeconfig, files or []))
    if output is Output.table:
        _print_report(report)
    else:
        print_value(report.to_json(), output)
    if report.problems:
        raise typer.Exit(2)
    if not all(explanation.is_resolved for explanation in report.channels):
        raise typer.Exit(_UNRESOLVED)


def explain(
    channel: Annotated[str, typer.Argument(help="The Channel's name.")],
    namespace: NamespaceOption = "",
    output: OutputOption = Output.table,
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Print why each Capability of a Channel is wired as it is, or what is missing and what would help."""
    from lmos.apps.planning import explain_live
    from lmos.cli.output import print_value, waiting
    from lmos.core.resolver import explanation_to_json, render

    with waiting("Reading Agents"):
        explanation = asyncio.run(explain_live(kubeconfig, channel, namespace))
    if output is Output.table:
        typer.echo("\n".join(render(explanation)))
    else:
        print_value(explanation_to_json(explanation), output)


def _print_report(report: PlanReport) -> None:
    from lmos.cli.output import aside, complain
    from lmos.core.resolver import render

    for explanation in report.channels:
        typer.echo("\n".join(render(explanation)))
        typer.echo()
    for problem in report.problems:
        complain(problem.error, f"{problem.kind} {problem.namespace}/{problem.name}" if problem.name else "")
    if not report.channels and not report.problems:
        aside("There is no Channel to plan.")
