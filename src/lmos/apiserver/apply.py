"""Server-side apply: merging what a manager wants into an object, and whom that would overrule."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lmos.apiserver.fieldsets import FieldSet, fields, item_step, leaves, readable, without
from lmos.apiserver.ownership import difference
from lmos.apiserver.status import Cause
from lmos.apiserver.trees import LIST_TYPE, MAP_TYPE, Tree, child

if TYPE_CHECKING:
    from lmos.apiserver.ownership import Manager
    from lmos.apiserver.values import Json
    from lmos.core.resources.kinds import Manifest


@dataclass(frozen=True, slots=True)
class Applied:
    """
    What an apply comes to.

    `conflicts` names fields that other managers own with other values; unless the apply is forced it must
    be refused when there are any.
    """

    manifest: Manifest
    managers: tuple[Manager, ...]
    conflicts: tuple[Cause, ...]


def applied(
    tree: Tree, live: Manifest, wanted: Manifest, managers: tuple[Manager, ...], writer: Manager
) -> Applied:
    """
    Merge `wanted` into `live` on behalf of `writer`.

    Args:
        tree: The kind's schema; it says which lists are maps or sets, and what is atomic.
        live: The object as it is; `{"metadata": {}}` when it is to be created.
        wanted: The fields that `writer` wants, and no others.
        managers: Who owns what in `live`.
        writer: The applying manager; its `fields` are ignored, its `time` is now.

    Returns:
        The merged object, in which fields that `writer` applied before, wants no more, and nobody else
        owns are gone, and the managers as they are when the apply is forced.

    Source:
        https://kubernetes.io/docs/reference/using-api/server-side-apply/
    """
    mine = next((manager for manager in managers if manager.is_same_as(writer)), None)
    others = [manager for manager in managers if manager is not mine]
    asked = frozenset(leaves(tree, wanted))
    dropped = (mine.fields - asked if mine else frozenset()) - _needed(others, asked)
    owned = asked.union(*(other.fields for other in others))
    merged = without(tree, _merged(tree, live, wanted), dropped, owned)
    after = fields(tree, merged)
    change = difference(fields(tree, live), after)
    conflicts = tuple(
        Cause(readable(path), f"conflict with {other.described}", "FieldManagerConflict")
        for other in others
        for path in sorted(other.fields & change.written)
        # What only holds others has no value to disagree about.
        if after[path] is not None
    )
    kept = (replace(other, fields=other.fields - change.written - change.removed) for other in others)
    time = mine.time if mine and mine.fields == asked else writer.time
    return Applied(merged, (*kept, replace(writer, fields=asked, time=time)), conflicts)


def _needed(others: list[Manager], fields: FieldSet) -> FieldSet:
    """Every field that somebody still wants, and everything that such a field hangs on."""
    paths = fields.union(*(other.fields for other in others))
    return frozenset(path[:depth] for path in paths for depth in range(1, len(path) + 1))


def _merged(tree: Tree, live: Json, wanted: Json) -> Json:
    if isinstance(live, dict) and isinstance(wanted, dict) and tree.get(MAP_TYPE) != "atomic":
        merged = dict(live)
        for name, item in wanted.items():
            merged[name] = _merged(child(tree, name), live[name], item) if name in live else item
        return merged
    if isinstance(live, list) and isinstance(wanted, list) and tree.get(LIST_TYPE) in ("map", "set"):
        return _merged_list(tree, live, wanted)
    return wanted


def _merged_list(tree: Tree, live: list[Json], wanted: list[Json]) -> list[Json]:
    """Items in the order of `wanted`; those that only `live` has stay before the ones they stood before."""
    ours = {item_step(tree, item): item for item in wanted}
    theirs = {item_step(tree, item): item for item in live}
    left, right = deque(theirs), deque(ours)
    shared = deque(step for step in ours if step in theirs)
    merged = []
    while left or right:
        if left and (left[0] not in right or (right and shared and left[0] not in (right[0], shared[0]))):
            step = left.popleft()
            if step not in ours:
                merged.append(theirs[step])
            continue
        step = right.popleft()
        merged.append(_item(tree, theirs.get(step), ours[step]))
        if left and left[0] == step:
            left.popleft()
        if shared and shared[0] == step:
            shared.popleft()
    return merged


def _item(tree: Tree, live: Json, wanted: Json) -> Json:
    return wanted if live is None else _merged(tree.get("items", {}), live, wanted)
