"""Objects as `kubectl get` asks for them: Tables of printer columns, and metadata alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from lmos.apiserver.jsonpath import JsonPath
from lmos.apiserver.values import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lmos.apiserver.kinds import Resource
    from lmos.apiserver.values import Json
    from lmos.core.resources.kinds import Manifest

_PART = re.compile(r"\{(#?)([^{}]+)\}")
# Until which age each unit is used, and until which age the next smaller one is shown beside it.
_UNITS = (
    (timedelta(seconds=1), timedelta(minutes=2), timedelta()),
    (timedelta(minutes=1), timedelta(hours=3), timedelta(minutes=10)),
    (timedelta(hours=1), timedelta(days=2), timedelta(hours=8)),
    (timedelta(days=1), timedelta(days=2 * 365), timedelta(days=8)),
    (timedelta(days=365), timedelta.max, timedelta(days=8 * 365)),
)
_LETTERS = "smhdy"


def table(
    resource: Resource,
    objects: Sequence[Manifest],
    metadata: Manifest,
    now: datetime,
    *,
    include: str = "Metadata",
    headed: bool = True,
) -> Manifest:
    """
    A `meta.k8s.io/v1` Table with one row an object.

    Args:
        resource: The kind, with its printer columns.
        objects: The objects in order.
        metadata: The list's metadata.
        now: The moment from which ages are counted.
        include: What each row carries of its object: `Metadata`, `Object` or `None`.
        headed: Whether to describe the columns; later events of a watch leave them out.
    """
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": _definitions(resource.columns) if headed else None,
        "rows": [_row(resource, manifest, now, include) for manifest in objects],
    }


def partial_metadata(manifest: Manifest) -> Manifest:
    """The object's metadata alone."""
    metadata = manifest["metadata"]
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}


def _definitions(columns: Iterable[Json]) -> list[Manifest]:
    return [
        {
            "name": column["name"],
            "type": column["type"],
            "format": column.get("format", ""),
            "description": column.get("description") or column.get("jsonPath") or column["name"],
            "priority": column.get("priority", 0),
        }
        for column in columns
    ]


def _row(resource: Resource, manifest: Manifest, now: datetime, include: str) -> Manifest:
    cells = [_cell(resource, column, manifest, now) for column in resource.columns]
    carried = {"Object": manifest, "Metadata": partial_metadata(manifest)}.get(include)
    return {"cells": cells, **({"object": carried} if carried else {})}


def _cell(resource: Resource, column: Json, manifest: Manifest, now: datetime) -> Json:
    if cell := resource.cells.get(column.get("x-cell", "")):
        return cell(manifest, now)
    path, sort = column["jsonPath"], column["type"]
    if "{" in path and not resource.is_custom:
        text = _PART.sub(lambda part: _counted(part[1] == "#", part[2], manifest), path)
        return int(text) if sort == "integer" else text
    found = _path(path).all(manifest)
    if not found:
        return None if resource.is_custom else {"date": "<unknown>", "string": "<none>"}.get(sort)
    if sort == "date":
        return age(found[0], now)
    if sort == "string" and not resource.is_custom:
        return ",".join(_text(value) for value in found)
    value = found[0]
    return encode(value).decode() if sort == "string" and not isinstance(value, str) else value


def _counted(count: bool, path: str, manifest: Manifest) -> str:
    found = _path(path).all(manifest)
    if not count:
        return _text(found[0]) if found else "0"
    # A path that ends in brackets leads to items, any other to what holds them.
    return str(len(found) if path.endswith("]") else sum(len(value) for value in found))


@cache
def _path(text: str) -> JsonPath:
    return JsonPath(text)


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ",".join(f"{key}={_text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    return str(value)


def age(timestamp: str, now: datetime) -> str:
    """How long ago, as kubectl says it: `45s`, `5m30s`, `3h`, `2d`."""
    try:
        moment = datetime.fromisoformat(timestamp)
    except (ValueError, TypeError):
        return "<invalid>"
    passed = max(now - moment.replace(tzinfo=moment.tzinfo or UTC), timedelta())
    number = next(number for number, (_, until, _) in enumerate(_UNITS) if passed < until)
    unit, _, beside_until = _UNITS[number]
    said = f"{passed // unit}{_LETTERS[number]}"
    beside = passed % unit // _UNITS[number - 1][0] if passed < beside_until else 0
    return f"{said}{beside}{_LETTERS[number - 1]}" if beside else said
