"""The router's thresholds for a stated goal: `lmos router calibrate`."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lmos.cli.options import ChannelOption, KubeconfigOption, Output, OutputOption, PlotsOption, TenantOption

if TYPE_CHECKING:
    from lmos.router.calibrating import CalibrationReport

app = typer.Typer(help="The router: what a stated precision costs.", no_args_is_help=True)

_MEANINGS = {
    "held_out": "examples, each judged by a head that has not seen it",
    "agent_accuracy": "the most probable Agent is the right one",
    "ece": "how far probabilities are from what came true",
    "coverage_at_90": "are answered where 90 % of the answers are right",
    "coverage_at_95": "… 95 %",
    "coverage_at_98": "… 98 %",
    "coverage_at_99": "… 99 %",
    "answered": "get an Agent by thresholds that other examples set",
    "answered_accuracy": "of these the right one",
    "turned_away": "are not familiar enough",
    "let_through": "of generic texts out of scope are familiar enough",
}


@app.callback()
def root() -> None:
    """The router: what a stated precision costs."""


@app.command()
def calibrate(
    agents: Annotated[
        Path | None,
        typer.Option(
            "--agents",
            help="A folder with manifests of kind Agent. Default: the Channel's Agents as the API server has"
            " them.",
            show_default=False,
        ),
    ] = None,
    tenant: TenantOption = "",
    channel: ChannelOption = "",
    precision: Annotated[
        float | None,
        typer.Option(
            "--precision",
            help="Share of answered questions that must reach the right Agent. Default: the Channel's, 0.98.",
            min=0,
            max=1,
            show_default=False,
        ),
    ] = None,
    let_through: Annotated[
        float | None,
        typer.Option(
            "--let-through",
            help="Share of questions out of scope that may pass as familiar; it decides instead of"
            " --false-rejection.",
            min=0,
            max=1,
            show_default=False,
        ),
    ] = None,
    false_rejection: Annotated[
        float | None,
        typer.Option(
            "--false-rejection",
            help="Share of questions for the Agents that may be turned away as unfamiliar. Default: the"
            " Channel's, 0.05.",
            min=0,
            max=1,
            show_default=False,
        ),
    ] = None,
    plots: PlotsOption = None,
    output: OutputOption = Output.table,
    kubeconfig: KubeconfigOption = None,
) -> None:
    """
    Print what a stated precision costs, by cross-validation on the Agents' own examples.

    Prints the annotation that makes a Channel use this goal. Exits with 1 where no threshold reaches it.
    """
    from lmos.apps.arithmetic import on_one_thread
    from lmos.cli.output import print_value, waiting

    with on_one_thread():
        from lmos.apps.router_calibration import calibrate_channel, calibrate_files
        from lmos.router.calibrating import PrecisionOutOfReach

    if let_through is not None and false_rejection is not None:
        raise typer.BadParameter("State --let-through or --false-rejection: either one sets the threshold.")
    told = {"precision": precision, "let_through": let_through, "false_rejection": false_rejection}
    stated: dict[str, float | None] = {name: share for name, share in told.items() if share is not None}
    if false_rejection is not None:
        # What the Channel lets through would decide instead.
        stated["let_through"] = None
    with waiting("Reading Agents and cross-validating their examples"):
        report = (
            calibrate_files(agents, stated)
            if agents
            else calibrate_channel(kubeconfig, tenant, channel, stated)
        )
    if output is Output.table:
        _print_report(report.to_json())
    else:
        print_value(report.to_json(), output)
    if plots:
        _draw(plots, report)
    if not report.is_reached:
        raise PrecisionOutOfReach(report.settings.precision)


def _print_report(told: dict[str, Any]) -> None:
    from lmos.cli.output import print_table
    from lmos.core.resources.labels import ROUTER_SETTINGS

    rows = [
        (name, "-" if told[name] is None else f"{told[name]:g}", meaning)
        for name, meaning in _MEANINGS.items()
    ]
    print_table(("figure", "measured", "means"), rows, empty="No figures.")
    thresholds = ", ".join(f"{name} {value:g}" for name, value in told["thresholds"].items())
    typer.echo(f"\nThresholds   {thresholds}\n")
    typer.echo(f"For the Channel:\n\nmetadata:\n  annotations:\n    {ROUTER_SETTINGS}: |")
    typer.echo(indent(told["annotation"], " " * 6), nl=False)


def _draw(folder: Path, report: CalibrationReport) -> None:
    from lmos.cli.plots import coverage_curve, reliability_diagram, write_plots

    judged = report.answers.probabilities, report.answers.hits
    write_plots(folder, {"reliability": reliability_diagram(*judged), "coverage": coverage_curve(*judged)})
