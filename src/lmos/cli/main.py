"""The command line: every command by name, and the one place where errors are told."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="lmos",
    help="An operating system for AI agents: Channels, Capabilities, routing and rollouts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Plain help: drawing boxes would cost more than everything else together.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _module in ("machine", "resources", "planning", "talking", "services"):
    import_module(f"lmos.cli.{_module}").register(app)
app.add_typer(import_module("lmos.cli.agent").app, name="agent")


@app.command()
def version(*, short: Annotated[bool, typer.Option("--short", help="Only the number.")] = False) -> None:
    """Print the version of LMOS and of the Python it runs on."""
    import platform
    from importlib.metadata import version as installed

    number = installed("lmos")
    typer.echo(number if short else f"lmos {number} (Python {platform.python_version()})")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; an error of ours is told in two lines and ends with its exit status."""
    try:
        app(arguments)
    except LmosError as error:
        sys.exit(_tell(error))
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        sys.exit(0)


def _tell(error: LmosError) -> int:
    typer.secho(f"Error: {error.message}", fg="red", err=True)
    if error.hint:
        typer.secho(f"Next:  {error.hint}", err=True)
    return error.exit_status


if __name__ == "__main__":
    main()
