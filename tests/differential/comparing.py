"""Answers made comparable, and where two of them differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.differential.histories import Answer

# Lists that promise no order, such as writers of the same second, and causes found in a hash map.
_UNORDERED = ("managedFields", "causes", "resources", "subresources", "verbs", "versions")
HEADERS = ("content-type", "warning")

# What no two servers can have in common, by the name of its field.
_OWN_FIELDS = {
    "uid": "<uid>",
    "resourceVersion": "<version>",
    "continue": "<continue>",
    "creationTimestamp": "<time>",
    "deletionTimestamp": "<time>",
    "lastTransitionTime": "<time>",
    "time": "<time>",
    "nodePort": "<port>",
    "clusterIP": "<address>",
    "hash": "<hash>",
}
# And what of it shows up in texts.
_OWN_TEXTS = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uid>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r"^\d+(m\d+)?s$"), "<age>"),
    (re.compile(r"10\.96\.\d+\.\d+"), "<address>"),
    (re.compile(r"(resource version: )\d+( \(\d+\))?"), r"\1<version>"),
    (re.compile(r"(current: |in record )\(?\d+\)?"), r"\1<version>"),
    (re.compile(r'(\\*"resourceVersion\\*":\\*")\d+'), r"\1<version>"),
)


def normalised(answer: Answer) -> dict[str, Any]:
    """The answer as a value in which only differences that matter are left."""
    headers = {name: answer.headers[name] for name in HEADERS if name in answer.headers}
    return {"status": answer.status, "headers": headers, "body": _plain(answer.body, "")}


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        plain = {_neutral(key): _plain(item, key) for key, item in value.items()}
        if value.get("kind") == "Status" and "message" in plain:
            plain["message"] = _sorted_message(plain["message"])
        prefix = value.get("generateName")
        if prefix and str(value.get("name", "")).startswith(prefix):
            plain["name"] = f"{prefix}<generated>"
        return plain
    if isinstance(value, list):
        items = [_plain(item, "") for item in value]
        return sorted(items, key=_identity) if name in _UNORDERED else items
    if name in _OWN_FIELDS and value not in (None, "", "None", 0):
        return _OWN_FIELDS[name]
    return _neutral(value) if isinstance(value, str) else value


def _identity(item: Any) -> list[str]:
    if not isinstance(item, dict):
        return [str(item)]
    names = ("manager", "operation", "subresource", "field", "message", "name", "resource", "version")
    return [str(item.get(name)) for name in names]


def _neutral(text: str) -> str:
    for pattern, replacement in _OWN_TEXTS:
        text = pattern.sub(replacement, text)
    return text


def _sorted_message(message: str) -> str:
    """A message of several problems with these in order."""
    head, opening, problems = message.partition("is invalid: [")
    if not opening:
        return message
    return f"{head}{opening}{', '.join(sorted(problems.removesuffix(']').split(', ')))}]"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place of an answer, such as `body.spec.ports[0].name`, and what stands there."""

    place: str
    ours: Any
    theirs: Any


ABSENT = "(absent)"


def differences(ours: Any, theirs: Any, place: str = "") -> Iterator[Difference]:
    """Where two normalised answers differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            here = f"{place}.{key}".lstrip(".")
            yield from differences(ours.get(key, ABSENT), theirs.get(key, ABSENT), here)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (our, their) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(our, their, f"{place}[{index}]")
    elif ours != theirs or type(ours) is not type(theirs):
        yield Difference(place, ours, theirs)
