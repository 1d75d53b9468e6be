"""CustomResourceDefinitions: what makes one acceptable, and what completes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.apiserver.jsonpath import JsonPath
from lmos.apiserver.schema import Schema
from lmos.apiserver.status import Cause
from lmos.apiserver.trees import INT_OR_STRING, LIST_KEYS, LIST_TYPE, PRESERVE, subtrees

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lmos.apiserver.values import Json
    from lmos.core.resources.kinds import Manifest

CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
_TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean"})


def completed(definition: Manifest) -> Manifest:
    """The definition with all of its names, the versions that it may have stored, and our finalizer."""
    spec, metadata = definition["spec"], definition["metadata"]
    kind = spec["names"]["kind"]
    names = {"singular": kind.lower(), "listKind": f"{kind}List"} | spec["names"]
    status = definition.get("status") or {}
    storage = [version["name"] for version in spec["versions"] if version["storage"]]
    stored = list(dict.fromkeys([*(status.get("storedVersions") or ()), *storage]))
    finalizers = metadata.get("finalizers") or []
    if "deletionTimestamp" not in metadata and CLEANUP_FINALIZER not in finalizers:
        metadata = metadata | {"finalizers": [*finalizers, CLEANUP_FINALIZER]}
    return {
        **definition,
        "metadata": metadata,
        "spec": spec | {"names": names},
        "status": status | {"storedVersions": stored},
    }


def problems(definition: Manifest, old: Manifest | None, reserved: Collection[str]) -> Iterator[Cause]:
    """
    What is wrong with a definition whose fields have the right types.

    Args:
        definition: The CustomResourceDefinition.
        old: Its predecessor, None when it is new.
        reserved: Groups of built-in kinds, which no definition may extend.
    """
    spec = definition["spec"]
    plural, group = spec["names"]["plural"], spec["group"]
    if definition["metadata"].get("name") != f"{plural}.{group}":
        name = definition["metadata"].get("name", "")
        message = f'Invalid value: "{name}": must be spec.names.plural+"."+spec.group'
        yield Cause("metadata.name", message)
    if "." not in group or group in reserved:
        yield Cause(
            "spec.group", f"Invalid value: {group!r} must be a domain of your own, with at least one dot"
        )
    if old and old["spec"]["scope"] != spec["scope"]:
        yield Cause("spec.scope", f'Invalid value: "{spec["scope"]}": field is immutable')
    names = [version["name"] for version in spec["versions"]]
    if len(set(names)) < len(names):
        yield Cause("spec.versions", "Duplicate value: versions must have different names")
    if sum(version["storage"] for version in spec["versions"]) != 1:
        yield Cause("spec.versions", "Invalid value: must have exactly one version marked as storage version")
    for index, name in enumerate((definition.get("status") or {}).get("storedVersions") or ()):
        if name not in names:
            message = (
                f'Invalid value: "{name}": missing from spec.versions; {name} was previously a storage '
                "version, and must remain in spec.versions until a storage migration ensures no data remains "
                f"persisted in {name} and removes {name} from status.storedVersions"
            )
            yield Cause(f"status.storedVersions[{index}]", message)
    for index, version in enumerate(spec["versions"]):
        yield from _version_problems(version, f"spec.versions[{index}]")


def _version_problems(version: Json, where: str) -> Iterator[Cause]:
    tree = version["schema"]["openAPIV3Schema"]
    place = f"{where}.schema.openAPIV3Schema"
    if tree.get("type") != "object":
        yield Cause(f"{place}.type", "Required value: must be object at the root")
    if tree.get("properties", {}).get("metadata", {}).get("properties", {}).keys() - {"name", "generateName"}:
        message = "Forbidden: of the metadata, only name and generateName may be restricted"
        yield Cause(f"{place}.properties[metadata]", message)
    yield from _scale_problems((version.get("subresources") or {}).get("scale"), where)
    structural = list(_structural_problems(tree, place))
    yield from structural
    if not structural:
        try:
            Schema(tree).check()
        except (ValueError, TypeError) as error:
            yield Cause(place, f"Invalid value: {error}")
    for index, column in enumerate(version.get("additionalPrinterColumns") or ()):
        try:
            JsonPath(column["jsonPath"])
        except ValueError as error:
            yield Cause(f"{where}.additionalPrinterColumns[{index}].jsonPath", f"Invalid value: {error}")


def _scale_problems(scale: Json, where: str) -> Iterator[Cause]:
    for name, root in (("specReplicasPath", ".spec"), ("statusReplicasPath", ".status")):
        if scale and not str(scale.get(name, "")).startswith(f"{root}."):
            message = f'Invalid value: "{scale.get(name, "")}": should be a json path under {root}'
            yield Cause(f"{where}.subresources.scale.{name}", message)


def _structural_problems(tree: Json, path: str) -> Iterator[Cause]:
    """Where `tree` is no structural schema: a type everywhere, keys where lists are maps."""
    if not isinstance(tree, dict):
        yield Cause(path, "Invalid value: a schema is an object")
        return
    if tree.get("type") not in _TYPES and not tree.get(INT_OR_STRING) and not tree.get(PRESERVE):
        yield Cause(f"{path}.type", "Required value: must not be empty for specified fields")
    if tree.get("type") == "array" and "items" not in tree:
        yield Cause(f"{path}.items", "Required value: must be specified")
    if tree.get(LIST_TYPE) == "map" and not tree.get(LIST_KEYS):
        yield Cause(f"{path}.{LIST_KEYS}", "Required value: a list of type map has keys")
    if not isinstance(tree.get("properties", {}), dict):
        yield Cause(f"{path}.properties", "Invalid value: must be an object")
        return
    for step, sub in subtrees(tree):
        yield from _structural_problems(sub, f"{path}.{step}")
