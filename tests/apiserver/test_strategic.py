from __future__ import annotations

from typing import Any

import pytest

from lmos.apiserver.status import ApiError
from lmos.apiserver.strategic import strategic_patched

TREE: Any = {
    "properties": {
        "containers": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {}, "image": {}}},
        },
        "finalizers": {"type": "array", "x-kubernetes-list-type": "set"},
        "args": {"type": "array"},
    }
}
VALUE: Any = {
    "containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}],
    "finalizers": ["x", "y"],
    "args": ["1", "2"],
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
}


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (
            {"containers": [{"name": "b", "image": "2"}]},
            {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]},
        ),
        (
            {"containers": [{"name": "c", "image": "9"}]},
            {"containers": [{"name": "c", "image": "9"}, *VALUE["containers"]]},
        ),
        ({"containers": [{"name": "a", "$patch": "delete"}]}, {"containers": [{"name": "b", "image": "1"}]}),
        ({"containers": [{"$patch": "replace"}, {"name": "z"}]}, {"containers": [{"name": "z"}]}),
        ({"containers": None}, {"containers": None}),
        ({"finalizers": ["z", "x"]}, {"finalizers": ["z", "x", "y"]}),
        ({"$deleteFromPrimitiveList/finalizers": ["x"]}, {"finalizers": ["y"]}),
        ({"args": ["3"]}, {"args": ["3"]}),
        ({"strategy": {"$patch": "replace", "type": "Recreate"}}, {"strategy": {"type": "Recreate"}}),
        (
            {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}},
            {"strategy": {"type": "Recreate"}},
        ),
        ({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}, {}),
    ],
)
def test_lists_merge_as_the_schema_says(patch: Any, expected: Any) -> None:
    wanted = {key: value for key, value in {**VALUE, **expected}.items() if value is not None}

    assert strategic_patched(TREE, VALUE, patch) == wanted


@pytest.mark.parametrize("patch", [[], {"$patch": "explode"}, {"containers": [{"image": "no key"}]}])
def test_a_patch_that_makes_no_sense_is_refused(patch: Any) -> None:
    with pytest.raises(ApiError) as refused:
        strategic_patched(TREE, VALUE, patch)

    assert refused.value.http == 400
