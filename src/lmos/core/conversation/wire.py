"""How messages look outside: camelCase names, unknown fields accepted, absent values written as null."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class WireModel(BaseModel):
    """A value that crosses the wire; a change makes a new value."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True
    )

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process of ours reads it as it came from outside, several times as fast as by fields.
        return type(self).model_validate_json, (self.model_dump_json(),)

    def to_wire(self) -> dict[str, Any]:
        """Plain JSON values under their outside names; nulls and defaults are written."""
        return self.model_dump(mode="json", by_alias=True)

    def to_json(self) -> bytes:
        """The same as JSON text."""
        return self.model_dump_json(by_alias=True).encode()


class KeyValue(WireModel):
    """One entry of a context or profile."""

    key: str
    value: str


class AnonymizationEntity(WireModel):
    """A personal value and the word that stands for it in the messages."""

    type: str
    value: str
    replacement: str


def as_mapping(entries: tuple[KeyValue, ...]) -> dict[str, str]:
    """The entries by key; of entries with the same key the last one wins."""
    return {entry.key: entry.value for entry in entries}
