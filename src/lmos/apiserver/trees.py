"""Structural schemas as trees: the words of OpenAPI that they use, and their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lmos.apiserver.values import Json

Tree: TypeAlias = "Mapping[str, Json]"
"""A node of an OpenAPI v3 structural schema as the CRD spells it."""

PRESERVE = "x-kubernetes-preserve-unknown-fields"
INT_OR_STRING = "x-kubernetes-int-or-string"
EMBEDDED = "x-kubernetes-embedded-resource"
LIST_TYPE = "x-kubernetes-list-type"
LIST_KEYS = "x-kubernetes-list-map-keys"
MAP_TYPE = "x-kubernetes-map-type"
VALIDATIONS = "x-kubernetes-validations"
KEY_PATTERN = "x-key-pattern"
"""A word of ours: what the keys of a built-in kind's map look like."""


def child(tree: Tree, name: str) -> Tree:
    """The schema of field `name`; empty where the schema says nothing about it."""
    if (declared := tree.get("properties", {}).get(name)) is not None:
        return declared  # type: ignore[no-any-return]  # schemas are JSON
    additional = tree.get("additionalProperties")
    return additional if isinstance(additional, dict) else {}


def subtrees(tree: Tree) -> Iterator[tuple[str, Tree]]:
    """The schemas of a value's parts, each with the step to it: `items`, `properties[name]`."""
    for key in ("items", "additionalProperties"):
        if isinstance(tree.get(key), dict):
            yield key, tree[key]
    for name, sub in tree.get("properties", {}).items():
        yield f"properties[{name}]", sub


def rebuilt(tree: Tree, make: Callable[[Tree], Json]) -> dict[str, Json]:
    """The members of `tree` that hold schemas, with each of these as `make` makes it."""
    out: dict[str, Json] = {}
    for key, value in tree.items():
        if key == "properties":
            out[key] = {name: make(sub) for name, sub in value.items()}
        elif key in ("items", "additionalProperties", "not") and isinstance(value, dict):
            out[key] = make(value)
        elif key in ("allOf", "anyOf", "oneOf"):
            out[key] = [make(sub) for sub in value]
    return out


def item_key(tree: Tree, item: Json) -> dict[str, Json]:
    """The keys that identify `item` in a list of type map, with defaults where it leaves them out."""
    if not isinstance(item, dict):
        return {}
    properties = tree.get("items", {}).get("properties", {})
    named = {key: item.get(key, properties.get(key, {}).get("default")) for key in tree[LIST_KEYS]}
    return {key: value for key, value in named.items() if value is not None}
