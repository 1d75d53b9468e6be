"""OpenAPI documents, for `kubectl explain` and for clients that check objects before they send them."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from lmos.apiserver.metadata import OBJECT_META
from lmos.apiserver.trees import INT_OR_STRING, KEY_PATTERN, LIST_KEYS, LIST_TYPE, rebuilt
from lmos.apiserver.values import encode

if TYPE_CHECKING:
    from lmos.apiserver.kinds import Catalogue, Resource
    from lmos.apiserver.values import Json
    from lmos.core.resources.kinds import Manifest

SWAGGER_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
EMPTY_SWAGGER = b"\x0a\x032.0"
"""`swagger: 2.0` and no kinds: kubectl, which asks for it before it sends a List, leaves checking to us."""

_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_INFO = {"title": "LMOS embedded Kubernetes API", "version": "v1.36.0"}
_WRITE_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": "string"}}
    for name in ("dryRun", "fieldManager", "fieldValidation")
]


def index(catalogue: Catalogue) -> Manifest:
    """`/openapi/v3`: one document for each group and version, under an address that changes with it."""
    paths = {}
    for group, versions in catalogue.groups.items():
        for version in versions:
            path = f"apis/{group}/{version}" if group else f"api/{version}"
            trees = [(item.key, item.schema.tree) for item in catalogue.in_group(group, version)]
            digest = hashlib.sha256(encode(trees)).hexdigest()
            paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest[:32]}"}
    return {"paths": paths}


def document(catalogue: Catalogue, version: str, group: str = "") -> Manifest | None:
    """`/openapi/v3/apis/{group}/{version}`, `api/{version}` for the core; None when nothing is there."""
    resources = catalogue.in_group(group, version)
    if not resources:
        return None
    schemas = {_META: _readable(OBJECT_META)}
    schemas |= {_name(item): _schema(item, "#/components/schemas/") for item in resources}
    paths = {_path(item): _operations(item) for item in resources}
    return {"openapi": "3.0.0", "info": _INFO, "paths": paths, "components": {"schemas": schemas}}


def document_v2(catalogue: Catalogue) -> Manifest:
    """`/openapi/v2`: every kind in one Swagger document."""
    definitions = {_META: _readable(OBJECT_META)}
    definitions |= {_name(item): _schema(item, "#/definitions/") for item in catalogue.resources}
    return {"swagger": "2.0", "info": _INFO, "paths": {}, "definitions": definitions}


def _name(resource: Resource) -> str:
    kind = resource.kind
    place = ".".join(reversed(kind.group.split(".")))
    if not resource.is_custom:
        place = f"io.k8s.api.{kind.group.partition('.')[0] or 'core'}"
    return f"{place}.{kind.version}.{kind.kind}"


def _schema(resource: Resource, references: str) -> Manifest:
    tree = _readable(resource.schema.tree, is_custom=resource.is_custom)
    # In OpenAPI 3.0 a reference stands alone, so its description is wrapped around it.
    tree["properties"]["metadata"] = {
        "description": OBJECT_META["description"],
        "allOf": [{"$ref": references + _META}],
    }
    tree["x-kubernetes-group-version-kind"] = [resource.identity]
    return tree


def _readable(tree: Json, *, is_custom: bool = False) -> Manifest:
    out = {key: value for key, value in tree.items() if key != KEY_PATTERN}
    if tree.get(INT_OR_STRING):
        either = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
        out = either | out if is_custom else out | {"type": "string", "format": "int-or-string"}
    if not is_custom:
        out |= _merge_hints(tree)
    return out | rebuilt(tree, partial(_readable, is_custom=is_custom))


def _merge_hints(tree: Json) -> Manifest:
    """How lists merge, in the words of strategic merge patches, which custom kinds do not know."""
    if tree.get(LIST_TYPE) not in ("map", "set"):
        return {}
    key = {"x-kubernetes-patch-merge-key": tree[LIST_KEYS][0]} if tree[LIST_TYPE] == "map" else {}
    return {**key, "x-kubernetes-patch-strategy": "merge"}


def _path(resource: Resource) -> str:
    kind = resource.kind
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    namespace = "/namespaces/{namespace}" if kind.namespaced else ""
    return f"{root}{namespace}/{kind.plural}/{{name}}"


def _operations(resource: Resource) -> Manifest:
    answer = {"200": {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}}
    identity = {"x-kubernetes-group-version-kind": resource.identity}
    return {
        verb: {
            **identity,
            "x-kubernetes-action": verb,
            "parameters": _WRITE_PARAMETERS if verb != "get" else [],
            "responses": answer,
        }
        for verb in ("get", "put", "patch", "delete")
    }
