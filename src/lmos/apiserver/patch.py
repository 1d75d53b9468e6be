"""JSON merge patch (RFC 7386) and JSON patch (RFC 6902) on values."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import TYPE_CHECKING

from lmos.apiserver.status import ApiError, bad_request, too_large
from lmos.apiserver.values import decode, encode

if TYPE_CHECKING:
    from lmos.apiserver.values import Json

OPERATIONS_LIMIT = 10_000
# Copies of copies double with every operation.
COPIES_LIMIT_BYTES = 3 * 1024 * 1024


def merge_patched(value: Json, patch: Json) -> Json:
    """`value` after a merge patch: objects merge, null removes, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(value) if isinstance(value, dict) else {}
    for key, change in patch.items():
        if change is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patched(merged.get(key), change)
    return merged


def json_patched(value: Json, operations: Json) -> Json:
    """
    `value` after the operations of a JSON patch, all or none.

    Raises:
        ApiError: 400 for a patch that is none; 422 where an operation does not fit the value, or a
            `test` fails; 413 for more than OPERATIONS_LIMIT operations, or COPIES_LIMIT_BYTES copied.
    """
    if not isinstance(operations, list) or not all(isinstance(item, dict) for item in operations):
        raise bad_request("a JSON patch is a list of operations")
    if len(operations) > OPERATIONS_LIMIT:
        message = f"a JSON patch may have {OPERATIONS_LIMIT} operations, not {len(operations)}"
        raise ApiError(413, "RequestEntityTooLarge", message)
    document = {"": copy.deepcopy(value)}
    copied_bytes = 0
    for operation in operations:
        try:
            copied_bytes += _perform(document, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            what = f"{operation.get('op')} {operation.get('path')}"
            raise ApiError(422, "Invalid", f"the server rejected the patch: {what}: {error}") from error
        if copied_bytes > COPIES_LIMIT_BYTES:
            raise too_large(COPIES_LIMIT_BYTES)
    return document[""]


def _perform(document: Json, operation: Json) -> int:
    """Change `document`, and say how many bytes of it were copied."""
    path = _steps(operation["path"])
    match operation["op"]:
        case "add":
            _add(document, path, copy.deepcopy(operation["value"]))
        case "remove":
            # As Kubernetes takes it: what is absent is removed already.
            with suppress(KeyError):
                _remove(document, path)
        case "replace":
            parent, key = _place(document, path)
            parent[key] = copy.deepcopy(operation["value"])
        case "move":
            _add(document, path, _remove(document, _steps(operation["from"])))
        case "copy":
            parent, key = _place(document, _steps(operation["from"]))
            text = encode(parent[key])
            _add(document, path, decode(text, "application/json"))
            return len(text)
        case "test":
            parent, key = _place(document, path)
            if parent[key] != operation["value"]:
                raise ValueError(f"testing value failed, it is {parent[key]!r}")
        case other:
            raise ValueError(f"unknown operation {other!r}")
    return 0


def _steps(pointer: Json) -> list[str]:
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise ValueError(f"{pointer!r} is not a JSON pointer")
    # The document itself hangs under the empty name, so that every place has a parent.
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")]


def _place(document: Json, steps: list[str]) -> tuple[Json, Json]:
    parent = document
    for step in steps[:-1]:
        parent = parent[_key(parent, step)]
    return parent, _key(parent, steps[-1])


def _key(parent: Json, step: str) -> str | int:
    if isinstance(parent, dict):
        return step
    if isinstance(parent, list):
        if step == "-":
            return len(parent)
        if step.isdecimal():
            return int(step)
    raise KeyError(step)


def _add(document: Json, steps: list[str], value: Json) -> None:
    parent, key = _place(document, steps)
    if isinstance(parent, dict):
        parent[key] = value
    elif key <= len(parent):
        parent.insert(key, value)
    else:
        raise IndexError(f"index {key} is outside the list")


def _remove(document: Json, steps: list[str]) -> Json:
    parent, key = _place(document, steps)
    return parent.pop(key)
