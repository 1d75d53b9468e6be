"""One machine's LMOS: up, status, agents."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from lmos.cli.options import KubeconfigOption, Output, OutputOption, RuntimeOption

PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(help="Manifests, folders of them, or Python files with Agents.", show_default=False),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder that keeps everything. Default: .lmos beside the manifests.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (up, status, agents):
        app.command()(command)


def up(
    paths: PathsArgument = None,
    data: DataOption = None,
    api_port: Annotated[
        int, typer.Option("--api-port", help="Port of the Kubernetes API; 0 takes a free one.")
    ] = 8001,
    operator_port: Annotated[int, typer.Option("--operator-port", help="Port of the operator.")] = 8080,
    runtime_port: Annotated[int, typer.Option("--runtime-port", help="Port of the runtime.")] = 8081,
) -> None:
    """Start all of LMOS on this machine, with the Agents and Channels below PATHS, until Ctrl-C."""
    from lmos.apps.up import Settings, run

    run(Settings.of(paths or [], data, api_port, operator_port, runtime_port))


def status(
    output: OutputOption = Output.table,
    runtime: RuntimeOption = "",
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Print what runs: addresses, Channels and Agents."""
    from lmos.apps.overview import overview
    from lmos.cli.output import print_table, print_value

    found = asyncio.run(overview(kubeconfig, runtime))
    if output is not Output.table:
        print_value(found, output)
        return
    print_table(("part", "address", "state"), [list(part.values()) for part in found["parts"]], empty="")
    typer.echo()
    channels = [(each["namespace"], each["name"], each["resolveStatus"]) for each in found["channels"]]
    print_table(("namespace", "channel", "status"), channels, empty="No Channels yet: lmos apply -f FILE")
    typer.echo()
    _print_agents(found["agents"])


def agents(output: OutputOption = Output.table, kubeconfig: KubeconfigOption = None) -> None:
    """Print the Agents with their health and the Channels they serve."""
    from lmos.apps.overview import agents_overview
    from lmos.cli.output import print_value

    found = asyncio.run(agents_overview(kubeconfig))
    if output is Output.table:
        _print_agents(found)
    else:
        print_value(found, output)


def _print_agents(found: list[dict[str, Any]]) -> None:
    from lmos.cli.output import print_table

    rows = [
        (
            each["namespace"],
            each["name"],
            each["health"],
            ", ".join(each["capabilities"]),
            ", ".join(each["channels"]),
        )
        for each in found
    ]
    columns = ("namespace", "agent", "health", "capabilities", "serves")
    print_table(columns, rows, empty="No Agents yet: lmos up agent.py, or lmos apply -f FILE")
