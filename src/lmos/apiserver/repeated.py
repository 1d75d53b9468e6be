"""Fields that a body gives more than once; whoever reads it sees only the last of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from lmos.apiserver.values import YAML_TYPES, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lmos.apiserver.values import Json


def repeated_fields(body: bytes, media_type: str, value: Json) -> tuple[str, ...]:
    """
    What is to be said of each field that `body`, which was read as `value`, gives more than once.

    Returns:
        `duplicate field "spec.x"`, or for YAML `line 5: key "x" already set in map`.
    """
    # What can be written as it came had nothing twice; most clients send such bodies.
    if encode(value) == body.rstrip():
        return ()
    try:
        paths = dict.fromkeys(_paths(json.loads(body, object_pairs_hook=_Fields), ""))
    except ValueError:
        paths = {"": None}
    if not paths or media_type not in YAML_TYPES:
        return tuple(f'duplicate field "{path}"' for path in paths if path)
    return tuple(_lines(yaml.compose(body, Loader=yaml.CSafeLoader)))


class _Fields(list[tuple[str, "Json"]]):
    """The fields of an object in order, each as often as it is there."""


def _paths(value: Json, path: str) -> Iterator[str]:
    if isinstance(value, _Fields):
        seen = set()
        for key, item in value:
            where = f"{path}.{key}" if path else key
            if key in seen:
                yield where
            seen.add(key)
            yield from _paths(item, where)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, f"{path}[{index}]")


def _lines(node: yaml.Node | None) -> Iterator[str]:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield f'line {key.start_mark.line + 1}: key "{key.value}" already set in map'
            seen.add(key.value)
            yield from _lines(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _lines(item)
