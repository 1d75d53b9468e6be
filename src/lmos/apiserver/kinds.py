"""Kinds as data: what the server knows about each resource, whether built in or defined by a CRD."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from lmos.apiserver.schema import PRESERVE, Schema
from lmos.core.resources.kinds import Kind

if TYPE_CHECKING:
    from lmos.apiserver.status import Cause
    from lmos.apiserver.values import Json
    from lmos.core.resources.kinds import Manifest

Completion: TypeAlias = Callable[["Manifest"], "Manifest"]
"""Fills in what a kind derives from other fields."""
Check: TypeAlias = Callable[["Manifest", "Manifest | None"], Iterable["Cause"]]
"""What a kind refuses in an object (first) that is to follow another (second, None when created)."""


def as_it_is(manifest: Manifest) -> Manifest:
    """The completion of kinds that derive nothing."""
    return manifest


def accept_all(_manifest: Manifest, _old: Manifest | None) -> Iterable[Cause]:
    """The check of kinds whose schema says everything."""
    return ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table that `kubectl get` prints; columns of priority above 0 show with `-o wide`."""

    name: str
    type: str
    path: str
    format: str = ""
    priority: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the scale subresource finds its numbers."""

    spec_path: str
    status_path: str
    selector_path: str = ""


@dataclass(frozen=True, eq=False)
class Resource:
    """One version of a kind as the server serves it."""

    kind: Kind
    singular: str
    list_kind: str
    schema: Schema
    storage_version: str
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    scale: Scale | None = None
    has_status: bool = False
    is_custom: bool = True
    counts_generations: bool = True
    completion: Completion = as_it_is
    check: Check = accept_all

    @cached_property
    def key(self) -> str:
        """The name under which all versions of the kind are stored: `agents.lmos.eclipse`."""
        return str(self.kind)

    @property
    def stored_as(self) -> str:
        """The `apiVersion` in which objects are stored."""
        return f"{self.kind.group}/{self.storage_version}" if self.kind.group else self.storage_version

    @property
    def subresources(self) -> tuple[str, ...]:
        """The subresources that are served."""
        return (*(("status",) if self.has_status else ()), *(("scale",) if self.scale else ()))


@dataclass(frozen=True)
class Catalogue:
    """Every resource that is served, in the order of discovery."""

    resources: tuple[Resource, ...]

    @cached_property
    def _by_place(self) -> dict[tuple[str, str, str], Resource]:
        return {(r.kind.group, r.kind.version, r.kind.plural): r for r in self.resources}

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The resource at `/apis/{group}/{version}/…/{plural}`."""
        return self._by_place.get((group, version, plural))

    def in_group(self, group: str, version: str = "") -> tuple[Resource, ...]:
        """The resources of a group, or of one version of it."""
        return tuple(r for r in self.resources if r.kind.group == group and version in ("", r.kind.version))

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Group to versions, the preferred version first."""
        found: dict[str, dict[str, None]] = {}
        for resource in self.resources:
            found.setdefault(resource.kind.group, {})[resource.kind.version] = None
        return {group: tuple(versions) for group, versions in found.items()}


def resources_of(
    spec: Json,
    *,
    is_custom: bool = True,
    completion: Completion = as_it_is,
    check: Check = accept_all,
) -> tuple[Resource, ...]:
    """
    The resources that the `spec` of a CustomResourceDefinition serves, one a version.

    Args:
        spec: The definition, in the form of apiextensions.k8s.io/v1; built-in kinds are declared in it too.
        is_custom: Whether a CRD defines the kind.
        completion: Fills in derived fields.
        check: Refuses what the schema cannot say.
    """
    names = spec["names"]
    storage = next((version["name"] for version in spec["versions"] if version["storage"]), "")
    found = []
    for version in spec["versions"]:
        if not version["served"]:
            continue
        subresources = version.get("subresources") or {}
        plural, namespaced = names["plural"], spec["scope"] == "Namespaced"
        schema = (version.get("schema") or {}).get("openAPIV3Schema") or {PRESERVE: True}
        found.append(
            Resource(
                kind=Kind(spec["group"], version["name"], names["kind"], plural, namespaced),
                singular=names.get("singular") or names["kind"].lower(),
                list_kind=names.get("listKind") or f"{names['kind']}List",
                schema=Schema(schema),
                storage_version=storage,
                short_names=tuple(names.get("shortNames") or ()),
                categories=tuple(names.get("categories") or ()),
                columns=tuple(_column(item) for item in version.get("additionalPrinterColumns") or [_AGE]),
                scale=_scale(subresources["scale"]) if subresources.get("scale") else None,
                has_status="status" in subresources,
                is_custom=is_custom,
                counts_generations=spec.get("x-generation", is_custom),
                completion=completion,
                check=check,
            )
        )
    return tuple(found)


_AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


def _column(declared: Json) -> Column:
    return Column(
        name=declared["name"],
        type=declared["type"],
        path=declared["jsonPath"],
        format=declared.get("format", ""),
        priority=declared.get("priority", 0),
        description=declared.get("description", ""),
    )


def _scale(declared: Json) -> Scale:
    return Scale(
        spec_path=declared["specReplicasPath"],
        status_path=declared["statusReplicasPath"],
        selector_path=declared.get("labelSelectorPath", ""),
    )
