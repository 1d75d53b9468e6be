"""References from what the local node makes to what it is made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmos.core.resources.kinds import Kind, Manifest


def reference_to(kind: Kind, manifest: Manifest) -> Manifest:
    """An owner reference: who has it goes with that object."""
    metadata = manifest["metadata"]
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": metadata["name"],
        "uid": metadata["uid"],
    }


def controller_reference(kind: Kind, manifest: Manifest) -> Manifest:
    """An owner reference to the one object that decides about who has it."""
    return reference_to(kind, manifest) | {"controller": True, "blockOwnerDeletion": True}
