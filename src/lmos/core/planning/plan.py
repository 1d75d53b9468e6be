"""A Plan: what we decided, as data that can be printed, compared, tested and then applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmos.core.resources import Kind, Manifest


@dataclass(frozen=True, slots=True)
class Apply:
    """Apply a manifest server-side, as our field manager."""

    manifest: Manifest


@dataclass(frozen=True, slots=True)
class WriteStatus:
    """Apply the status subresource; the manifest holds kind, name, namespace and the whole status."""

    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete that incarnation of an object."""

    kind: Kind
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """Create a Kubernetes Event; where one of that name exists, it says the same already."""

    manifest: Manifest


Change = Apply | WriteStatus | Delete | RecordEvent


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes in the order in which they are to be applied; none when all is as it should be."""

    changes: tuple[Change, ...] = ()

    @property
    def applied(self) -> tuple[Manifest, ...]:
        """The manifests that it applies, without statuses and Events."""
        return tuple(change.manifest for change in self.changes if isinstance(change, Apply))
