"""
GraphQL documents as far as the agent protocol needs them: operations, fields, arguments, variables.

Fragments and directives are refused by name; everything that the original's client and Arc View send is read,
and so is the empty argument list `agent() { names }` that strict parsers reject.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from pydantic_core import from_json

from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DOCUMENT_CHARACTERS = 16_384
MAX_DEPTH = 12

OperationKind = Literal["query", "mutation", "subscription"]


@dataclass(frozen=True, slots=True)
class Variable:
    """A `$name` in the place of a value."""

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """A selected field; `key` is its alias, or its name."""

    name: str
    key: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    selections: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; `defaults` holds the default values of its variables."""

    kind: OperationKind
    name: str | None
    defaults: Mapping[str, Any]
    selections: tuple[Field, ...]


class GraphQlInvalid(InvalidInput):
    """A GraphQL document cannot be read, or asks for what the schema does not have."""

    code: ClassVar[str] = "GraphQlInvalid"

    def __init__(self, message: str) -> None:
        super().__init__(message, hint="The schema has `query { agent { names } }` and `subscription agent`.")


def operation_in(document: str, name: str | None = None) -> Operation:
    """
    The operation to run.

    Args:
        document: GraphQL text, at most 16,384 characters.
        name: Which one, where the document holds several.

    Raises:
        GraphQlInvalid: The text is no GraphQL, uses fragments or directives, or names no such operation.
    """
    if len(document) > MAX_DOCUMENT_CHARACTERS:
        raise GraphQlInvalid(f"The document is longer than {MAX_DOCUMENT_CHARACTERS} characters.")
    operations = _operations_in(document)
    chosen = [operation for operation in operations if name is None or operation.name == name]
    if len(chosen) != 1:
        raise GraphQlInvalid(f"operationName {name!r} selects {len(chosen)} operations of the document.")
    return chosen[0]


@lru_cache(maxsize=64)
def _operations_in(document: str) -> tuple[Operation, ...]:
    # A client sends the same document with every Turn; parsing it costs more than all the rest.
    return _Parser(document).document()


def arguments_of(selected: Field, operation: Operation, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a field with its variables filled in; a variable nobody set is None."""
    known = {**operation.defaults, **variables}
    return {name: _filled(value, known) for name, value in selected.arguments.items()}


def _filled(value: object, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401 - arguments are JSON
    if isinstance(value, Variable):
        return variables.get(value.name)
    if isinstance(value, dict):
        return {key: _filled(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, variables) for inner in value]
    return value


_TOKEN = re.compile(
    r"""(?P<skipped>[\s,\ufeff]+|\#[^\n\r]*)
      | (?P<block>\"\"\"(?:\\\"\"\"|(?!\"\"\").)*\"\"\")
      | (?P<string>\"(?:[^\"\\\n\r]|\\.)*\")
      | (?P<number>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))
      | (?P<name>[_A-Za-z][_0-9A-Za-z]*)
      | (?P<mark>\.\.\.|[!$&():=@\[\]{|}])""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"true": True, "false": False, "null": None}


class _Parser:
    """Recursive descent over the tokens; every method reads one construct."""

    def __init__(self, document: str) -> None:
        self._document = document
        self._tokens = self._tokenise()
        self._at = 0

    def document(self) -> tuple[Operation, ...]:
        operations = []
        while self._kind() != "end":
            operations.append(self._operation())
        return tuple(operations)

    def _operation(self) -> Operation:
        if self._text() == "{":
            return Operation("query", None, {}, self._selections(MAX_DEPTH))
        kind = self._take("name")
        if kind not in {"query", "mutation", "subscription"}:
            raise self._unexpected(back=1)
        name = self._take("name") if self._kind() == "name" else None
        defaults = self._variable_definitions()
        return Operation(cast("OperationKind", kind), name, defaults, self._selections(MAX_DEPTH))

    def _variable_definitions(self) -> dict[str, Any]:
        defaults: dict[str, Any] = {}
        if not self._skip("("):
            return defaults
        while not self._skip(")"):
            self._expect("$")
            name = self._take("name")
            self._expect(":")
            self._type()
            defaults[name] = self._value(MAX_DEPTH) if self._skip("=") else None
        return defaults

    def _type(self) -> None:
        brackets = 0
        while self._skip("["):
            brackets += 1
        self._take("name")
        self._skip("!")
        for _ in range(brackets):
            self._expect("]")
            self._skip("!")

    def _selections(self, depth: int) -> tuple[Field, ...]:
        self._within(depth)
        self._expect("{")
        selections = [self._field(depth)]
        while not self._skip("}"):
            selections.append(self._field(depth))
        return tuple(selections)

    def _field(self, depth: int) -> Field:
        if self._text() == "...":
            raise GraphQlInvalid("Fragments are not supported; write the fields out.")
        first = self._take("name")
        name = self._take("name") if self._skip(":") else first
        arguments = self._arguments()
        if self._text() == "@":
            raise GraphQlInvalid("Directives are not supported.")
        selections = self._selections(depth - 1) if self._text() == "{" else ()
        return Field(name, first, arguments, selections)

    def _arguments(self) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        if self._skip("("):
            while not self._skip(")"):
                name = self._take("name")
                self._expect(":")
                arguments[name] = self._value(MAX_DEPTH)
        return arguments

    def _value(self, depth: int) -> Any:  # noqa: ANN401 - arguments are JSON
        self._within(depth)
        if self._skip("$"):
            return Variable(self._take("name"))
        if self._skip("["):
            values = []
            while not self._skip("]"):
                values.append(self._value(depth - 1))
            return values
        if self._skip("{"):
            fields = {}
            while not self._skip("}"):
                name = self._take("name")
                self._expect(":")
                fields[name] = self._value(depth - 1)
            return fields
        return self._scalar()

    def _scalar(self) -> Any:  # noqa: ANN401 - arguments are JSON
        kind, text, _ = self._tokens[self._at]
        if kind not in {"name", "number", "string", "block"}:
            raise self._unexpected()
        self._at += 1
        if kind == "name":
            return _WORDS.get(text, text)
        if kind == "block":
            return text[3:-3].replace('\\"""', '"""').strip("\n")
        try:
            return from_json(text)
        except ValueError:
            raise self._unexpected(back=1) from None

    def _tokenise(self) -> list[tuple[str, str, int]]:
        tokens, at = [], 0
        while at < len(self._document):
            match = _TOKEN.match(self._document, at)
            if match is None or match.lastgroup is None:
                raise self._invalid(self._document[at], at)
            if match.lastgroup != "skipped":
                tokens.append((match.lastgroup, match.group(), at))
            at = match.end()
        return [*tokens, ("end", "<EOF>", at)]

    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _text(self) -> str:
        kind, text, _ = self._tokens[self._at]
        return text if kind == "mark" else ""

    def _skip(self, mark: str) -> bool:
        found = self._text() == mark
        self._at += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._skip(mark):
            raise self._unexpected()

    def _take(self, kind: str) -> str:
        found, text, _ = self._tokens[self._at]
        if found != kind:
            raise self._unexpected()
        self._at += 1
        return text

    def _within(self, depth: int) -> None:
        if depth <= 0:
            raise GraphQlInvalid(f"The document is nested deeper than {MAX_DEPTH} levels.")

    def _unexpected(self, back: int = 0) -> GraphQlInvalid:
        _, text, at = self._tokens[self._at - back]
        return self._invalid(text, at)

    def _invalid(self, text: str, at: int) -> GraphQlInvalid:
        line = self._document.count("\n", 0, at) + 1
        column = at - self._document.rfind("\n", 0, at)
        return GraphQlInvalid(f"Invalid syntax with offending token {text!r} at line {line} column {column}")
