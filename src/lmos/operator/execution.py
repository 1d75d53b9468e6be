"""Carrying out a Plan: every choice was made while planning."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from lmos.core.errors import InvalidInput
from lmos.core.planning import Apply, Delete, WriteStatus
from lmos.core.resources import kind_of
from lmos.core.resources.kinds import EVENT
from lmos.ports.cluster import ObjectConflict, ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from lmos.core.planning import Plan
    from lmos.core.resources import Kind, Manifest
    from lmos.ports.cluster import Cluster

MANAGER = "lmos-operator"


async def carry_out(plan: Plan, cluster: Cluster, learn: Callable[[Kind, Manifest], None]) -> None:
    """
    Apply the changes of `plan` in their order.

    Args:
        plan: What to do; carrying it out twice ends in the same state.
        cluster: Where to do it.
        learn: Told each object as it was written.

    Raises:
        LmosError: A change was refused; those before it stand, those after it were not tried.
    """
    for change in plan.changes:
        if isinstance(change, Delete):
            with contextlib.suppress(ObjectNotFound, ObjectConflict):
                await cluster.delete(change.kind, change.name, change.namespace, uid=change.uid)
        elif isinstance(change, Apply | WriteStatus):
            kind = _kind(change.manifest)
            subresource = "status" if isinstance(change, WriteStatus) else ""
            learn(kind, await cluster.apply(change.manifest, kind, manager=MANAGER, subresource=subresource))
        else:
            # An Event of that name says the same already.
            with contextlib.suppress(ObjectConflict):
                await cluster.create(change.manifest, EVENT)


def _kind(manifest: Manifest) -> Kind:
    kind = kind_of(manifest)
    if kind is None:
        raise InvalidInput(f"A Plan names the kind {manifest.get('kind')}, which the operator does not know.")
    return kind
