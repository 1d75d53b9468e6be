"""What a change of Agents would have done: `lmos route replay`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lmos.cli.options import KubeconfigOption, Output, OutputOption

if TYPE_CHECKING:
    from lmos.router.replay import Replay

_ASKED_BACK = "(asked back)"
_LONGEST_QUESTION = 60


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(replay)


def replay(
    against: Annotated[
        str,
        typer.Option(
            "--against",
            help="Manifests or a Python file with Agents, a folder of manifests, or `routing` for the"
            " ChannelRoutings as the API server has them.",
        ),
    ],
    since: Annotated[
        str, typer.Option("--since", help="An age (30m, 12h, 7d, 2w), or a date or time in UTC.")
    ] = "7d",
    tenant: Annotated[str, typer.Option("-t", "--tenant", help="Only Turns of this Tenant.")] = "",
    channel: Annotated[str, typer.Option("-c", "--channel", help="Only Turns of this Channel.")] = "",
    limit: Annotated[int, typer.Option("--limit", help="At most so many Turns, the newest.", min=1)] = 10_000,
    fail_above: Annotated[
        float,
        typer.Option(
            "--fail-above",
            help="Share of Turns that may go to another Agent or be asked back, 0 to 1, before the exit"
            " status is 1.",
            min=0,
            max=1,
        ),
    ] = 0.0,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="The runtime's folder with Conversations. Default: beside the kubeconfig.",
            show_default=False,
        ),
    ] = None,
    output: OutputOption = Output.table,
    kubeconfig: KubeconfigOption = None,
) -> None:
    """
    Print which past Turns would now go elsewhere; no Agent is asked and nothing is kept.

    Exits with 1 where more than `--fail-above` of them would go to another Agent or be asked back.
    """
    from lmos.apps.arithmetic import on_one_thread
    from lmos.cli.output import print_value, waiting

    with on_one_thread():
        from lmos.apps.route_replay import replay_turns

    with waiting("Training and routing again"):
        found = replay_turns(
            kubeconfig, data, since=since, against=against, tenant=tenant, channel=channel, limit=limit
        )
    if output is Output.table:
        _print_replay(found)
    else:
        print_value(found.to_json(), output)
    if found.lost_share > fail_above:
        raise typer.Exit(1)


def _print_replay(found: Replay) -> None:
    from lmos.cli.output import aside, print_table

    told = found.to_json()
    columns = ("outcome", "turn", "channel", "question", "before", "sure", "now", "sure")
    print_table(columns, map(_row, told["turns"]), empty="Every Turn would go where it went.")
    aside(
        f"Turns routed again {told['replayed']}: same {told['same']}, moved {told['moved']},"
        f" now answered {told['nowAnswered']}, now asked back {told['nowAskedBack']}."
    )
    if told["skipped"]:
        reasons = ", ".join(f"{reason} {count}" for reason, count in told["skipped"].items())
        aside(f"Skipped: {reasons}.")


def _row(turn: dict[str, Any]) -> tuple[str, ...]:
    question = turn["question"]
    shown = question if len(question) <= _LONGEST_QUESTION else f"{question[:_LONGEST_QUESTION]}…"
    place = turn["outcome"], turn["turn"], f"{turn['tenant']}/{turn['channel']}", " ".join(shown.split())
    return (*place, *_side(turn["before"]), *_side(turn["after"]))


def _side(decision: dict[str, Any]) -> tuple[str, str]:
    # Whom it would have been, and how probably, is for those who read it as data.
    return (decision["agent"], f"{decision['probability']:.3f}") if decision["agent"] else (_ASKED_BACK, "-")
