"""Who owns which fields of an object: the values behind `metadata.managedFields`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from lmos.apiserver.fieldsets import FieldSet, decoded, encoded
from lmos.apiserver.values import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmos.apiserver.fieldsets import Path
    from lmos.apiserver.values import Json
    from lmos.core.resources.kinds import Manifest


@dataclass(frozen=True, slots=True)
class Manager:
    """A writer and the fields it owns; `time` is when that set last changed."""

    name: str
    operation: Literal["Apply", "Update"]
    api_version: str
    subresource: str = ""
    time: str = ""
    fields: FieldSet = frozenset()

    def is_same_as(self, other: Manager) -> bool:
        """Whether both are entries of the same writer."""
        return (self.name, self.operation, self.subresource) == (
            other.name,
            other.operation,
            other.subresource,
        )

    @property
    def described(self) -> str:
        """As conflicts name it."""
        below = f' with subresource "{self.subresource}"' if self.subresource else ""
        using = f" using {self.api_version}" if self.operation == "Update" else ""
        return f'"{self.name}"{below}{using}'

    def as_entry(self) -> Manifest:
        """As an entry of `managedFields`."""
        return {
            "manager": self.name,
            "operation": self.operation,
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": encoded(self.fields),
            **({"subresource": self.subresource} if self.subresource else {}),
        }


def managers_of(manifest: Manifest) -> tuple[Manager, ...]:
    """The managers that the object's metadata names."""
    return tuple(
        Manager(
            name=entry.get("manager", ""),
            operation=entry.get("operation", "Update"),
            api_version=entry.get("apiVersion", ""),
            subresource=entry.get("subresource", ""),
            time=entry.get("time", ""),
            fields=decoded(entry.get("fieldsV1", {})),
        )
        for entry in manifest["metadata"].get("managedFields", ())
    )


def owned_by(manifest: Manifest, managers: tuple[Manager, ...]) -> Manifest:
    """`manifest` with `managers` in its metadata, appliers first, then by time; those without fields go."""
    listed = sorted(
        (manager for manager in managers if manager.fields),
        key=lambda manager: (manager.operation, manager.time, manager.name, manager.subresource),
    )
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "managedFields"}
    if listed:
        metadata["managedFields"] = [manager.as_entry() for manager in listed]
    return {**manifest, "metadata": metadata}


@dataclass(frozen=True, slots=True)
class Difference:
    """How the fields of one object differ from those of its predecessor."""

    written: FieldSet
    removed: FieldSet


def difference(old: Mapping[Path, Json], new: Mapping[Path, Json]) -> Difference:
    """What was written (added or changed) and removed between two objects' fields."""
    return Difference(
        written=frozenset(
            path for path, value in new.items() if path not in old or canonical(old[path]) != canonical(value)
        ),
        removed=frozenset(old.keys() - new.keys()),
    )


def after_update(managers: tuple[Manager, ...], writer: Manager, change: Difference) -> tuple[Manager, ...]:
    """The managers after `writer` replaced or patched the object: who writes a field owns it."""
    mine = next((manager for manager in managers if manager.is_same_as(writer)), None)
    before = mine.fields if mine else frozenset()
    fields = (before | change.written) - change.removed
    time = mine.time if mine and fields == before else writer.time
    others = [
        replace(manager, fields=manager.fields - change.written - change.removed)
        for manager in managers
        if manager is not mine
    ]
    return (*others, replace(writer, fields=fields, time=time))
