from __future__ import annotations

from typing import Any

import pytest

from lmos.apiserver.jsonpath import JsonPath, replaced

VALUE: Any = {
    "spec": {"weight": 3, "ports": [{"n": 1}, {"n": 2}], "a.b/c": "x"},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Old", "status": "False"}]},
    "flags": [{"on": True, "id": 1}, {"on": False, "id": 2}],
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".spec.weight", [3]),
        ("{.spec.weight}", [3]),
        ("$.spec.weight", [3]),
        (".spec.absent", []),
        (".spec.ports[0].n", [1]),
        (".spec.ports[-1].n", [2]),
        (".spec.ports[9].n", []),
        (".spec.ports[*].n", [1, 2]),
        (".status.conditions[?(@.type=='Ready')].status", ["True"]),
        ('.status.conditions[?(@.type!="Ready")].status', ["False"]),
        (".flags[?(@.on==true)].id", [1]),
        (".spec['a.b/c']", ["x"]),
        (r".spec.a\.b/c", ["x"]),
        (".spec.weight.deeper", []),
    ],
)
def test_paths_lead_to_values(path: str, expected: Any) -> None:
    assert JsonPath(path).all(VALUE) == expected


@pytest.mark.parametrize("path", ["spec", ".a[", ".a[?(@.b)]", ".a{", ".a[x]"])
def test_a_path_that_cannot_be_read_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        JsonPath(path)


def test_a_plain_path_can_be_written_to() -> None:
    assert replaced({"spec": {"a": 1}}, ".spec.replicas", 3) == {"spec": {"a": 1, "replicas": 3}}
    assert replaced({}, ".spec.replicas", 3) == {"spec": {"replicas": 3}}
