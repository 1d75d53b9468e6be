from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.apiserver.fieldsets import decoded, encoded, leaves, readable, without
from lmos.apiserver.schema import Schema
from tests.apiserver.builders import WIDGET_SCHEMA, widget

TREE = Schema(WIDGET_SCHEMA).tree

STEPS = st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', 'v:"y"'])
PATHS = st.frozensets(st.lists(STEPS, min_size=1, max_size=4).map(tuple), max_size=8)


def paths(manifest: Any) -> set[str]:
    return {readable(path) for path in leaves(TREE, manifest)}


def test_scalars_are_fields_and_so_are_items_of_maps_and_sets() -> None:
    manifest = widget("w", weight=1, tags=["x"], ports=[{"name": "a", "port": 1}])

    assert paths(manifest) == {
        ".spec.image",
        ".spec.weight",
        '.spec.tags[="x"]',
        '.spec.ports[name="a"]',
        '.spec.ports[name="a"].name',
        '.spec.ports[name="a"].port',
    }


def test_identity_and_what_the_server_writes_belong_to_nobody() -> None:
    manifest = widget("w", metadata={"uid": "1", "resourceVersion": "2", "labels": {"a": "b"}})

    assert paths(manifest) == {".spec.image", ".metadata.labels.a"}


def test_an_atomic_list_is_one_field() -> None:
    assert paths({"metadata": {}, "spec": {"free": {"list": [1, 2]}}}) == {".spec.free.list"}


def test_an_empty_object_is_a_field_itself() -> None:
    assert paths({"metadata": {}, "spec": {}}) == {".spec"}


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        ({("f:spec", "f:weight")}, {"image": "a:1", "ports": [{"name": "a"}, {"name": "b"}]}),
        ({("f:spec", "f:ports", 'k:{"name":"a"}')}, {"image": "a:1", "weight": 1, "ports": [{"name": "b"}]}),
        ({("f:spec", "f:ports")}, {"image": "a:1", "weight": 1}),
    ],
)
def test_fields_can_be_taken_away(gone: set[tuple[str, ...]], left: Any) -> None:
    manifest = widget("w", weight=1, ports=[{"name": "a"}, {"name": "b"}])

    assert without(TREE, manifest, frozenset(gone))["spec"] == left


def test_what_becomes_empty_goes_as_well() -> None:
    manifest = widget("w", metadata={"labels": {"a": "b"}})
    gone = frozenset({("f:metadata", "f:labels", "f:a")})

    assert without(TREE, manifest, gone)["metadata"] == {"name": "w"}


@given(PATHS)
def test_a_set_survives_its_way_through_managed_fields(fields: frozenset[tuple[str, ...]]) -> None:
    assert decoded(encoded(fields)) == fields


def test_a_field_with_fields_below_it_is_marked_by_a_dot() -> None:
    fields = frozenset({("f:a",), ("f:a", "f:b")})

    assert encoded(fields) == {"f:a": {".": {}, "f:b": {}}}
