"""
Kubernetes' protobuf, as far as kubectl and helm insist on it: the bodies of a few built-in kinds.

Typed Go clients write built-in objects in protobuf and read JSON as well, so only reading is needed.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import orjson

from lmos.apiserver.status import bad_request, unsupported_media_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json: TypeAlias = Any
"""What a body comes to: plain JSON values."""

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"

_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 70


@dataclass(frozen=True, slots=True)
class Field:
    """
    A field of a message.

    Attributes:
        name: In JSON.
        type: How its bytes are to be read; anything that is no simple type names a message.
        many: One value, a list, or a map by text.
    """

    name: str
    type: str = "text"
    many: Literal["", "list", "map"] = ""


# Field numbers of k8s.io/api and k8s.io/apimachinery, generated.proto.
_MESSAGES: dict[str, dict[int, Field]] = {
    "Unknown": {1: Field("typeMeta", "TypeMeta"), 2: Field("raw", "raw")},
    "TypeMeta": {1: Field("apiVersion"), 2: Field("kind")},
    "ObjectMeta": {
        1: Field("name"),
        2: Field("generateName"),
        3: Field("namespace"),
        5: Field("uid"),
        6: Field("resourceVersion"),
        7: Field("generation", "number"),
        8: Field("creationTimestamp", "time"),
        9: Field("deletionTimestamp", "time"),
        10: Field("deletionGracePeriodSeconds", "number"),
        11: Field("labels", many="map"),
        12: Field("annotations", many="map"),
        13: Field("ownerReferences", "OwnerReference", many="list"),
        14: Field("finalizers", many="list"),
        17: Field("managedFields", "ManagedFieldsEntry", many="list"),
    },
    "OwnerReference": {
        1: Field("kind"),
        3: Field("name"),
        4: Field("uid"),
        5: Field("apiVersion"),
        6: Field("controller", "boolean"),
        7: Field("blockOwnerDeletion", "boolean"),
    },
    "ManagedFieldsEntry": {
        1: Field("manager"),
        2: Field("operation"),
        3: Field("apiVersion"),
        4: Field("time", "time"),
        6: Field("fieldsType"),
        7: Field("fieldsV1", "fields"),
        8: Field("subresource"),
    },
    "FieldsV1": {1: Field("raw", "json")},
    "Time": {1: Field("seconds", "number")},
    "ConfigMap": {
        1: Field("metadata", "ObjectMeta"),
        2: Field("data", many="map"),
        3: Field("binaryData", "base64", many="map"),
        4: Field("immutable", "boolean"),
    },
    "Secret": {
        1: Field("metadata", "ObjectMeta"),
        2: Field("data", "base64", many="map"),
        3: Field("type"),
        4: Field("stringData", many="map"),
        5: Field("immutable", "boolean"),
    },
    "Namespace": {1: Field("metadata", "ObjectMeta"), 2: Field("spec", "NamespaceSpec")},
    "NamespaceSpec": {1: Field("finalizers", many="list")},
    "DeleteOptions": {
        1: Field("gracePeriodSeconds", "number"),
        2: Field("preconditions", "Preconditions"),
        3: Field("orphanDependents", "boolean"),
        4: Field("propagationPolicy"),
        5: Field("dryRun", many="list"),
    },
    "Preconditions": {1: Field("uid"), 2: Field("resourceVersion")},
}
_READABLE = frozenset({"ConfigMap", "Secret", "Namespace", "DeleteOptions"})


def decode_protobuf(body: bytes) -> Json:
    """
    The object in `body` as JSON values.

    Raises:
        ApiError: 400 where it is no such message, 415 for a kind that is not read from protobuf.
    """
    try:
        envelope = _message("Unknown", body.removeprefix(_MAGIC))
        meta = envelope.get("typeMeta", {})
        kind = meta.get("kind", "")
        content = _message(kind, envelope.get("raw", b"")) if kind in _READABLE else None
    except (ValueError, IndexError) as error:
        raise bad_request(f"the body is not Kubernetes protobuf: {error}") from error
    if content is None:
        raise unsupported_media_type(f"{MEDIA_TYPE} with {kind or 'no kind'}")
    return {**meta, **content}


def _message(name: str, data: bytes) -> dict[str, Json]:
    """The fields that the table knows; empty texts and times are absent in JSON."""
    fields, found = _MESSAGES[name], dict[str, Json]()
    for number, raw in _wire(data):
        field = fields.get(number)
        if field is None:
            continue
        if field.many == "map":
            entry = dict(_wire(_bytes(raw)))
            key = _bytes(entry.get(1, b"")).decode()
            found.setdefault(field.name, {})[key] = _value(field.type, entry.get(2, b""))
        elif field.many == "list":
            found.setdefault(field.name, []).append(_value(field.type, raw))
        elif (value := _value(field.type, raw)) not in ("", None):
            found[field.name] = value
    return found


def _value(kind: str, raw: int | bytes) -> Json:
    read = _SIMPLE.get(kind)
    return read(raw) if read else _message(kind, _bytes(raw))


def _time(raw: int | bytes) -> str | None:
    seconds = _message("Time", _bytes(raw)).get("seconds")
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None


def _wire(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and content of each field: a number for varints, bytes for what has a length."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if at + size > len(data):
            raise ValueError("it ends in the middle of a field")
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the bit that says there is more
            return value, at
        if shift >= _LONGEST_VARINT:
            raise ValueError("a number is too long")


def _bytes(raw: int | bytes) -> bytes:
    if isinstance(raw, int):
        raise ValueError("a number stands where text should be")  # noqa: TRY004 - the body is wrong, not our type
    return raw


def _number(raw: int | bytes) -> int:
    if isinstance(raw, bytes):
        raise ValueError("text stands where a number should be")  # noqa: TRY004 - the same
    return raw


# How the bytes of a simple field are read.
_SIMPLE: dict[str, Callable[[int | bytes], Json]] = {
    "text": lambda raw: _bytes(raw).decode(),
    "raw": _bytes,
    "base64": lambda raw: base64.b64encode(_bytes(raw)).decode(),
    "json": lambda raw: orjson.loads(_bytes(raw)),
    "number": _number,
    "boolean": lambda raw: bool(_number(raw)),
    "time": _time,
    "fields": lambda raw: _message("FieldsV1", _bytes(raw)).get("raw", {}),
}
