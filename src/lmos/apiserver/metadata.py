"""The metadata that every object has, as a structural schema, and what in it only the server writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.apiserver.trees import KEY_PATTERN, LIST_KEYS, LIST_TYPE, MAP_TYPE, PRESERVE

if TYPE_CHECKING:
    from lmos.apiserver.values import Json

SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
LABEL = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
QUALIFIED = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
CONFIG_KEY = "^[-._a-zA-Z0-9]+$"
LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"

PATTERN_MEANINGS = {
    SUBDOMAIN: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
    r"validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    LABEL: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
    "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation "
    "is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    QUALIFIED: "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation "
    "is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    LABEL_VALUE: "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
    "'12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    CONFIG_KEY: "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
    "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
}
"""What a value that does not match one of these patterns is told."""

SYSTEM_FIELDS = tuple(
    "uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds "
    "managedFields selfLink".split()
)
"""What a client may send back and only the server decides."""

STANDARD_FINALIZERS = frozenset(
    {"orphan", "foregroundDeletion", "kubernetes", "customresourcecleanup.apiextensions.k8s.io"}
)
"""Finalizers that need no domain of their own."""

ANNOTATIONS_LIMIT_BYTES = 256 * 1024

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_FLAG = {"type": "boolean"}
_TIME = {"type": "string", "format": "date-time", "nullable": True}
_FREE = {"type": "object", PRESERVE: True}
_LABEL_VALUE = {"type": "string", "pattern": LABEL_VALUE}
_OWNER = {
    "type": "object",
    MAP_TYPE: "atomic",
    "required": ["apiVersion", "kind", "name", "uid"],
    "properties": {"apiVersion": _TEXT, "kind": _TEXT, "name": _TEXT, "uid": _TEXT}
    | {"controller": _FLAG, "blockOwnerDeletion": _FLAG},
}

OBJECT_META: dict[str, Json] = {
    "type": "object",
    "description": "Standard object's metadata.",
    "properties": {
        "name": {"type": "string", "maxLength": 253, "pattern": SUBDOMAIN},
        "generateName": {"type": "string", "maxLength": 248},
        "namespace": {"type": "string", "maxLength": 63},
        "labels": {"type": "object", KEY_PATTERN: QUALIFIED, "additionalProperties": _LABEL_VALUE},
        "annotations": {"type": "object", KEY_PATTERN: QUALIFIED, "additionalProperties": _TEXT},
        "finalizers": {"type": "array", LIST_TYPE: "set", "items": {"type": "string", "pattern": QUALIFIED}},
        "ownerReferences": {"type": "array", LIST_TYPE: "map", LIST_KEYS: ["uid"], "items": _OWNER},
        "uid": _TEXT,
        "resourceVersion": _TEXT,
        "generation": _NUMBER,
        "creationTimestamp": _TIME,
        "deletionTimestamp": _TIME,
        "deletionGracePeriodSeconds": _NUMBER,
        "managedFields": {"type": "array", "items": _FREE},
        "selfLink": _TEXT,
    },
}
