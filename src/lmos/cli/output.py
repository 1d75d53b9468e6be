"""Printing: tables for people, JSON and YAML for programs, what went wrong and what takes long for both."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from lmos.cli.options import Output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.status import Status

    from lmos.core.errors import LmosError

_PATIENCE_SECONDS = 1.0


def print_value(value: Any, output: Output) -> None:  # noqa: ANN401 - JSON
    """Print plain JSON values as JSON or YAML."""
    if output is Output.json:
        json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(as_yaml(value))


def as_yaml(value: Any) -> str:  # noqa: ANN401 - JSON
    """Plain JSON values as YAML, in their order."""
    import yaml

    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)
    return text


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print columns as wide as they need to be, folded to the terminal; `empty` where there is no row."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.upper(), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    if not table.row_count:
        aside(empty)
        return
    # Whoever reads from a pipe wants whole lines, however long.
    width = None if sys.stdout.isatty() else 10_000
    for line in _lines(Console(highlight=False, width=width), table):
        typer.echo(line)


def complain(error: LmosError, subject: str = "") -> None:
    """Tell what went wrong, with `subject` where it went wrong, and the next step."""
    typer.secho(f"Error: {subject and f'{subject}: '}{error.message}", fg="red", err=True, color=_color())
    if error.hint:
        typer.echo(f"Next:  {error.hint}", err=True)


def aside(text: str) -> None:
    """Say what is not part of the answer."""
    typer.secho(text, dim=True, err=True, color=_color())


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say on a terminal what we wait for, once it takes longer than a second."""
    if not sys.stderr.isatty():
        yield
        return
    from threading import Lock, Timer

    shown: list[Status] = []
    # Held by whoever decides whether it is shown: the timer, or the end of the wait.
    deciding = Lock()

    def show() -> None:
        from rich.console import Console

        with deciding:
            shown.append(Console(stderr=True).status(f"{what} …"))
            shown[0].start()

    timer = Timer(_PATIENCE_SECONDS, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with deciding:
            for status in shown:
                status.stop()


def _lines(console: Any, table: Any) -> list[str]:  # noqa: ANN401 - rich, imported late
    """The table's lines without the blanks that fill them up."""
    with console.capture() as captured:
        console.print(table)
    return [line.rstrip() for line in captured.get().splitlines()]


def _color() -> bool | None:
    """Colours only where it is a terminal, and nobody asked for none."""
    return False if os.environ.get("NO_COLOR") else None
