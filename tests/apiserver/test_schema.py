from __future__ import annotations

from typing import Any

import pytest

from lmos.apiserver.schema import Schema
from tests.apiserver.builders import WIDGET_SCHEMA, widget

WIDGET = Schema(WIDGET_SCHEMA)


def fields(*, old: Any = None, **spec: Any) -> list[tuple[str, str]]:
    """Where a widget breaks its schema, and how."""
    before = widget("w", **old) if old else None
    return [(cause.field, cause.reason) for cause in WIDGET.problems(widget("w", **spec), before)]


def test_what_the_schema_does_not_know_is_pruned() -> None:
    manifest = widget("w", metadata={"nope": 1}, nope=2, ports=[{"name": "a", "nope": 3}]) | {"nope": 4}

    kept, dropped = WIDGET.pruned(manifest)

    assert kept == widget("w", ports=[{"name": "a"}])
    assert set(dropped) == {"nope", "metadata.nope", "spec.nope", "spec.ports[0].nope"}


def test_free_fields_and_the_keys_of_maps_are_kept() -> None:
    manifest = widget("w", free={"any": {"thing": [1]}}, options={"a": "b"})

    assert WIDGET.pruned(manifest) == (manifest, ())


def test_defaults_fill_what_is_left_out() -> None:
    assert WIDGET.defaulted(widget("w"))["spec"]["weight"] == 10
    assert WIDGET.defaulted(widget("w", weight=3))["spec"]["weight"] == 3


def test_defaults_reach_into_items_and_into_other_defaults() -> None:
    port = {"type": "object", "properties": {"protocol": {"type": "string", "default": "TCP"}}}
    schema = Schema(
        {
            "type": "object",
            "properties": {
                "ports": {"type": "array", "items": port},
                "main": {**port, "default": {}},
            },
        }
    )

    filled = schema.defaulted({"ports": [{}, {"protocol": "UDP"}]})

    assert filled == {"ports": [{"protocol": "TCP"}, {"protocol": "UDP"}], "main": {"protocol": "TCP"}}


def test_null_takes_the_default_unless_null_is_allowed() -> None:
    spec = WIDGET.defaulted(widget("w", weight=None, note=None))["spec"]

    assert (spec["weight"], spec["note"]) == (10, None)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"weight": 101}, ("spec.weight", "FieldValueInvalid")),
        ({"weight": "5"}, ("spec.weight", "FieldValueTypeInvalid")),
        ({"image": "UPPER"}, ("spec.image", "FieldValueInvalid")),
        ({"tags": ["a", "b", "a"]}, ("spec.tags[2]", "FieldValueDuplicate")),
        ({"ports": [{"name": "a"}, {"name": "a"}]}, ("spec.ports[1]", "FieldValueDuplicate")),
        ({"ports": [{"port": 1}]}, ("spec.ports[0].name", "FieldValueRequired")),
        ({"options": {"a": 1}}, ("spec.options.a", "FieldValueTypeInvalid")),
        ({"size": 1.5}, ("spec.size", "FieldValueTypeInvalid")),
    ],
)
def test_a_problem_names_its_field_and_its_reason(spec: Any, problem: tuple[str, str]) -> None:
    assert fields(**spec) == [problem]


@pytest.mark.parametrize("spec", [{"size": 1}, {"size": "25%"}, {"note": None}, {"weight": 0}])
def test_what_the_schema_allows_passes(spec: Any) -> None:
    assert fields(**spec) == []


def test_a_missing_field_is_named_where_it_should_be() -> None:
    problems = WIDGET.problems({"metadata": {"name": "w"}, "spec": {}})

    assert [(cause.field, cause.reason) for cause in problems] == [("spec.image", "FieldValueRequired")]


def test_a_problem_that_was_there_before_and_did_not_change_is_let_through() -> None:
    assert fields(weight=101, note="new", old={"weight": 101}) == []
    assert fields(weight=102, old={"weight": 101}) == [("spec.weight", "FieldValueInvalid")]


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        ({"name": "Upper"}, "metadata.name"),
        ({"name": "a/b"}, "metadata.name"),
        ({"name": "a\nb"}, "metadata.name"),
        ({"name": "a" * 254}, "metadata.name"),
        ({"labels": {"a": "not a value"}}, "metadata.labels"),
        ({"labels": {"a b": "x"}}, "metadata.labels"),
        ({"annotations": {"a": 1}}, "metadata.annotations.a"),
        ({"finalizers": ["a", "a"]}, "metadata.finalizers[1]"),
        ({"ownerReferences": [{"name": "x"}]}, "metadata.ownerReferences[0].apiVersion"),
    ],
)
def test_every_kind_has_the_rules_of_metadata(metadata: Any, field: str) -> None:
    manifest = widget("w", metadata=metadata)

    assert field in [cause.field for cause in WIDGET.problems(manifest)]


@pytest.mark.parametrize(
    ("declared", "value", "is_valid"),
    [
        ({"type": "number", "minimum": 1, "exclusiveMinimum": True}, 1, False),
        ({"type": "number", "minimum": 1, "exclusiveMinimum": True}, 1.1, True),
        ({"type": "string", "enum": ["a"], "nullable": True}, None, True),
        ({"type": "string", "enum": ["a"]}, None, False),
        ({"type": "string", "format": "date-time"}, "yesterday", False),
        ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z", True),
        ({"type": "integer", "format": "int64"}, 5, True),
        ({"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1, "b": 1}, False),
        ({"type": "object", "not": {"required": ["a"]}}, {"a": 1}, False),
    ],
)
def test_openapi_words_mean_what_they_say(declared: Any, value: Any, is_valid: bool) -> None:
    schema = Schema({"type": "object", "properties": {"field": declared}})

    assert (schema.problems({"metadata": {"name": "x"}, "field": value}) == ()) is is_valid


def test_a_pattern_that_no_engine_of_kubernetes_knows_is_found_at_once() -> None:
    schema = Schema({"type": "object", "properties": {"a": {"type": "string", "pattern": "(?!x)"}}})

    with pytest.raises(ValueError, match="regex"):
        schema.check()
