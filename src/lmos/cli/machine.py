"""One machine's LMOS: up, status, agents."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from lmos.cli.options import (
    LAST_PORT,
    KubeconfigOption,
    ManagementPortOption,
    Output,
    OutputOption,
    RuntimeOption,
)

_MEBIBYTE = 1024 * 1024

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
        int, typer.Option("--api-port", help="Port of the Kubernetes API; 0 takes a free one.", max=LAST_PORT)
    ] = 8001,
    operator_port: Annotated[
        int, typer.Option("--operator-port", help="Port of the operator.", max=LAST_PORT)
    ] = 8080,
    runtime_port: Annotated[
        int, typer.Option("--runtime-port", help="Port of the runtime.", max=LAST_PORT)
    ] = 8081,
    management_port: ManagementPortOption = None,
) -> None:
    """Start all of LMOS on this machine, with the Agents and Channels below PATHS, until Ctrl-C."""
    from lmos.apps.arithmetic import on_one_thread
    from lmos.apps.settings import Settings
    from lmos.cli.output import waiting

    settings = Settings.of(paths or [], data, api_port, operator_port, runtime_port, management_port)
    with waiting("Loading LMOS"), on_one_thread():
        from lmos.apps.up import run

    run(settings)


def status(
    output: OutputOption = Output.table,
    runtime: RuntimeOption = "",
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Print what runs: addresses, Channels and Agents."""
    from lmos.apps.overview import overview
    from lmos.cli.output import print_table, print_value, waiting

    with waiting("Looking around"):
        found = asyncio.run(overview(kubeconfig, runtime))
    if output is not Output.table:
        print_value(found, output)
        return
    print_table(("part", "address", "state"), [list(part.values()) for part in found["parts"]], empty="")
    typer.echo()
    channels = [
        (each["namespace"], each["name"], each["resolveStatus"], each["message"])
        for each in found["channels"]
    ]
    columns = ("namespace", "channel", "status", "why")
    print_table(columns, channels, empty="No Channels yet: lmos apply -f FILE")
    typer.echo()
    _print_agents(found["agents"])
    _print_traffic(found["traffic"])


def agents(output: OutputOption = Output.table, kubeconfig: KubeconfigOption = None) -> None:
    """Print the Agents with their health, what their processes use and the Channels they serve."""
    from lmos.apps.overview import agents_overview
    from lmos.cli.output import print_value, waiting

    with waiting("Reading Agents"):
        found = asyncio.run(agents_overview(kubeconfig))
    if output is Output.table:
        _print_agents(found)
    else:
        print_value(found, output)


def _print_traffic(found: list[dict[str, Any]]) -> None:
    from lmos.cli.output import print_table
    from lmos.cli.top import COLUMNS, figure_cells

    if not found:
        return
    typer.echo()
    # Without a second look there is no rate.
    rows = [
        (f"{each['tenant']}/{each['channel']}", str(each["turns"]), *figure_cells(each)[1:]) for each in found
    ]
    print_table(("traffic", "turns", *COLUMNS[1:]), rows, empty="")


def _print_agents(found: list[dict[str, Any]]) -> None:
    from lmos.cli.output import aside, print_table

    rows = [
        (
            each["namespace"],
            each["name"],
            each["state"],
            "-" if each["wanted"] is None else f"{each['ready']}/{each['wanted']}",
            "-" if each["cpu"] is None else f"{1000 * each['cpu']:.0f}m",
            "-" if each["memory"] is None else f"{each['memory'] / _MEBIBYTE:.0f}Mi",
            ", ".join(each["capabilities"]),
            ", ".join(each["channels"]),
        )
        for each in found
    ]
    columns = ("namespace", "agent", "state", "ready", "cpu", "memory", "capabilities", "serves")
    print_table(columns, rows, empty="No Agents yet: lmos up agent.py, or lmos apply -f FILE")
    for each in found:
        if each["message"]:
            aside(f"Agent {each['name']}: {each['message']}")
