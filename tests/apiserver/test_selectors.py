from __future__ import annotations

from typing import Any

import pytest

from lmos.apiserver.selectors import field_tests, fields_match, label_test, selector_accepts
from lmos.apiserver.status import ApiError

LABELS = {"app": "web", "tier": "front", "example.com/part": "a.b-c"}


@pytest.mark.parametrize(
    ("selector", "accepts"),
    [
        ("app=web", True),
        ("app==web", True),
        ("app!=web", False),
        ("app!=db", True),
        ("absent!=x", True),
        ("app=web,tier=back", False),
        (" app = web , tier = front ", True),
        ("app", True),
        ("absent", False),
        ("!absent", True),
        ("!app", False),
        ("app in (web, db)", True),
        ("app in (db)", False),
        ("app notin (db)", True),
        ("absent notin (x)", True),
        ("app in (web),tier notin (back),!absent", True),
        ("example.com/part=a.b-c", True),
        ("absent=", False),
    ],
)
def test_label_selectors(selector: str, accepts: bool) -> None:
    test = label_test(selector)

    assert test
    assert test(LABELS) is accepts


def test_an_empty_selector_accepts_everything() -> None:
    assert label_test("") is None
    assert label_test("  ") is None


@pytest.mark.parametrize("selector", ["=x", "a=b=c", "app in web", "a b", "app in (", ",a", "a=x;y"])
def test_a_label_selector_that_cannot_be_read_is_refused(selector: str) -> None:
    with pytest.raises(ApiError) as refused:
        label_test(selector)

    assert refused.value.http == 400


@pytest.mark.parametrize(
    ("selector", "accepts"),
    [
        ("metadata.name=a", True),
        ("metadata.name!=a", False),
        ("involvedObject.kind=Pod,metadata.name=a", True),
        ("involvedObject.kind=Job", False),
        ("spec.absent=", True),
        ("spec.on=true", True),
        ("spec.count=3", True),
    ],
)
def test_field_selectors(selector: str, accepts: bool) -> None:
    manifest = {
        "metadata": {"name": "a"},
        "involvedObject": {"kind": "Pod"},
        "spec": {"on": True, "count": 3},
    }

    assert fields_match(field_tests(selector), manifest) is accepts


def test_a_field_selector_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ApiError):
        field_tests("metadata.name")


@pytest.mark.parametrize(
    ("selector", "accepts"),
    [
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "db"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({}, True),
    ],
)
def test_selectors_in_objects(selector: Any, accepts: bool) -> None:
    assert selector_accepts(selector, LABELS) is accepts
