"""Structural schemas: pruning, defaulting and validation, compiled once for each version of a kind."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import TYPE_CHECKING

import jsonschema_rs

from lmos.apiserver.metadata import OBJECT_META
from lmos.apiserver.rules import Rules
from lmos.apiserver.status import Cause
from lmos.apiserver.trees import (
    EMBEDDED,
    INT_OR_STRING,
    KEY_PATTERN,
    LIST_TYPE,
    PRESERVE,
    Tree,
    child,
    item_key,
    rebuilt,
)
from lmos.apiserver.values import canonical
from lmos.apiserver.violations import BLOCKING, RULES_UNCHECKED, violations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lmos.apiserver.values import Json

_KEPT = frozenset(
    "type required enum pattern minimum maximum minLength maxLength minItems maxItems uniqueItems "
    "minProperties maxProperties multipleOf".split()
)
_OF_TEXT = frozenset({"maxLength", "minLength", "pattern"})
_FORMATS = frozenset({"date-time", "date", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"})


class Schema:
    """The schema of one version of a kind; `tree` is its root, with the metadata that every object has."""

    def __init__(self, declared: Tree) -> None:
        self.tree: Tree = _rooted(declared)

    def pruned(self, value: Json) -> tuple[Json, tuple[str, ...]]:
        """`value` without the fields that the schema does not know, and the paths of those."""
        dropped: list[str] = []
        return _pruned(self.tree, value, "", dropped), tuple(sorted(dropped))

    def defaulted(self, value: Json) -> Json:
        """`value` with the schema's defaults where it says nothing."""
        return _defaulted(self.tree, value)

    def compacted(self, value: Json, is_custom: bool) -> Json:
        """
        `value` without the empty maps and lists that nobody can tell from absent ones.

        Those are all that the schema of a built-in kind declares, and of a custom kind those of its metadata.
        """
        if not is_custom:
            return _compacted(self.tree, value)
        return {**value, "metadata": _compacted(OBJECT_META, value["metadata"])}

    def problems(self, value: Json, old: Json = None) -> tuple[Cause, ...]:
        """
        What the schema and its rules refuse in `value`, which is to follow `old` (None when created).

        What was wrong already and has not changed is let through, so that a stricter schema does not stop
        the rest of an old object from changing.
        """
        found = (*self._structural(value, old), *_duplicates(self.tree, value, ""))
        if any(cause.reason in BLOCKING for cause in found):
            return (*found, RULES_UNCHECKED) if self._rules else found
        return (*found, *self._rules.problems(value, old))

    def check(self) -> None:
        """
        Compile everything now instead of at the first object.

        Raises:
            ValueError: The schema or one of its rules cannot be compiled.
        """
        _ = self._validator
        self._rules.check()

    def _structural(self, value: Json, old: Json) -> Iterator[Cause]:
        if self._validator.is_valid(value):
            return
        told: set[tuple[str | int, ...]] = set()
        for error in self._validator.iter_errors(value):
            if old is not None and canonical(_at(old, error.instance_path)) == canonical(error.instance):
                continue
            if error.kind.name in _OF_TEXT:
                # Of a text, only the first thing that is wrong is told.
                if (place := tuple(error.instance_path)) in told:
                    continue
                told.add(place)
            yield from violations(error)

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft7Validator:
        # Kubernetes reads patterns as RE2, which knows no look-around; nor does this engine.
        options = jsonschema_rs.RegexOptions()
        return jsonschema_rs.Draft7Validator(
            _json_schema(self.tree), pattern_options=options, validate_formats=True
        )

    @cached_property
    def _rules(self) -> Rules:
        return Rules(self.tree)


def _at(value: Json, steps: Sequence[str | int]) -> Json:
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _rooted(declared: Tree) -> Tree:
    """`declared` with what every object has: apiVersion, kind and metadata."""
    text = {"type": "string"}
    properties = dict(declared.get("properties", {}))
    # A schema may restrict the name further; the rest of the metadata is the server's.
    named = properties.get("metadata", {}).get("properties", {}).get("name", {})
    name = OBJECT_META["properties"]["name"] | named
    metadata = OBJECT_META | {"properties": OBJECT_META["properties"] | {"name": name}}
    properties |= {"apiVersion": text, "kind": text, "metadata": metadata}
    return {**declared, "type": "object", "properties": properties}


def _pruned(tree: Tree, value: Json, path: str, dropped: list[str]) -> Json:
    if isinstance(value, list):
        items = tree.get("items", {PRESERVE: True})
        return [_pruned(items, item, f"{path}[{index}]", dropped) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if tree.get(EMBEDDED):
        tree = _rooted(tree)
    properties = tree.get("properties", {})
    additional = tree.get("additionalProperties")
    kept = {}
    for key, item in value.items():
        where = f"{path}.{key}" if path else key
        if key in properties:
            kept[key] = _pruned(properties[key], item, where, dropped)
        elif isinstance(additional, dict):
            kept[key] = _pruned(additional, item, where, dropped)
        elif additional is True or tree.get(PRESERVE):
            kept[key] = item
        else:
            dropped.append(where)
    return kept


def _defaulted(tree: Tree, value: Json) -> Json:
    if isinstance(value, list):
        items = tree.get("items")
        return [_defaulted(items, item) for item in value] if items else value
    if not isinstance(value, dict):
        return value
    filled = {key: item for key, item in value.items() if item is not None or _may_be_null(child(tree, key))}
    for key, schema in tree.get("properties", {}).items():
        if "default" in schema and key not in filled:
            filled[key] = copy.deepcopy(schema["default"])
    return {key: _defaulted(child(tree, key), item) for key, item in filled.items()}


def _may_be_null(tree: Tree) -> bool:
    return not tree or bool(tree.get("nullable"))


def _compacted(tree: Tree, value: Json) -> Json:
    if isinstance(value, list):
        return [_compacted(tree.get("items", {}), item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _compacted(child(tree, key), item)
        for key, item in value.items()
        if item not in ([], {}) or not child(tree, key).keys() & {"items", "additionalProperties"}
    }


def _duplicates(tree: Tree, value: Json, path: str) -> Iterator[Cause]:
    """Items that appear twice in lists that are sets or maps."""
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, (dict, list)):
                yield from _duplicates(child(tree, key), item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        seen = set()
        for index, item in enumerate(value):
            where = f"{path}[{index}]"
            if tree.get(LIST_TYPE) in ("set", "map"):
                identity = canonical(item_key(tree, item) if tree[LIST_TYPE] == "map" else item)
                if identity in seen:
                    yield Cause(where, f"Duplicate value: {identity.decode()}")
                seen.add(identity)
            yield from _duplicates(tree.get("items", {}), item, where)


def _json_schema(tree: Tree) -> dict[str, Json]:
    """The part of `tree` that JSON Schema (draft 7) understands, in its words."""
    return _bounds(tree) | rebuilt(tree, _json_schema)


def _bounds(tree: Tree) -> dict[str, Json]:
    """What `tree` says of a value itself, not of its parts."""
    out = {key: value for key, value in tree.items() if key in _KEPT}
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if tree.get(exclusive) is True and bound in out:
            out[exclusive] = out.pop(bound)
    if tree.get("format") in _FORMATS:
        out["format"] = tree["format"]
    if tree.get(INT_OR_STRING):
        out["type"] = ["integer", "string"]
    if tree.get("nullable"):
        out |= {"type": [out["type"], "null"]} if isinstance(out.get("type"), str) else {}
        out |= {"enum": [*out["enum"], None]} if "enum" in out else {}
    if tree.get(EMBEDDED):
        out["required"] = ["apiVersion", "kind", *out.get("required", ())]
    if KEY_PATTERN in tree:
        out["propertyNames"] = {"pattern": tree[KEY_PATTERN], "maxLength": 317}
    return out
