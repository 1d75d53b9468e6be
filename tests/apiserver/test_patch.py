from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.apiserver.patch import json_patched, merge_patched
from lmos.apiserver.status import ApiError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab/~", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "patch", "expected"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
        ({"a": 1}, {"absent": None}, {"a": 1}),
    ],
)
def test_a_merge_patch_merges_objects_and_replaces_the_rest(value: Any, patch: Any, expected: Any) -> None:
    assert merge_patched(value, patch) == expected


@given(JSON, JSON)
def test_a_merge_patch_twice_is_a_merge_patch_once(value: Any, patch: Any) -> None:
    once = merge_patched(value, patch)

    assert merge_patched(once, patch) == once


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([{"op": "add", "path": "/a/b", "value": 1}], {"a": {"b": 1}, "l": [1, 2]}),
        ([{"op": "add", "path": "/l/1", "value": 9}], {"a": {}, "l": [1, 9, 2]}),
        ([{"op": "add", "path": "/l/-", "value": 9}], {"a": {}, "l": [1, 2, 9]}),
        ([{"op": "remove", "path": "/l/0"}], {"a": {}, "l": [2]}),
        ([{"op": "replace", "path": "/l", "value": 0}], {"a": {}, "l": 0}),
        ([{"op": "move", "from": "/l", "path": "/m"}], {"a": {}, "m": [1, 2]}),
        ([{"op": "copy", "from": "/l/1", "path": "/a/x"}], {"a": {"x": 2}, "l": [1, 2]}),
        ([{"op": "test", "path": "/l/1", "value": 2}], {"a": {}, "l": [1, 2]}),
        ([{"op": "add", "path": "/x~1y~0z", "value": 1}], {"a": {}, "l": [1, 2], "x/y~z": 1}),
        ([{"op": "replace", "path": "", "value": 7}], 7),
        # Kubernetes takes what is absent as replaced, and as removed.
        ([{"op": "replace", "path": "/a/b", "value": 1}], {"a": {"b": 1}, "l": [1, 2]}),
        ([{"op": "remove", "path": "/a/b"}], {"a": {}, "l": [1, 2]}),
    ],
)
def test_a_json_patch_does_each_operation(operations: Any, expected: Any) -> None:
    assert json_patched({"a": {}, "l": [1, 2]}, operations) == expected


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/l/7"},
        {"op": "add", "path": "/l/7", "value": 1},
        {"op": "add", "path": "/no/where", "value": 1},
        {"op": "test", "path": "/a", "value": 2},
        {"op": "explode", "path": "/a"},
        {"op": "add", "path": "a", "value": 1},
        {"op": "add", "path": "/a"},
        {"path": "/a"},
    ],
)
def test_an_operation_that_does_not_fit_is_refused(operation: Any) -> None:
    with pytest.raises(ApiError) as refused:
        json_patched({"a": 1, "l": [1]}, [operation])

    assert refused.value.http == 422


def test_a_refused_patch_leaves_the_value_as_it_was() -> None:
    value = {"a": {"b": 1}}

    with pytest.raises(ApiError):
        json_patched(value, [{"op": "remove", "path": "/a/b"}, {"op": "test", "path": "/x", "value": 1}])

    assert value == {"a": {"b": 1}}


@pytest.mark.parametrize("patch", [{}, [1], "x", None])
def test_a_json_patch_is_a_list_of_operations(patch: Any) -> None:
    with pytest.raises(ApiError) as refused:
        json_patched({}, patch)

    assert refused.value.http == 400


@given(JSON, JSON)
def test_what_was_added_can_be_tested_and_removed(value: Any, new: Any) -> None:
    document = {"keep": value}
    path = {"path": "/new"}

    added = json_patched(
        document, [{"op": "add", **path, "value": new}, {"op": "test", **path, "value": new}]
    )

    assert json_patched(added, [{"op": "remove", **path}]) == document
