"""The language of prompt templates: `@{path}` and `@foreach{x : list} … @end{'separator'}`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from lmos.core.errors import InvalidInput

_OPENING = re.compile(r"@([A-Za-z]*)\{")
# What is quoted may hold a brace.
_INSIDE = re.compile(r"""((?:'[^']*'|"[^"]*"|[^}'"])*)\}""")
_PATH = re.compile(r"\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*")
_LOOP = re.compile(rf"\s*([A-Za-z_]\w*)\s*:{_PATH.pattern}")
_SEPARATOR = re.compile(r"""\s*(?:'([^']*)'|"([^"]*)")?\s*""")


class PromptNotRendered(InvalidInput):
    """A prompt template cannot be read, or names what there is not."""

    code: ClassVar[str] = "PromptNotRendered"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"Failed to render prompt template: {problem}",
            hint="See “Language model” in docs/explanation/routing.md for what a template may hold.",
        )


@dataclass(frozen=True, slots=True)
class _Value:
    path: str


@dataclass(frozen=True, slots=True)
class _Loop:
    name: str
    path: str
    body: tuple[_Node, ...]
    separator: str


_Node = str | _Value | _Loop


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """
    A template that has been read.

    Values are data: what looks like a template in one of them stays as it is. A text stands as it is, every
    other value as JSON.

    Source:
        contracts/lmos-core.md §3.5; the original evaluates MVEL 2 there, of which this is the part that it
        documents.
    """

    nodes: tuple[_Node, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a template.

        Raises:
            PromptNotRendered: A tag is unknown, not closed, or holds no path.
        """
        nodes, position = _nodes(text, 0, is_inside=False)
        if position < len(text):
            raise PromptNotRendered("@end without @foreach")
        return cls(nodes)

    def render(self, variables: Mapping[str, Any]) -> str:
        """
        The text with the values of `variables`: JSON values, mappings for what has properties.

        Raises:
            PromptNotRendered: The template names what `variables` has not, or goes through what is no list.
        """
        return _rendered(self.nodes, variables)


def _nodes(text: str, start: int, *, is_inside: bool) -> tuple[tuple[_Node, ...], int]:
    """What stands from `start` on, and where it ends: with the text, or at an `@end` that is not its own."""
    nodes: list[_Node] = []
    position = start
    while opening := _OPENING.search(text, position):
        inside = _INSIDE.match(text, opening.end())
        if inside is None:
            raise PromptNotRendered(f"{opening[0]} is not closed")
        nodes.append(text[position : opening.start()])
        if opening[1] == "end":
            return tuple(nodes), opening.start()
        if opening[1] == "foreach":
            loop, position = _loop(text, inside)
            nodes.append(loop)
        elif opening[1]:
            raise PromptNotRendered(f"@{opening[1]} is unknown")
        else:
            nodes.append(_Value(_matched(_PATH, inside[1], "@{path.to.property}")[1]))
            position = inside.end()
    if is_inside:
        raise PromptNotRendered("@foreach without @end{}")
    return (*nodes, text[position:]), len(text)


def _loop(text: str, head: re.Match[str]) -> tuple[_Loop, int]:
    said = _matched(_LOOP, head[1], "@foreach{name : path.to.list}")
    body, end = _nodes(text, head.end(), is_inside=True)
    opening = _OPENING.match(text, end)
    inside = _INSIDE.match(text, opening.end()) if opening else None
    if inside is None:
        raise PromptNotRendered("@foreach without @end{}")
    separator = _matched(_SEPARATOR, inside[1], "@end{'separator'}")
    return _Loop(said[1], said[2], body, separator[1] or separator[2] or ""), inside.end()


def _matched(pattern: re.Pattern[str], written: str, expected: str) -> re.Match[str]:
    found = pattern.fullmatch(written)
    if found is None:
        raise PromptNotRendered(f"{written.strip()!r} is not of the form {expected}")
    return found


def _rendered(nodes: Sequence[_Node], variables: Mapping[str, Any]) -> str:
    return "".join(
        node
        if isinstance(node, str)
        else _repeated(node, variables)
        if isinstance(node, _Loop)
        else _shown(_looked_up(node.path, variables))
        for node in nodes
    )


def _repeated(loop: _Loop, variables: Mapping[str, Any]) -> str:
    items = _looked_up(loop.path, variables)
    if isinstance(items, str | bytes) or not isinstance(items, Sequence):
        raise PromptNotRendered(f"{loop.path} is no list")
    return loop.separator.join(_rendered(loop.body, {**variables, loop.name: item}) for item in items)


def _looked_up(path: str, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    value: Any = variables
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            raise PromptNotRendered(f"there is no {path}")
        value = value[name]
    return value


def _shown(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
