"""What a schema finds wrong with a value, in the words of Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.apiserver.metadata import PATTERN_MEANINGS
from lmos.apiserver.status import Cause
from lmos.apiserver.values import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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

# What is said of a value that is out of bounds, with the bound.
_BOUNDS = {
    "maximum": "less than or equal to {limit}",
    "exclusiveMaximum": "less than {limit}",
    "minimum": "greater than or equal to {limit}",
    "exclusiveMinimum": "greater than {limit}",
    "minLength": "at least {limit} chars long",
    "multipleOf": "a multiple of {multiple_of}",
}
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def field_path(steps: Sequence[str | int]) -> str:
    """`spec.ports[0].name` from its steps."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


def type_name(value: Json) -> str:
    """The type of a JSON value, as schemas call it."""
    return _TYPES.get(type(value), "null")


def violations(error: jsonschema_rs.ValidationError) -> Iterator[Cause]:
    """The causes that one error of the validator stands for."""
    path, value, found = field_path(error.instance_path), error.instance, error.kind.as_dict()
    name = error.kind.name
    if name in ("oneOf", "anyOf", "not"):
        yield from _uncombined(path, name, found)
    else:
        yield _SAID.get(name, _out_of_bounds(name))(path, value, found)


def _missing(path: str, _value: Json, found: Json) -> Cause:
    return Cause(f"{path}.{found['property']}".lstrip("."), "Required value", "FieldValueRequired")


def _of_other_type(path: str, value: Json, found: Json) -> Cause:
    return _mistyped(path, ",".join(name for name in found["types"] if name != "null"), type_name(value))


def _of_other_format(path: str, value: Json, found: Json) -> Cause:
    return _mistyped(path, found["format"], str(value))


def _unknown(path: str, value: Json, found: Json) -> Cause:
    options = ", ".join(f'"{option}"' for option in found["options"] if option is not None)
    message = f"Unsupported value: {_text(value)}: supported values: {options}"
    return Cause(path, message, "FieldValueNotSupported")


def _too_long(path: str, _value: Json, found: Json) -> Cause:
    return Cause(path, f"Too long: may not be more than {found['limit']} bytes", "FieldValueTooLong")


def _too_many(path: str, value: Json, found: Json) -> Cause:
    message = f"Too many: {len(value)}: must have at most {found['limit']} items"
    return Cause(path, message, "FieldValueTooMany")


def _too_few(path: str, value: Json, found: Json) -> Cause:
    things = "items" if isinstance(value, list) else "properties"
    return _invalid(path, len(value), f"should have at least {found['limit']} {things}")


def _unmatched_value(path: str, value: Json, found: Json) -> Cause:
    return _unmatched(path, value, found["pattern"])


def _unmatched_name(path: str, _value: Json, found: Json) -> Cause:
    inner = found["error"]
    if not path.startswith("metadata."):
        path = f"{path}[{inner.instance}]"
    return _unmatched(path, inner.instance, inner.kind.as_dict().get("pattern", ""))


def _out_of_bounds(name: str) -> Callable[[str, Json, Json], Cause]:
    said = _BOUNDS.get(name, name)
    return lambda path, value, found: _invalid(path, value, f"should be {said.format(**found)}")


_SAID: dict[str, Callable[[str, Json, Json], Cause]] = {
    "required": _missing,
    "type": _of_other_type,
    "format": _of_other_format,
    "enum": _unknown,
    "maxLength": _too_long,
    "maxItems": _too_many,
    "maxProperties": _too_many,
    "minItems": _too_few,
    "minProperties": _too_few,
    "pattern": _unmatched_value,
    "propertyNames": _unmatched_name,
}


def _mistyped(path: str, wanted: str, got: str) -> Cause:
    message = f'Invalid value: "{got}": {path} in body must be of type {wanted}: "{got}"'
    return Cause(path, message, "FieldValueTypeInvalid")


def _invalid(path: str, value: Json, what: str) -> Cause:
    return Cause(path, f"Invalid value: {_text(value)}: {path} in body {what}")


def _unmatched(path: str, value: Json, pattern: str) -> Cause:
    meaning = PATTERN_MEANINGS.get(pattern)
    if meaning is None:
        return _invalid(path, value, f"should match '{pattern}'")
    if path.startswith("metadata.labels."):
        path = "metadata.labels"
    return Cause(path, f"Invalid value: {_text(value)}: {meaning}")


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
