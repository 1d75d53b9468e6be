"""The metadata that every object has, as a structural schema, and what in it only the server writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmos.apiserver.values import Json

SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
QUALIFIED = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"

SYSTEM_FIELDS = (
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
)
"""What a client may send back and only the server decides."""

ANNOTATIONS_LIMIT_BYTES = 256 * 1024

_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time", "nullable": True}
_FREE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}

OBJECT_META: dict[str, Json] = {
    "type": "object",
    "description": "Standard object's metadata.",
    "properties": {
        "name": {"type": "string", "maxLength": 253, "pattern": SUBDOMAIN},
        "generateName": {"type": "string", "maxLength": 248},
        "namespace": {"type": "string", "maxLength": 63},
        "labels": {
            "type": "object",
            "x-key-pattern": QUALIFIED,
            "additionalProperties": {"type": "string", "pattern": LABEL_VALUE},
        },
        "annotations": {
            "type": "object",
            "x-key-pattern": QUALIFIED,
            "additionalProperties": _TEXT,
        },
        "finalizers": {
            "type": "array",
            "x-kubernetes-list-type": "set",
            "items": {"type": "string", "pattern": QUALIFIED},
        },
        "ownerReferences": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["uid"],
            "items": {
                "type": "object",
                "x-kubernetes-map-type": "atomic",
                "required": ["apiVersion", "kind", "name", "uid"],
                "properties": {
                    "apiVersion": _TEXT,
                    "kind": _TEXT,
                    "name": _TEXT,
                    "uid": _TEXT,
                    "controller": {"type": "boolean"},
                    "blockOwnerDeletion": {"type": "boolean"},
                },
            },
        },
        "uid": _TEXT,
        "resourceVersion": _TEXT,
        "generation": {"type": "integer"},
        "creationTimestamp": _TIME,
        "deletionTimestamp": _TIME,
        "deletionGracePeriodSeconds": {"type": "integer"},
        "managedFields": {"type": "array", "items": _FREE},
        "selfLink": _TEXT,
    },
}
