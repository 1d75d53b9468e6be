"""Printing: tables for people, JSON and YAML for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import typer

from lmos.cli.options import Output

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console


def console(*, to_stderr: bool = False) -> Console:
    """A terminal that knows whether it is one: no colours in a pipe."""
    from rich.console import Console

    return Console(stderr=to_stderr, highlight=False, soft_wrap=True)


def print_value(value: Any, output: Output) -> None:  # noqa: ANN401 - JSON
    """Print plain JSON values as JSON or YAML."""
    if output is Output.json:
        json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        import yaml

        yaml.safe_dump(value, sys.stdout, sort_keys=False, allow_unicode=True, width=110)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print columns as wide as they need to be; `empty` where there is no row."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.upper(), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    if table.row_count:
        console().print(table)
    else:
        typer.echo(empty, err=True)
