"""
GraphQL documents as far as the agent protocol needs them: operations, fields, fragments, variables.

Directives are refused by name; everything that the original's client and Arc View send is read, and so is the
empty argument list `agent() { names }` that strict parsers reject.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import from_json

from lmos.core.protocols.graphql_values import (
    Field,
    Fragments,
    GraphQlInvalid,
    Operation,
    Selected,
    Spread,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmos.core.protocols.graphql_values import OperationKind, Selections

MAX_DOCUMENT_CHARACTERS = 16_384
MAX_DEPTH = 12


def operation_in(document: str, name: str | None = None) -> Operation:
    """
    The operation to run.

    Args:
        document: GraphQL text, at most 16,384 characters.
        name: Which one, where the document holds several.

    Raises:
        GraphQlInvalid: The text is no GraphQL, uses directives, or names no such operation.
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
        operations: list[tuple[OperationKind, str | None, dict[str, Any], Selections]] = []
        fragments: dict[str, Selections] = {}
        while self._kind() != "end":
            if self._skip_word("fragment"):
                name = self._take("name")
                self._condition()
                fragments[name] = self._selections(MAX_DEPTH)
            else:
                operations.append(self._operation())
        return tuple(
            Operation(kind, name, defaults, Fragments(fragments).written_out(selections))
            for kind, name, defaults, selections in operations
        )

    def _operation(self) -> tuple[OperationKind, str | None, dict[str, Any], Selections]:
        if self._text() == "{":
            return "query", None, {}, self._selections(MAX_DEPTH)
        kind = self._take("name")
        if kind not in {"query", "mutation", "subscription"}:
            raise self._unexpected(back=1)
        name = self._take("name") if self._kind() == "name" else None
        defaults = self._variable_definitions()
        return cast("OperationKind", kind), name, defaults, self._selections(MAX_DEPTH)

    def _condition(self) -> None:
        if not self._skip_word("on"):
            raise self._unexpected()
        self._take("name")

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

    def _selections(self, depth: int) -> Selections:
        self._within(depth)
        self._expect("{")
        selections = [*self._selected(depth)]
        while not self._skip("}"):
            selections += self._selected(depth)
        return tuple(selections)

    def _selected(self, depth: int) -> Selections:
        """A field, the name of a fragment, or the fields of one that stands right here."""
        if not self._skip("..."):
            return (self._field(depth),)
        if self._is_word("on"):
            self._condition()
        elif self._kind() == "name":
            spread = Spread(self._take("name"))
            self._no_directives()
            return (spread,)
        self._no_directives()
        return self._selections(depth - 1)

    def _field(self, depth: int) -> Selected:
        first = self._take("name")
        name = self._take("name") if self._skip(":") else first
        arguments = self._arguments()
        self._no_directives()
        selections = self._selections(depth - 1) if self._text() == "{" else ()
        return Selected(name, first, arguments, selections)

    def _no_directives(self) -> None:
        if self._text() == "@":
            raise GraphQlInvalid("Directives are not supported.")

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

    def _is_word(self, word: str) -> bool:
        return self._tokens[self._at][:2] == ("name", word)

    def _skip_word(self, word: str) -> bool:
        found = self._is_word(word)
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
