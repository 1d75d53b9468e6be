"""
YAML documents as plain JSON values.

The usual loaders recurse in C and expand what they are told to: a few lines of brackets end the process,
a few aliases fill the memory. This one goes through the events of the parser with a stack of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = Any

DEEPEST = 100
"""Nested so many levels, no manifest is meant."""
LARGEST_EXPANSION = 4 * 1024 * 1024
"""Characters that the aliases of a document may stand for."""

# The C parser reads ten times as fast.
_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_MERGE = "<<"
_LARGEST_NUMBER = {bool: 2, int: 2**63, float: math.inf}


class Mark(Protocol):
    """Where in a text something stands; both numbers count from 0."""

    line: int
    column: int


class UnusableYaml(Exception):
    """The text is YAML, but not of the kind that stands for JSON; the message names the line."""

    def __init__(self, problem: str, mark: Mark | None) -> None:
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        super().__init__(f"{where}{problem}")


@dataclass(slots=True)
class _Collection:
    """A sequence or mapping that is being read; `size` counts the characters that it stands for."""

    value: list[Json] | dict[str, Json]
    anchor: str | None
    mark: Mark | None
    size: int = 1
    key: str | None = None
    merged: list[dict[str, Json]] = field(default_factory=list)


def documents(text: str) -> Iterator[Json]:
    """
    The documents in `text`, one after the other; an empty one is None.

    What YAML knows beyond JSON is read as Kubernetes tools do: keys become texts, timestamps stay texts,
    merge keys are merged.

    Raises:
        UnusableYaml: A key stands twice, a tag or a number has no place in JSON, nesting is too deep, or
            aliases stand for too much.
        yaml.YAMLError: It is no YAML.
    """
    parser = _Parser(text)
    try:
        reading = _Document()
        while parser.check_event():
            event = parser.get_event()
            if isinstance(event, yaml.DocumentStartEvent):
                reading = _Document()
            elif isinstance(event, yaml.DocumentEndEvent):
                yield reading.value
            elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
                reading.take(event)
    finally:
        parser.dispose()


def is_too_deep(value: Json) -> bool:
    """Whether a JSON value is nested more than DEEPEST levels deep."""
    layer = [value]
    for _ in range(DEEPEST):
        lists = [each for each in layer if isinstance(each, list)]
        mappings = [each.values() for each in layer if isinstance(each, dict)]
        layer = list(chain.from_iterable([*lists, *mappings]))
    return any(isinstance(each, list | dict) for each in layer)


class _Document:
    """Builds the value of one document from its events."""

    def __init__(self) -> None:
        self.value: Json = None
        self._open: list[_Collection] = []
        self._anchored: dict[str, tuple[Json, int]] = {}
        self._expanded = 0

    def take(self, event: yaml.Event) -> None:
        mark = event.start_mark
        match event:
            case yaml.AliasEvent():
                self._add(*self._alias(event.anchor or "", mark), mark)
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._begin(event)
            case yaml.CollectionEndEvent():
                self._end()

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        if len(self._open) >= DEEPEST:
            raise UnusableYaml(f"it is nested more than {DEEPEST} levels deep", event.start_mark)
        _refuse_tag(event.tag, {"seq", "map"}, event.start_mark)
        if self._awaits_key():
            raise UnusableYaml("a key must be a text", event.start_mark)
        value: list[Json] | dict[str, Json] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        self._open.append(_Collection(value, event.anchor, event.start_mark))

    def _end(self) -> None:
        done = self._open.pop()
        if isinstance(done.value, dict):
            for other in done.merged:
                done.value |= other | done.value
        self._remember(done.anchor, done.value, done.size)
        self._add(done.value, done.size, done.mark)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if self._awaits_key():
            self._open[-1].key = self._key(event)
            return
        value = _scalar(event)
        size = len(event.value) + 1
        self._remember(event.anchor, value, size)
        self._add(value, size, event.start_mark)

    def _key(self, event: yaml.ScalarEvent) -> str:
        name = str(event.value)
        collection = self._open[-1]
        if isinstance(collection.value, dict) and name in collection.value:
            raise UnusableYaml(f"the key {name!r} stands twice", event.start_mark)
        _refuse_surrogates(name, event.start_mark)
        return name

    def _alias(self, anchor: str, mark: Mark | None) -> tuple[Json, int]:
        if self._awaits_key():
            raise UnusableYaml("a key must be a text", mark)
        if anchor not in self._anchored:
            raise UnusableYaml(f"the alias *{anchor} stands for nothing, or for itself", mark)
        value, size = self._anchored[anchor]
        self._expanded += size
        if self._expanded > LARGEST_EXPANSION:
            raise UnusableYaml(f"aliases stand for more than {LARGEST_EXPANSION:,} characters", mark)
        return value, size

    def _add(self, value: Json, size: int, mark: Mark | None) -> None:
        if not self._open:
            self.value = value
            return
        collection = self._open[-1]
        collection.size += size
        if isinstance(collection.value, list):
            collection.value.append(value)
            return
        key, collection.key = collection.key or "", None
        if key == _MERGE:
            collection.merged += _mappings(value, mark)
        else:
            collection.value[key] = value

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _remember(self, anchor: str | None, value: Json, size: int) -> None:
        if anchor:
            self._anchored[anchor] = value, size


def _mappings(value: Json, mark: Mark | None) -> list[dict[str, Json]]:
    """What `<<` merges: a mapping, or several of which the first counts most."""
    several = value if isinstance(value, list) else [value]
    if not all(isinstance(each, dict) for each in several):
        raise UnusableYaml("`<<` merges mappings only", mark)
    return several


def _scalar(event: yaml.ScalarEvent) -> Json:
    text, mark = str(event.value), event.start_mark
    _refuse_surrogates(text, mark)
    if event.tag is not None and event.tag != "!":
        _refuse_tag(event.tag, {"str", "int", "float", "bool", "null"}, mark)
        tag = str(event.tag)
    elif event.style or event.tag == "!" or not event.implicit[0]:
        return text
    else:
        tag = _resolve(yaml.ScalarNode, text, (True, False))
    # Sixties are read as texts, as Kubernetes does: 22:22 is no number.
    if tag in {f"{_CORE}int", f"{_CORE}float"} and ":" in text:
        return text
    construct = _CONSTRUCT.get(tag)
    if construct is None:
        return text
    try:
        value = construct(yaml.ScalarNode(tag, text))
    except (ValueError, KeyError) as error:
        raise UnusableYaml(f"{text!r} is no {tag.removeprefix(_CORE)}", mark) from error
    if value is not None and not (math.isfinite(value) and abs(value) < _LARGEST_NUMBER[type(value)]):
        raise UnusableYaml(f"{text} is no number that JSON can hold", mark)
    return value


def _refuse_tag(tag: str | None, known: set[str], mark: Mark | None) -> None:
    if tag is not None and tag != "!" and tag.removeprefix(_CORE) not in known:
        raise UnusableYaml(f"the tag {tag} has no place in a manifest", mark)


def _refuse_surrogates(text: str, mark: Mark | None) -> None:
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise UnusableYaml("a text holds half of a surrogate pair", mark)


_resolve: Callable[[type[yaml.Node], str, tuple[bool, bool]], str] = yaml.resolver.Resolver().resolve
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_CONSTRUCT: dict[str, Callable[[yaml.ScalarNode], bool | float | None]] = {
    f"{_CORE}null": _CONSTRUCTOR.construct_yaml_null,
    f"{_CORE}bool": _CONSTRUCTOR.construct_yaml_bool,
    f"{_CORE}int": _CONSTRUCTOR.construct_yaml_int,
    f"{_CORE}float": _CONSTRUCTOR.construct_yaml_float,
}
