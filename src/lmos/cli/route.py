"""The router by itself: where a text would go, and how good it is on questions with known answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lmos.cli.options import ChannelOption, KubeconfigOption, Output, OutputOption, TenantOption

if TYPE_CHECKING:
    from lmos.router import RouteDecision
    from lmos.router.evaluation import Evaluation

app = typer.Typer(help="The router: try a text, evaluate a file of questions.", no_args_is_help=True)

_LARGEST_MATRIX = 12
_MOST_CONFUSIONS = 20
_NO_AGENT = "(none)"


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

    with waiting("Training and asking"):
        evaluation = evaluate_files(file, agents)
    if output is Output.table:
        _print_figures(evaluation)
        _print_confusion(evaluation)
    else:
        print_value(evaluation.to_json(), output)


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
        decision = asyncio.run(try_route(kubeconfig, tenant, channel, text))
    if output is Output.table:
        _print_decision(decision)
    else:
        print_value(decision.to_json(), output)


def _print_decision(decision: RouteDecision) -> None:
    from lmos.cli.output import print_table

    capability = f", {decision.capability}" if decision.capability else ""
    typer.echo(f"Agent        {decision.agent or '-'}{capability}")
    typer.echo(f"Reason       {decision.reason}")
    if decision.question:
        typer.echo(f"Asked back   {decision.question}")
    typer.echo(
        f"Thresholds   probability {decision.probability:.3f} of at least {decision.threshold:.3f},"
        f" familiarity {decision.familiarity:.3f} of at least {decision.familiarity_threshold:.3f}"
    )
    typer.echo(f"Made with    head {decision.head or '-'}, {decision.seconds * 1000:.1f} ms\n")
    rows = [
        (each.agent or _NO_AGENT, each.capability, f"{each.probability:.3f}") for each in decision.candidates
    ]
    print_table(("agent", "capability", "probability"), rows, empty="No candidates were weighed.")


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


def _flat(figures: dict[str, Any]) -> dict[str, Any]:
    latency = figures["latency_ms"]
    rest = {name: value for name, value in figures.items() if name != "latency_ms"}
    return rest | {f"latency_ms {name}": value for name, value in latency.items()}


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
