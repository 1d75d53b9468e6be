"""The scale subresource: an object's replicas as an `autoscaling/v1` Scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.apiserver.jsonpath import JsonPath, replaced
from lmos.apiserver.status import Cause, bad_request, invalid, path_not_found

if TYPE_CHECKING:
    from lmos.apiserver.kinds import Resource
    from lmos.apiserver.values import Json
    from lmos.core.resources.kinds import Manifest


def scale_of(resource: Resource, manifest: Manifest) -> Manifest:
    """The Scale of an object."""
    paths = _paths(resource)
    metadata = manifest["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    selector_path = paths.get("labelSelectorPath")
    selector = JsonPath(selector_path).first(manifest) if selector_path else None
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        "spec": {"replicas": JsonPath(paths["specReplicasPath"]).first(manifest) or 0},
        "status": {
            "replicas": JsonPath(paths["statusReplicasPath"]).first(manifest) or 0,
            **({"selector": _selector_text(selector)} if selector else {}),
        },
    }


def with_scale(resource: Resource, scale: Json, manifest: Manifest) -> Manifest:
    """
    The object with the replicas that `scale` wants, at the resourceVersion that it names.

    Raises:
        ApiError: 400 when it is no Scale, 422 when it wants fewer than none.
    """
    try:
        replicas = scale["spec"]["replicas"]
        version = (scale.get("metadata") or {}).get("resourceVersion")
    except (KeyError, TypeError, AttributeError) as error:
        raise bad_request("the body is not a Scale with spec.replicas") from error
    path = _paths(resource)["specReplicasPath"]
    if isinstance(replicas, int) and replicas < 0:
        cause = Cause(path, f"Invalid value: {replicas}: should be a non-negative integer")
        raise invalid(resource.kind, manifest["metadata"]["name"], [cause])
    changed: Manifest = replaced(manifest, path, replicas)
    if version:
        changed["metadata"] = {**changed["metadata"], "resourceVersion": version}
    return changed


def _paths(resource: Resource) -> Json:
    if not resource.scale:
        raise path_not_found()
    return resource.scale


def _selector_text(selector: Json) -> str:
    if isinstance(selector, dict):
        return ",".join(f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items())
    return str(selector)
