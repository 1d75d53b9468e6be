"""What a schema finds wrong with a value, in the words of Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.apiserver.metadata import PATTERN_MEANINGS
from lmos.apiserver.status import Cause
from lmos.apiserver.values import encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import jsonschema_rs

    from lmos.apiserver.values import Json

# Violations of these kinds keep CEL rules, which rely on the structure, from being evaluated.
BLOCKING = frozenset(
    "FieldValueRequired FieldValueTypeInvalid FieldValueTooLong FieldValueTooMany "
    "FieldValueNotSupported".split()
)
RULES_UNCHECKED = Cause(
    "<nil>",
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
)

# What is said of each violation, in the words of the validator and those that `violations` adds.
_SAID = {
    "required": "Required value",
    "type": 'Invalid value: "{type}": {path} in body must be of type {wanted}: "{type}"',
    "format": "Invalid value: {value}: {path} in body must be of type {format}: {value}",
    "enum": "Unsupported value: {value}: supported values: {supported}",
    "pattern": "Invalid value: {value}: {path} in body should match '{pattern}'",
    "maxLength": "Too long: may not be more than {limit} bytes",
    "maxItems": "Too many: {size}: must have at most {limit} items",
    "maxProperties": "Too many: {size}: must have at most {limit} items",
    "minItems": "Invalid value: {size}: {path} in body should have at least {limit} items",
    "minProperties": "Invalid value: {size}: {path} in body should have at least {limit} properties",
    "minLength": "Invalid value: {value}: {path} in body should be at least {limit} chars long",
    "maximum": "Invalid value: {value}: {path} in body should be less than or equal to {limit}",
    "minimum": "Invalid value: {value}: {path} in body should be greater than or equal to {limit}",
    "exclusiveMaximum": "Invalid value: {value}: {path} in body should be less than {limit}",
    "exclusiveMinimum": "Invalid value: {value}: {path} in body should be greater than {limit}",
    "multipleOf": "Invalid value: {value}: {path} in body should be a multiple of {multiple_of}",
}
_OTHERWISE = "Invalid value: {value}: {path} in body breaks {name}"
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def violations(error: jsonschema_rs.ValidationError) -> Iterator[Cause]:
    """The causes that one error of the validator stands for."""
    name, found = error.kind.name, error.kind.as_dict()
    path, value = _field_path(error.instance_path), error.instance
    if name in ("oneOf", "anyOf", "not"):
        yield from _uncombined(path, name, found)
        return
    if name == "propertyNames":
        # What is wrong is a key, which the inner error is about.
        inner = found["error"]
        name, found, value = inner.kind.name, inner.kind.as_dict(), inner.instance
        path = path if path.startswith("metadata.") else f"{path}[{value}]"
    elif name == "required":
        path = f"{path}.{found['property']}".lstrip(".")
    if name == "pattern" and (meaning := PATTERN_MEANINGS.get(found.get("pattern", ""))):
        path = "metadata.labels" if path.startswith("metadata.labels.") else path
        yield Cause(path, f"Invalid value: {_text(value)}: {meaning}")
        return
    words = found | {
        "name": name,
        "path": path,
        "value": _text(value),
        "type": _TYPES.get(type(value), "null"),
        "size": len(value) if isinstance(value, (list, dict)) else 1,
        "wanted": ",".join(item for item in found.get("types", ()) if item != "null"),
        "supported": ", ".join(f'"{item}"' for item in found.get("options", ()) if item is not None),
    }
    reason = "FieldValueTypeInvalid" if name in ("type", "format") else ""
    yield Cause(path, _SAID.get(name, _OTHERWISE).format(**words), reason)


def _field_path(steps: Sequence[str | int]) -> str:
    """`spec.ports[0].name` from its steps."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


def _uncombined(path: str, name: str, found: Json) -> Iterator[Cause]:
    """A value that fits none, or more than one, of several schemas; with what the first of them misses."""
    context = found.get("context", ())
    fitting = sum(not errors for errors in context)
    said = {
        "oneOf": "must validate one and only one schema (oneOf). Found "
        + (f"{fitting} valid alternatives" if fitting else "none valid"),
        "anyOf": "must validate at least one schema (anyOf)",
        "not": "must not validate the schema (not)",
    }
    yield Cause("<nil>", f'Invalid value: "": "{path}" {said[name]}')
    if context and not fitting:
        for error in context[0]:
            yield from violations(error)


def _text(value: Json) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return encode(int(value) if is_whole else value).decode()
