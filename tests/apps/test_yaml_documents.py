"""YAML as plain JSON values, whatever the text wants to become."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lmos.apps.yaml_documents import DEEPEST, UnusableYaml, documents, is_too_deep

# YAML knows more line breaks and forbids more characters than JSON.
TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"], include_characters=" \n"))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(PLAIN)
def test_what_was_written_is_read_back(value: Any) -> None:
    assert list(documents(yaml.safe_dump(value, allow_unicode=True))) == [value]


@given(PLAIN)
def test_json_is_yaml(value: Any) -> None:
    assert list(documents(json.dumps(value, ensure_ascii=False))) == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1.50", {"a": 1.5}),
        ("a: '1.50'", {"a": "1.50"}),
        ("a: 0x1f", {"a": 31}),
        ("a: yes", {"a": True}),
        ("a: ~\nb:", {"a": None, "b": None}),
        ("a: 2026-01-01", {"a": "2026-01-01"}),
        ("a: 22:22", {"a": "22:22"}),
        ("1: a\ntrue: b", {"1": "a", "true": "b"}),
        ("a: !!str 1", {"a": "1"}),
        ("a: &one {b: 1}\nc: *one", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &one {b: 1, c: 2}\nd: {<<: *one, c: 3}", {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("\ufeffa: 1", {"a": 1}),
    ],
)
def test_it_means_what_kubernetes_tools_take_it_to_mean(text: str, value: Any) -> None:
    assert list(documents(text)) == [value]


def test_documents_follow_one_another_and_may_be_empty() -> None:
    assert list(documents("a: 1\n---\n---\nb: 2\n...\n")) == [{"a": 1}, None, {"b": 2}]
    assert list(documents("")) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\nb: 2\na: 3", "line 3, column 1: the key 'a' stands twice"),
        ("a: &x [*x]", "stands for nothing, or for itself"),
        ("a: *b", r"the alias \*b stands for nothing"),
        ("? [a]\n: b", "a key must be a text"),
        ("a: !!python/name:os.system", "has no place in a manifest"),
        ("a: !!binary aGk=", "has no place in a manifest"),
        ("a: !!int x", "'x' is no int"),
        ("a: .nan", "no number that JSON can hold"),
        ("a: 99999999999999999999", "no number that JSON can hold"),
        ("a: {<<: 1}", "merges mappings only"),
        ("[" * 100_000, "nested more than 100 levels"),
        ("- " * 1_000 + "a", "nested more than 100 levels"),
    ],
)
def test_what_no_manifest_means_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(UnusableYaml, match=says):
        list(documents(text))


def test_a_billion_laughs_are_refused_at_once() -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12)]
    bomb = "\n".join(["l0: &l0 [lol]", *levels])

    with pytest.raises(UnusableYaml, match="aliases stand for more than"):
        list(documents(bomb))


def test_depth_is_counted_in_json_as_well() -> None:
    value: Any = []
    for _ in range(DEEPEST - 1):
        value = [value]

    assert not is_too_deep(value)
    assert is_too_deep({"one more": value})
