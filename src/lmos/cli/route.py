"""The router by itself: where a text would go, and how good it is on questions with known answers."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lmos.cli import replay
from lmos.cli.options import ChannelOption, KubeconfigOption, Output, OutputOption, PlotsOption, TenantOption

if TYPE_CHECKING:
    from lmos.router import RouteDecision
    from lmos.router.evaluation import Evaluation
    from lmos.router.explaining import Explanation

app = typer.Typer(
    help="The router: try a text, evaluate a file of questions, replay past Turns.", no_args_is_help=True
)
replay.register(app)

_LARGEST_MATRIX = 12
_MOST_CONFUSIONS = 20
_NO_AGENT = "(none)"


class Variant(StrEnum):
    """What judges the questions of an evaluation, as `lmos.router.variants` names it."""

    head = "head"
    neighbour = "neighbour"
    centroid = "centroid"
    vote = "vote"
    ranker = "ranker"
    ranker_in_code = "ranker-in-code"


@app.command("eval")
def evaluate(
    file: Annotated[
        Path,
        typer.Argument(
            help='A JSON object a line: "text", "agent" (null for out of scope), and if known "capability",'
            ' "language", "history".'
        ),
    ],
    agents: Annotated[Path, typer.Option("--agents", help="A folder with manifests of kind Agent.")],
    variant: Annotated[
        Variant | None,
        typer.Option(
            "--variant",
            help="Judge each question by itself: by the head, or by a simpler way, for comparison.",
            show_default=False,
        ),
    ] = None,
    plots: PlotsOption = None,
    output: OutputOption = Output.table,
) -> None:
    """
    Print how good the router is on questions with known answers, on manifests alone.

    Trains and calibrates as the runtime does, with all Agents of the folder in one Channel.
    """
    from lmos.apps.arithmetic import on_one_thread
    from lmos.cli.output import print_value, waiting

    with on_one_thread():
        from lmos.apps.route_evaluation import evaluate_files
        from lmos.router.variants import VariantName

    with waiting("Training and asking"):
        evaluation = evaluate_files(file, agents, VariantName(variant.value) if variant else None)
    if output is Output.table:
        _print_figures(evaluation)
        _print_confusion(evaluation)
    else:
        print_value(evaluation.to_json(), output)
    if plots:
        _draw(plots, evaluation)


@app.command("test")
def try_text(
    text: Annotated[str, typer.Argument(help="What a user would say.")],
    tenant: TenantOption = "",
    channel: ChannelOption = "",
    output: OutputOption = Output.table,
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Print where the router would send a text, and why; no Agent is asked and nothing is kept."""
    from lmos.apps.arithmetic import on_one_thread
    from lmos.cli.output import print_value, waiting

    with on_one_thread():
        from lmos.apps.route_testing import try_route

    with waiting("Reading Agents and training"):
        decision, explanation = asyncio.run(try_route(kubeconfig, tenant, channel, text))
    if output is Output.table:
        _print_decision(decision, explanation)
    else:
        print_value(decision.to_json() | {"explanation": explanation.to_json()}, output)


def _print_decision(decision: RouteDecision, explanation: Explanation) -> None:
    from lmos.cli.decision_record import print_decision, print_explanation

    capability = f", {decision.capability}" if decision.capability else ""
    typer.echo(f"Agent        {decision.agent or '-'}{capability}")
    typer.echo(f"Reason       {decision.reason}")
    print_decision(decision.to_json())
    print_explanation(explanation.to_json())


def _print_figures(evaluation: Evaluation) -> None:
    from lmos.cli.output import print_table

    each = [evaluation.in_language(language).figures() for language in evaluation.languages]
    columns = [_flat(figures) for figures in (evaluation.figures(), *each)]
    rows = [(name, *(_cell(column[name]) for column in columns)) for name in columns[0]]
    print_table(("figure", "all", *evaluation.languages), rows, empty="No figures.")


def _print_confusion(evaluation: Evaluation) -> None:
    """A matrix where it can be taken in at a glance, else the most frequent mistakes."""
    from lmos.cli.output import print_table

    counted = evaluation.confusion
    names = sorted({name for pair in counted for name in pair if name is not None})
    typer.echo()
    if len(names) <= _LARGEST_MATRIX:
        rows = [
            (wanted or _NO_AGENT, *(counted[wanted, got] or "" for got in (*names, None)))
            for wanted in (*names, None)
        ]
        print_table(("meant for \\ went to", *names, _NO_AGENT), rows, empty="No questions.")
        return
    mistakes = [(*pair, count) for pair, count in counted.most_common() if pair[0] != pair[1]]
    print_table(
        ("meant for", "went to", "questions"),
        [
            (wanted or _NO_AGENT, got or _NO_AGENT, count)
            for wanted, got, count in mistakes[:_MOST_CONFUSIONS]
        ],
        empty="Every question went where it should.",
    )


def _draw(folder: Path, evaluation: Evaluation) -> None:
    from lmos.cli.plots import confusion_matrix, coverage_curve, reliability_diagram, write_plots

    plots = {"confusion": confusion_matrix(evaluation.confusion)}
    probabilities, hits = evaluation.sureness
    if len(hits):
        plots["reliability"] = reliability_diagram(probabilities, hits)
        plots["coverage"] = coverage_curve(probabilities, hits)
    write_plots(folder, plots)


def _flat(figures: dict[str, Any]) -> dict[str, Any]:
    latency = figures["latency_ms"]
    rest = {name: value for name, value in figures.items() if name != "latency_ms"}
    return rest | {f"latency_ms {name}": value for name, value in latency.items()}


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
