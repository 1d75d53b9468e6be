"""The JSONPath of printer columns and scale paths: fields, indexes, `[*]` and `[?(@.field=="value")]`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from lmos.apiserver.values import Json

_STEP = re.compile(
    r"""\.(?P<field>[^.\[\]{}'"\s\\]*(?:\\.[^.\[\]{}'"\s\\]*)*)
      | \[(?P<index>-?\d+)\]
      | \[(?P<every>\*)\]
      | \[['"](?P<name>[^'"]*)['"]\]
      | \[\?\(\s*@\.(?P<key>[\w.-]+)\s*(?P<op>==|!=)\s*(?P<value>"[^"]*"|'[^']*'|true|false|-?\d+)\s*\)\]
    """,
    re.VERBOSE,
)
_Step: TypeAlias = re.Match[str]


class JsonPath:
    """
    A compiled path such as `.status.conditions[?(@.type=="Ready")].status`.

    Raises:
        ValueError: The text is no path that printer columns may use.
    """

    def __init__(self, text: str) -> None:
        self._steps: list[_Step] = []
        text = text.removeprefix("{").removesuffix("}").removeprefix("$")
        position = 0
        while position < len(text):
            step = _STEP.match(text, position)
            if step is None:
                raise ValueError(f"{text!r} cannot be read at {text[position:]!r}")
            self._steps.append(step)
            position = step.end()

    def all(self, value: Json) -> list[Json]:
        """Every value that the path leads to, in order."""
        found = [value]
        for step in self._steps:
            found = [item for value in found for item in _taken(step, value)]
        return [item for item in found if item is not None]

    def first(self, value: Json) -> Json:
        """The first value that the path leads to; None without any."""
        return next(iter(self.all(value)), None)


def _taken(step: _Step, value: Json) -> list[Json]:
    name = step["field"] if step["field"] is not None else step["name"]
    if name is not None:
        if name == "*":
            return list(value.values()) if isinstance(value, dict) else list(value or ())
        name = name.replace("\\.", ".")
        # Two dots in a row, or a dot alone, name the value itself.
        return [value] if not name else [value.get(name)] if isinstance(value, dict) else []
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return []
    if step["index"] is not None:
        index = int(step["index"])
        return [value[index]] if -len(value) <= index < len(value) else []
    if step["every"]:
        return value
    wanted = step["value"].strip("'\"")
    equal = step["op"] == "=="
    return [item for item in value if (text_at(item, step["key"]) == wanted) is equal]


def text_at(value: Json, path: str) -> str:
    """The value at a path of plain fields as text; an absent one is the empty text."""
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def replaced(value: Json, path: str, new: Json) -> Json:
    """`value` with `new` at a path of plain fields (`.spec.replicas`)."""
    head, _, rest = path.removeprefix(".").partition(".")
    before = value if isinstance(value, dict) else {}
    return {**before, head: replaced(before.get(head), rest, new) if rest else new}
