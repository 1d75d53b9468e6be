"""Discovery documents: which groups, versions and resources there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmos.apiserver.kinds import Catalogue, Resource
    from lmos.core.resources.kinds import Manifest

VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_SUBRESOURCE_VERBS = {
    "status": ["get", "patch", "update"],
    "scale": ["get", "patch", "update"],
    "log": ["get"],
}
_SCALE = {"group": "autoscaling", "version": "v1", "kind": "Scale"}

VERSION: Manifest = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.0+lmos",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "",
}
"""The Kubernetes version whose behaviour this server follows."""


def core_versions() -> Manifest:
    """`/api`."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def group_list(catalogue: Catalogue) -> Manifest:
    """`/apis`."""
    groups = [_group(group, versions) for group, versions in catalogue.groups.items() if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(catalogue: Catalogue, name: str) -> Manifest | None:
    """`/apis/{group}`; None when there is no such group."""
    versions = catalogue.groups.get(name) if name else None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)} if versions else None


def _group(name: str, versions: tuple[str, ...]) -> Manifest:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resource_list(catalogue: Catalogue, group: str, version: str) -> Manifest | None:
    """`/api/{version}` or `/apis/{group}/{version}`; None when nothing is served there."""
    resources = catalogue.in_group(group, version)
    if not resources:
        return None
    listed = [item for resource in resources for item in _resource_entries(resource)]
    api_version = resources[0].kind.api_version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": listed}


def _resource_entries(resource: Resource) -> list[Manifest]:
    kind = resource.kind
    entry: Manifest = {
        "name": kind.plural,
        "singularName": resource.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": _verbs(resource),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    below = [
        {
            "name": f"{kind.plural}/{name}",
            "singularName": "",
            "namespaced": kind.namespaced,
            **(_SCALE if name == "scale" else {"kind": kind.kind}),
            "verbs": _SUBRESOURCE_VERBS[name],
        }
        for name in resource.subresources
    ]
    return [entry, *below]


def aggregated(catalogue: Catalogue, *, is_core: bool) -> Manifest:
    """`/api` or `/apis` as one `APIGroupDiscoveryList` with everything."""
    groups = [
        {
            "metadata": {"name": name},
            "versions": [
                {
                    "version": version,
                    "freshness": "Current",
                    "resources": [_described(item) for item in catalogue.in_group(name, version)],
                }
                for version in versions
            ],
        }
        for name, versions in catalogue.groups.items()
        if (not name) is is_core
    ]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": groups,
    }


def _verbs(resource: Resource) -> list[str]:
    return [verb for verb in VERBS if verb != "deletecollection" or resource.deletes_collections]


def _described(resource: Resource) -> Manifest:
    kind = resource.kind
    own = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    described = {
        "resource": kind.plural,
        "responseKind": own,
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": _verbs(resource),
        "shortNames": list(resource.short_names),
        "categories": list(resource.categories),
        "subresources": [
            {
                "subresource": name,
                "responseKind": _SCALE if name == "scale" else own,
                "verbs": _SUBRESOURCE_VERBS[name],
            }
            for name in resource.subresources
        ],
    }
    return {key: value for key, value in described.items() if value != []}
