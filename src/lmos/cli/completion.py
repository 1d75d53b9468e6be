"""Completion scripts for shells."""

from __future__ import annotations

import typer
from typer import _completion_shared as scripts
from typer._completion_classes import completion_init

Shells = scripts.Shells

# Registers what answers the shell when it asks.
completion_init()


def show(context: typer.Context, shell: Shells | None) -> None:
    """Print the script of a shell, and end."""
    if shell and not context.resilient_parsing:
        name = context.find_root().info_name or "lmos"
        variable = f"_{name}_COMPLETE".upper().replace("-", "_")
        typer.echo(scripts.get_completion_script(prog_name=name, complete_var=variable, shell=shell))
        raise typer.Exit


def install(context: typer.Context, shell: Shells | None) -> None:
    """Put the script of a shell where it finds it, and end."""
    if shell and not context.resilient_parsing:
        _, place = scripts.install(shell=shell, prog_name=context.find_root().info_name)
        typer.echo(f"Completion installed in {place}; it works in shells that start from now on.")
        raise typer.Exit
