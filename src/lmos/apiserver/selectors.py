"""Label and field selectors, as `labelSelector` and `fieldSelector` spell them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from lmos.apiserver.jsonpath import text_at
from lmos.apiserver.status import bad_request

if TYPE_CHECKING:
    from lmos.apiserver.values import Json

LabelTest: TypeAlias = Callable[[Mapping[str, str]], bool]

_REQUIREMENT = re.compile(
    r"""\s*(?:
        (?P<key>[\w./-]+)\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\)
      | (?P<left>[\w./-]+)\s*(?P<op>==|!=|=)\s*(?P<value>[\w.-]*)
      | (?P<absent>!)?\s*(?P<present>[\w./-]+)
    )\s*(?:,|$)""",
    re.VERBOSE,
)
_FIELD = re.compile(r"\s*([\w.\[\]/-]+)\s*(==|!=|=)\s*([^,=]*?)\s*")


def label_test(selector: str) -> LabelTest | None:
    """
    The test that `selector` stands for; None when it accepts everything.

    Raises:
        ApiError: 400 where the selector cannot be read.
    """
    tests: list[LabelTest] = []
    position = 0
    while position < len(selector.rstrip()):
        match = _REQUIREMENT.match(selector, position)
        if match is None or match.end() == position:
            raise bad_request(f"unable to parse label selector {selector!r} at {selector[position:]!r}")
        tests.append(_requirement(match))
        position = match.end()
    if not tests:
        return None
    return lambda labels: all(test(labels) for test in tests)


def _requirement(match: re.Match[str]) -> LabelTest:
    if key := match["key"]:
        values = {value.strip() for value in match["values"].split(",")}
        if match["set"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if left := match["left"]:
        value = match["value"]
        if match["op"] == "!=":
            return lambda labels: labels.get(left) != value
        return lambda labels: labels.get(left) == value
    present = match["present"]
    if match["absent"]:
        return lambda labels: present not in labels
    return lambda labels: present in labels


FieldTests: TypeAlias = tuple[tuple[str, bool, str], ...]
"""Path, whether it must equal, and the value."""


def field_tests(selector: str) -> FieldTests:
    """
    The requirements of a field selector such as `metadata.name=a,status.phase!=Running`.

    Raises:
        ApiError: 400 where the selector cannot be read.
    """
    tests = []
    for part in selector.split(",") if selector.strip() else ():
        match = _FIELD.fullmatch(part)
        if match is None:
            raise bad_request(f"unable to parse field selector {selector!r}")
        tests.append((match[1], match[2] != "!=", match[3]))
    return tuple(tests)


def fields_match(tests: FieldTests, manifest: Json) -> bool:
    """Whether the object has, or has not, the values that `tests` name; an absent field is the empty text."""
    return all((text_at(manifest, path) == value) is equal for path, equal, value in tests)


def selector_accepts(selector: Json, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector object (`matchLabels`, `matchExpressions`) accepts `labels`."""
    equal = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return equal and all(_accepts(item, labels) for item in selector.get("matchExpressions") or ())


def _accepts(expression: Json, labels: Mapping[str, str]) -> bool:
    value = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return value in expression.get("values", ())
        case "NotIn":
            return value not in expression.get("values", ())
        case "Exists":
            return value is not None
        case _:
            return value is None
