"""Agents as files: run them, or say what they can do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lmos.cli.options import Output, OutputOption

app = typer.Typer(help="Agents written with lmos.arc.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(help="A Python file with Agents.")]
NameOption = Annotated[str, typer.Option("--agent", help="Only this one of the file's Agents.")]


@app.command()
def run(
    file: FileArgument,
    agent: NameOption = "",
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; $HOST, else loopback.", show_default=False)
    ] = "",
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on; $PORT, else 8080.", show_default=False)
    ] = None,
) -> None:
    """Serve the Agents of a file until Ctrl-C."""
    from lmos.arc import run_file

    run_file(file, host=host or None, port=port, only=agent)


@app.command()
def describe(file: FileArgument, output: OutputOption = Output.json) -> None:
    """Print what the Agents of a file say about themselves, as they would to the operator."""
    import sys
    from contextlib import redirect_stdout

    from lmos.arc import describe_file
    from lmos.cli.output import print_table, print_value

    # What the file prints while it is imported is not part of the answer.
    with redirect_stdout(sys.stderr):
        described = describe_file(file)
    if output is not Output.table:
        print_value(described, output)
        return
    rows = [
        (agent["id"], can["name"], can["version"], len(can["examples"]))
        for agent in described
        for can in agent["capabilities"]
    ]
    print_table(("agent", "capability", "version", "examples"), rows, empty="No Capabilities.")
