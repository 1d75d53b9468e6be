"""An object as a person reads it: who it is, what it asks for, how it fares, what happened."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import typer

from lmos.cli.output import as_yaml, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HEAD = {"apiVersion", "kind", "metadata", "status"}
_CONDITION = ("type", "status", "reason", "lastTransitionTime", "message")
_EVENT = ("time", "type", "reason", "message")


def print_description(manifest: dict[str, Any], events: Sequence[Mapping[str, str]]) -> None:
    """Print one object with its conditions and Events."""
    metadata = manifest["metadata"]
    owners = [f"{owner['kind']} {owner['name']}" for owner in metadata.get("ownerReferences", ())]
    where = f" in {metadata['namespace']}" if metadata.get("namespace") else ""
    typer.secho(f"{manifest['kind']} {metadata['name']}{where}", bold=True)
    for name, value in (
        ("Created", metadata.get("creationTimestamp", "")),
        ("Deleted", metadata.get("deletionTimestamp", "")),
        ("Owned by", ", ".join(owners)),
        ("Labels", _pairs(metadata.get("labels", {}))),
        ("Annotations", _pairs(metadata.get("annotations", {}))),
    ):
        if value:
            typer.echo(f"  {name:<13}{value}")
    for name, content in manifest.items():
        if name not in _HEAD:
            _section(name.capitalize(), content)
    status = dict(manifest.get("status") or {})
    conditions = status.pop("conditions", [])
    if status:
        _section("Status", status)
    _rows("Conditions", _CONDITION, conditions)
    _rows("Events", _EVENT, events)


def _section(title: str, content: Any) -> None:  # noqa: ANN401 - JSON
    typer.echo(f"\n{title}")
    typer.echo(textwrap.indent(as_yaml(content), "  "), nl=False)


def _rows(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    typer.echo(f"\n{title}")
    names = ["since" if column == "lastTransitionTime" else column for column in columns]
    print_table(names, [[row.get(column, "") for column in columns] for row in rows], empty="  none")


def _pairs(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(values.items()))
