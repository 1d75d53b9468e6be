"""Discovery documents: which groups, versions and resources there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lmos.apiserver.kinds import Catalogue, Resource
    from lmos.core.resources.kinds import Manifest

_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_SUBRESOURCE_VERBS = ["get", "patch", "update"]
_SCALE = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
_VERSION: Manifest = {
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


def version(_catalogue: Catalogue) -> Manifest:
    """`/version`: the Kubernetes version whose behaviour this server follows."""
    return _VERSION


def core_versions(_catalogue: Catalogue) -> Manifest:
    """`/api`."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def group_list(catalogue: Catalogue) -> Manifest:
    """`/apis`."""
    groups = [_group(group, versions) for group, versions in catalogue.groups.items() if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(catalogue: Catalogue, group: str) -> Manifest | None:
    """`/apis/{group}`; None when there is no such group."""
    versions = catalogue.groups.get(group)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, versions)} if versions else None


def _group(name: str, versions: tuple[str, ...]) -> Manifest:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resource_list(catalogue: Catalogue, version: str, group: str = "") -> Manifest | None:
    """`/api/{version}` or `/apis/{group}/{version}`; None when nothing is served there."""
    resources = catalogue.in_group(group, version)
    if not resources:
        return None
    listed = [item for resource in resources for item in _listed(resource)]
    api_version = resources[0].kind.api_version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": listed}


def _listed(resource: Resource) -> list[Manifest]:
    kind = resource.kind
    own = {"namespaced": kind.namespaced, "kind": kind.kind}
    head = {"name": kind.plural, "singularName": resource.singular, **own, **_offered(resource)}
    below = [
        {"name": f"{kind.plural}/{name}", "singularName": "", **own, **(_SCALE if name == "scale" else {})}
        | {"verbs": _subresource_verbs(name)}
        for name in resource.subresources
    ]
    return [head, *below]


def aggregated_core(catalogue: Catalogue) -> Manifest:
    """`/api` as one `APIGroupDiscoveryList` with everything."""
    return _aggregated(catalogue, [""])


def aggregated_groups(catalogue: Catalogue) -> Manifest:
    """`/apis` as one `APIGroupDiscoveryList` with everything."""
    return _aggregated(catalogue, filter(None, catalogue.groups))


def _aggregated(catalogue: Catalogue, groups: Iterable[str]) -> Manifest:
    items = [{"metadata": {"name": name}, "versions": _versions(catalogue, name)} for name in groups]
    kind = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2"}
    return {**kind, "metadata": {}, "items": items}


def _versions(catalogue: Catalogue, group: str) -> list[Manifest]:
    return [
        {
            "version": version,
            "freshness": "Current",
            "resources": [_described(item) for item in catalogue.in_group(group, version)],
        }
        for version in catalogue.groups[group]
    ]


def _described(resource: Resource) -> Manifest:
    kind = resource.kind
    own = resource.identity
    below = [
        {
            "subresource": name,
            "responseKind": _SCALE if name == "scale" else own,
            "verbs": _subresource_verbs(name),
        }
        for name in resource.subresources
    ]
    return {
        "resource": kind.plural,
        "responseKind": own,
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": resource.singular,
        **_offered(resource),
        **({"subresources": below} if below else {}),
    }


def _offered(resource: Resource) -> Manifest:
    """What both forms say in the same words."""
    verbs = [verb for verb in _VERBS if verb != "deletecollection" or resource.deletes_collections]
    names = {"shortNames": list(resource.short_names), "categories": list(resource.categories)}
    return {"verbs": verbs} | {key: value for key, value in names.items() if value}


def _subresource_verbs(name: str) -> list[str]:
    return ["get"] if name == "log" else _SUBRESOURCE_VERBS
