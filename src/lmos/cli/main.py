"""The command line: every command by name, and the one place where errors are told."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from lmos.cli.completion import Shells, install, show
from lmos.cli.output import complain
from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import Sequence

_CANNOT_WRITE = 74

app = typer.Typer(
    name="lmos",
    help="An operating system for AI agents: Channels, Capabilities, routing and rollouts.",
    no_args_is_help=True,
    # Ours take the shell's name, also where there is no shell to detect.
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: drawing boxes would cost more than everything else together.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _module in ("machine", "top", "resources", "planning", "talking", "services"):
    import_module(f"lmos.cli.{_module}").register(app)
app.add_typer(import_module("lmos.cli.agent").app, name="agent")
app.add_typer(import_module("lmos.cli.route").app, name="route")
app.add_typer(import_module("lmos.cli.router").app, name="router")
app.add_typer(import_module("lmos.cli.lint").app, name="lint")


@app.callback()
def root(
    *,
    _install: Annotated[
        Shells | None,
        typer.Option(
            "--install-completion", callback=install, is_eager=True, help="Install completion for a shell."
        ),
    ] = None,
    _show: Annotated[
        Shells | None,
        typer.Option(
            "--show-completion", callback=show, is_eager=True, help="Print the completion script of a shell."
        ),
    ] = None,
) -> None:
    """An operating system for AI agents: Channels, Capabilities, routing and rollouts."""


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
        app(arguments, prog_name="lmos")
    except LmosError as error:
        complain(error)
        sys.exit(error.exit_status)
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is left in the buffer must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        complain(LmosError(str(error), hint="Check the file, its folder and the space on its disk."))
        sys.exit(_CANNOT_WRITE)


if __name__ == "__main__":
    main()
