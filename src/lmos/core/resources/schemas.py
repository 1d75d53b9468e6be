"""From a model to a structural OpenAPI schema as Kubernetes wants it, and what a manifest has beyond it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lmos.core.resources.kinds import Manifest
    from lmos.core.resources.resource import Resource

_KEPT = (
    "type",
    "format",
    "description",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "maxItems",
    "x-kubernetes-validations",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
)


def structural_schema(resource: type[Resource]) -> Manifest:
    """
    The schema of `resource` without references, unions with null, titles and defaults.

    What Kubernetes adds to JSON Schema (`x-kubernetes-…`) comes from the models' `json_schema_extra`.
    """
    document = resource.model_json_schema(by_alias=True)
    return _structural(document, document.get("$defs", {}))


def _structural(schema: dict[str, Any], definitions: dict[str, Any]) -> Manifest:
    schema = _resolved(schema, definitions)
    result: Manifest = {key: deepcopy(schema[key]) for key in _KEPT if key in schema}
    if "const" in schema:
        result["enum"] = [schema["const"]]
    if "properties" in schema:
        properties = schema["properties"].items()
        result["properties"] = {name: _structural(part, definitions) for name, part in properties}
    if schema.get("required"):
        result["required"] = list(schema["required"])
    if "items" in schema:
        result["items"] = _structural(schema["items"], definitions)
    return result


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, and take the one alternative that is not null; what stands beside them wins."""
    beside = {key: value for key, value in schema.items() if key not in {"$ref", "anyOf"}}
    if "$ref" in schema:
        target = definitions[schema["$ref"].removeprefix("#/$defs/")]
        return _resolved({**target, **beside}, definitions)
    if "anyOf" in schema:
        (alternative,) = (one for one in schema["anyOf"] if one.get("type") != "null")
        return _resolved({**alternative, **beside}, definitions)
    return schema


METADATA_FIELDS = frozenset(
    {
        "annotations",
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "finalizers",
        "generateName",
        "generation",
        "labels",
        "managedFields",
        "name",
        "namespace",
        "ownerReferences",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)


def paths_beyond(schema: Manifest, manifest: Manifest) -> list[str]:
    """The fields of `manifest` that `schema` does not know, as `spec.requiredCapabilities[0].nmae`."""
    metadata = manifest.get("metadata")
    strange = [key for key in metadata if key not in METADATA_FIELDS] if isinstance(metadata, dict) else []
    return [*(f"metadata.{field}" for field in strange), *_beyond(schema, manifest, "")]


def _beyond(schema: Manifest, value: Any, path: str) -> list[str]:  # noqa: ANN401 - any JSON value
    properties = schema.get("properties")
    if isinstance(value, list) and "items" in schema:
        return [
            found
            for index, item in enumerate(value)
            for found in _beyond(schema["items"], item, f"{path}[{index}]")
        ]
    if not isinstance(value, dict) or properties is None:
        return []
    found: list[str] = []
    for field, item in value.items():
        here = f"{path}.{field}" if path else str(field)
        found += _beyond(properties[field], item, here) if field in properties else [here]
    return found
