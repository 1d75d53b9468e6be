"""What is wrong before any user asks: `lmos lint agents`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lmos.cli.options import Output

if TYPE_CHECKING:
    from lmos.apps.agent_linting import LintReport, Located

app = typer.Typer(help="Look for mistakes in what Agents say they can do.", no_args_is_help=True)


class LintOutput(StrEnum):
    """How findings are printed."""

    text = "text"
    json = "json"
    yaml = "yaml"
    sarif = "sarif"


class FailOn(StrEnum):
    """The mildest finding that makes the command fail."""

    error = "error"
    warning = "warning"
    never = "never"


_FAILING = {
    FailOn.error: {"error"},
    FailOn.warning: {"error", "warning"},
    FailOn.never: set[str](),
}


@app.callback()
def root() -> None:
    """Look for mistakes in what Agents say they can do."""


@app.command()
def agents(
    paths: Annotated[
        list[Path], typer.Argument(help="Manifests, folders of them, or Python files with Agents.")
    ],
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="The mildest finding that ends with exit status 1.")
    ] = FailOn.error,
    output: Annotated[
        LintOutput, typer.Option("-o", "--output", help="How to print what was found.")
    ] = LintOutput.text,
) -> None:
    """
    Print what in the Capabilities and examples of Agents will mislead users.

    Capabilities that two Agents claim, examples that the router would send elsewhere, duplicates, missing
    examples, requirements that nobody meets. Nothing needs to run; Python files are imported.
    """
    from lmos.apps.arithmetic import on_one_thread
    from lmos.cli.output import print_value, waiting

    with on_one_thread():
        from lmos.apps.agent_linting import lint_files

    with waiting("Reading Agents and cross-validating their examples"):
        report = lint_files(paths)
    if output is LintOutput.text:
        _print_findings(report)
    elif output is LintOutput.sarif:
        from lmos.cli.sarif import sarif

        print_value(sarif(report.findings), Output.json)
    else:
        print_value(report.to_json(), Output(output.value))
    if any(located.finding.severity in _FAILING[fail_on] for located in report.findings):
        raise typer.Exit(1)


def _print_findings(report: LintReport) -> None:
    from lmos.cli.output import aside

    for located in report.findings:
        finding = located.finding
        typer.echo(f"{_place(located)}{finding.severity}: {finding.message} [{finding.rule}]")
        typer.echo(f"    {finding.suggestion}")
    told = ", ".join(f"{name}s {count}" for name, count in report.to_json()["counts"].items())
    aside(f"Agents {report.agents}, {told}.")


def _place(located: Located) -> str:
    if not located.file:
        return ""
    return f"{located.file}:{located.line}: " if located.line else f"{located.file}: "
