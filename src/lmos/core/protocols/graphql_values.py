"""What a GraphQL document says, as values: operations, fields, fragments, variables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Selections = tuple["Selected | Spread", ...]

MAX_FIELDS = 1000
"""How many fields an operation may select once its fragments are written out."""

MAX_FRAGMENTS_DEEP = 12

OperationKind = Literal["query", "mutation", "subscription"]


@dataclass(frozen=True, slots=True)
class Variable:
    """A `$name` in the place of a value."""

    name: str


@dataclass(frozen=True, slots=True)
class Spread:
    """A fragment's name in the place of its fields."""

    name: str


@dataclass(frozen=True, slots=True)
class Selected:
    """A field as it is written; `key` is its alias, or its name."""

    name: str
    key: str
    arguments: Mapping[str, Any]
    selections: Selections


@dataclass(frozen=True, slots=True)
class Field:
    """A selected field with the fragments inside written out."""

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


class Fragments:
    """
    The fragments of a document, which it writes out in the places that name them.

    Every type of the schema is one of objects, so a fragment on another type names fields that are not
    there, and is refused for them.
    """

    def __init__(self, named: Mapping[str, Selections]) -> None:
        self._named = named
        self._left = MAX_FIELDS

    def written_out(self, selections: Selections, inside: frozenset[str] = frozenset()) -> tuple[Field, ...]:
        """
        The fields, each key once; those that are selected several times are one with all that is in them.

        Raises:
            GraphQlInvalid: A fragment is missing or holds itself, or there are too many fields.
        """
        return _merged(self._fields(selections, inside))

    def _fields(self, selections: Selections, inside: frozenset[str]) -> Iterator[Field]:
        for each in selections:
            if isinstance(each, Spread):
                yield from self._fields(self._fragment(each.name, inside), inside | {each.name})
                continue
            self._left -= 1
            if self._left < 0:
                raise GraphQlInvalid(f"The document selects more than {MAX_FIELDS} fields.")
            inner = self.written_out(each.selections, inside)
            yield Field(each.name, each.key, each.arguments, inner)

    def _fragment(self, name: str, inside: frozenset[str]) -> Selections:
        if name not in self._named:
            raise GraphQlInvalid(f"Fragment {name!r} is undefined.")
        if name in inside:
            raise GraphQlInvalid(f"Fragment {name!r} holds itself.")
        if len(inside) >= MAX_FRAGMENTS_DEEP:
            raise GraphQlInvalid(f"Fragments are nested deeper than {MAX_FRAGMENTS_DEEP} levels.")
        return self._named[name]


def _merged(fields: Iterable[Field]) -> tuple[Field, ...]:
    merged: dict[str, Field] = {}
    for each in fields:
        known = merged.get(each.key)
        if known is None:
            merged[each.key] = each
            continue
        if (known.name, known.arguments) != (each.name, each.arguments):
            raise GraphQlInvalid(f"Fields {each.key!r} conflict: give one of them an alias.")
        merged[each.key] = replace(known, selections=_merged(known.selections + each.selections))
    return tuple(merged.values())
