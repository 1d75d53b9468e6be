"""Kinds as data: what the server knows about each resource, whether built in or defined by a CRD."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from lmos.apiserver.schema import PRESERVE, Schema
from lmos.core.resources.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lmos.apiserver.status import Cause
    from lmos.apiserver.values import Json
    from lmos.core.resources.kinds import Manifest

Completion: TypeAlias = Callable[["Manifest"], "Manifest"]
"""Fills in what a kind derives from other fields."""
Check: TypeAlias = Callable[["Manifest", "Manifest | None"], Iterable["Cause"]]
"""What a kind refuses in an object (first) that is to follow another (second, None when created)."""
Grace: TypeAlias = Callable[["Manifest", "int | None"], int]
"""
The seconds that a deleted object gets to end, where so many are wanted (None: as many as the object says).

Whoever ended it deletes it again, with 0.
"""
Cell: TypeAlias = Callable[["Manifest", "datetime"], "Json"]
"""What a column shows of an object at a moment, where no path can say it."""


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
    cell: Cell | None = None


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
    has_log: bool = False
    returns_deleted: bool = False
    is_closing: bool = False
    deletes_collections: bool = True
    completion: Completion = as_it_is
    check: Check = accept_all
    grace: Grace | None = None
    blank: Manifest = field(default_factory=dict)
    selectable_fields: tuple[str, ...] = ()

    @cached_property
    def key(self) -> str:
        """The name under which all versions of the kind are stored: `agents.lmos.eclipse`."""
        return str(self.kind)

    @property
    def selectable(self) -> tuple[str, ...]:
        """The paths that field selectors may name."""
        return ("metadata.name", "metadata.namespace", *self.selectable_fields)

    @property
    def stored_as(self) -> str:
        """The `apiVersion` in which objects are stored."""
        return f"{self.kind.group}/{self.storage_version}" if self.kind.group else self.storage_version

    @property
    def subresources(self) -> tuple[str, ...]:
        """The subresources that are served."""
        served = {"status": self.has_status, "scale": self.scale, "log": self.has_log}
        return tuple(name for name, is_served in served.items() if is_served)


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
    is_closing: bool = False,
    completion: Completion = as_it_is,
    check: Check = accept_all,
    grace: Grace | None = None,
    cells: Mapping[str, Cell] | None = None,
) -> tuple[Resource, ...]:
    """
    The resources that the `spec` of a CustomResourceDefinition serves, one a version.

    Args:
        spec: The definition, in the form of apiextensions.k8s.io/v1; built-in kinds are declared in it too.
        is_custom: Whether a CRD defines the kind.
        is_closing: Whether that CRD is being deleted, so that no new objects are taken.
        completion: Fills in derived fields.
        check: Refuses what the schema cannot say.
        grace: Says how long a deleted object may take to end; without it none may.
        cells: What the columns show that name an `x-cell` in place of a path.
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
        columns = version.get("additionalPrinterColumns") or [_AGE]
        if is_custom or not any(column["name"] == "Name" for column in columns):
            columns = [_NAME, *columns]
        found.append(
            Resource(
                kind=Kind(spec["group"], version["name"], names["kind"], plural, namespaced),
                singular=names.get("singular") or names["kind"].lower(),
                list_kind=names.get("listKind") or f"{names['kind']}List",
                schema=Schema(schema),
                storage_version=storage,
                short_names=tuple(names.get("shortNames") or ()),
                categories=tuple(names.get("categories") or ()),
                columns=tuple(_column(item, cells or {}) for item in columns),
                scale=_scale(subresources["scale"]) if subresources.get("scale") else None,
                has_status="status" in subresources,
                is_custom=is_custom,
                is_closing=is_closing,
                counts_generations=spec.get("x-generation", is_custom),
                has_log=not is_custom and "log" in subresources,
                returns_deleted=spec.get("x-returns-deleted", False),
                completion=completion,
                check=check,
                grace=grace,
                deletes_collections=not spec.get("x-deleted-one-by-one", False),
                blank=spec.get("x-blank", {}),
                selectable_fields=tuple(
                    item["jsonPath"].removeprefix(".") for item in version.get("selectableFields") or ()
                ),
            )
        )
    return tuple(found)


_NAME = {
    "name": "Name",
    "type": "string",
    "format": "name",
    "description": "Name of the object",
    "jsonPath": ".metadata.name",
}
_AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


def _column(declared: Json, cells: Mapping[str, Cell]) -> Column:
    return Column(
        name=declared["name"],
        type=declared["type"],
        path=declared.get("jsonPath", ""),
        cell=cells.get(declared.get("x-cell", "")),
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
