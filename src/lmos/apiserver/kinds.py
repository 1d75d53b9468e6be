"""Kinds as data: what the server knows about each resource, whether built in or defined by a CRD."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from lmos.apiserver.schema import Schema
from lmos.apiserver.trees import PRESERVE
from lmos.core.resources.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lmos.apiserver.status import Cause
    from lmos.apiserver.values import Json
    from lmos.core.resources.kinds import Manifest

Cell: TypeAlias = Callable[["Manifest", "datetime"], "Json"]
"""What a column shows of an object at a moment, where no path can say it."""


def _as_it_is(manifest: Manifest) -> Manifest:
    return manifest


def _accept_all(_manifest: Manifest, _old: Manifest | None) -> Iterable[Cause]:
    return ()


@dataclass(frozen=True, slots=True)
class Behaviour:
    """
    What a built-in kind does beyond its schema.

    Attributes:
        completed: Fills in what follows from other fields.
        problems: What is refused in an object (first) that is to follow another (None when it is new).
        grace: The seconds that a deleted object gets to end, where so many are wanted (None: as many as the
            object says). Whoever ended it deletes it again, with 0. Kinds without it end at once.
    """

    completed: Callable[[Manifest], Manifest] = _as_it_is
    problems: Callable[[Manifest, Manifest | None], Iterable[Cause]] = _accept_all
    grace: Callable[[Manifest, int | None], int] | None = None


@dataclass(frozen=True, eq=False)
class Resource:
    """
    One version of a kind as the server serves it.

    Attributes:
        columns: The `additionalPrinterColumns`, `scale`: the scale subresource, as definitions declare them.
        cells: What a column shows that names an `x-cell` in place of a path.
        blank: What a new object has before anybody writes to it.
        is_closing: Whether the kind is being deleted, so that no new objects are taken.
        selectable: The paths that field selectors may name.
    """

    kind: Kind
    singular: str
    list_kind: str
    schema: Schema
    stored_as: str
    short_names: tuple[str, ...]
    categories: tuple[str, ...]
    columns: tuple[Json, ...]
    selectable: tuple[str, ...]
    subresources: tuple[str, ...]
    scale: Json
    is_custom: bool
    is_closing: bool
    counts_generations: bool
    returns_deleted: bool
    deletes_collections: bool
    blank: Manifest
    behaviour: Behaviour
    cells: Mapping[str, Cell]

    @cached_property
    def key(self) -> str:
        """The name under which all versions of the kind are stored: `agents.lmos.eclipse`."""
        return str(self.kind)

    @property
    def identity(self) -> Manifest:
        """Group, version and kind, as documents about it name it."""
        return {"group": self.kind.group, "version": self.kind.version, "kind": self.kind.kind}

    @cached_property
    def has_status(self) -> bool:
        """Whether the status is written apart from all else."""
        return "status" in self.subresources


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
    behaviour: Behaviour | None = None,
    cells: Mapping[str, Cell] | None = None,
    *,
    is_closing: bool = False,
) -> tuple[Resource, ...]:
    """
    The resources that the `spec` of a CustomResourceDefinition serves, one a version.

    Args:
        spec: The definition, in the form of apiextensions.k8s.io/v1; built-in kinds are declared in it too.
        behaviour: What a built-in kind does beyond its schema; None for custom kinds.
        cells: The cells that columns name.
        is_closing: Whether the definition is being deleted.
    """
    names, group, is_custom = spec["names"], spec["group"], behaviour is None
    storage = next((version["name"] for version in spec["versions"] if version["storage"]), "")
    found = []
    for version in spec["versions"]:
        if not version["served"]:
            continue
        below = version.get("subresources") or {}
        served = {
            "status": "status" in below,
            "scale": below.get("scale"),
            "log": not is_custom and "log" in below,
        }
        columns = version.get("additionalPrinterColumns") or [_AGE]
        if is_custom or not any(column["name"] == "Name" for column in columns):
            columns = [_NAME, *columns]
        selectable = [item["jsonPath"].removeprefix(".") for item in version.get("selectableFields") or ()]
        schema = (version.get("schema") or {}).get("openAPIV3Schema") or {PRESERVE: True}
        namespaced = spec["scope"] == "Namespaced"
        found.append(
            Resource(
                kind=Kind(group, version["name"], names["kind"], names["plural"], namespaced),
                singular=names.get("singular") or names["kind"].lower(),
                list_kind=names.get("listKind") or f"{names['kind']}List",
                schema=Schema(schema),
                stored_as=f"{group}/{storage}" if group else storage,
                short_names=tuple(names.get("shortNames") or ()),
                categories=tuple(names.get("categories") or ()),
                columns=tuple(columns),
                selectable=("metadata.name", "metadata.namespace", *selectable),
                subresources=tuple(name for name, is_served in served.items() if is_served),
                scale=below.get("scale"),
                is_custom=is_custom,
                is_closing=is_closing,
                counts_generations=spec.get("x-generation", is_custom),
                returns_deleted=spec.get("x-returns-deleted", False),
                deletes_collections=not spec.get("x-deleted-one-by-one", False),
                blank=spec.get("x-blank", {}),
                behaviour=behaviour or Behaviour(),
                cells=cells or {},
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
