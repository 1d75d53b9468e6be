"""Strategic merge patch: a merge patch that knows which lists are maps or sets, from the kind's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.apiserver.schema import LIST_KEYS, LIST_TYPE, Tree, child
from lmos.apiserver.status import bad_request

if TYPE_CHECKING:
    from lmos.apiserver.values import Json

_DIRECTIVE = "$patch"
_ORDER = "$setElementOrder/"
_DELETE_PRIMITIVE = "$deleteFromPrimitiveList/"
_RETAIN = "$retainKeys"


def strategic_patched(tree: Tree, value: Json, patch: Json) -> Json:
    """
    `value`, which follows the schema `tree`, after a strategic merge patch.

    Lists of type map merge by the first of their keys, sets merge as sets, all others are replaced.
    `$patch: delete|replace`, `$retainKeys`, `$deleteFromPrimitiveList/…` are obeyed; `$setElementOrder/…`
    only orders, and the order of merged lists has no meaning here.

    Raises:
        ApiError: 400 for a patch that is no object, or an unknown directive.
    """
    if not isinstance(patch, dict):
        raise bad_request("a strategic merge patch is an object")
    return _object(tree, value, patch)


def _object(tree: Tree, value: Json, patch: Json) -> Json:
    match patch.get(_DIRECTIVE):
        case "replace":
            return {key: item for key, item in patch.items() if key != _DIRECTIVE}
        case "delete":
            return {}
        case None | "merge":
            pass
        case other:
            raise bad_request(f"unknown {_DIRECTIVE} directive {other!r}")
    merged = dict(value) if isinstance(value, dict) else {}
    if isinstance(patch.get(_RETAIN), list):
        merged = {key: item for key, item in merged.items() if key in patch[_RETAIN]}
    for key, change in patch.items():
        if key.startswith(_DELETE_PRIMITIVE):
            field = key.removeprefix(_DELETE_PRIMITIVE)
            if not isinstance(change, list) or not isinstance(merged.get(field, []), list):
                raise bad_request(f"{key} is for lists")
            merged[field] = [item for item in merged.get(field, ()) if item not in change]
        elif key in (_DIRECTIVE, _RETAIN) or key.startswith(_ORDER):
            continue
        elif change is None:
            merged.pop(key, None)
        else:
            merged[key] = _field(child(tree, key), merged.get(key), change)
    return merged


def _field(tree: Tree, value: Json, change: Json) -> Json:
    if isinstance(change, dict):
        return _object(tree, value, change)
    if not isinstance(change, list):
        return change
    before = value if isinstance(value, list) else []
    if tree.get(LIST_TYPE) == "set":
        return before + [item for item in change if item not in before]
    if tree.get(LIST_TYPE) == "map":
        return _list(tree, before, change)
    return change


def _list(tree: Tree, value: list[Json], changes: list[Json]) -> list[Json]:
    key = tree[LIST_KEYS][0]
    if {_DIRECTIVE: "replace"} in changes:
        return [change for change in changes if change != {_DIRECTIVE: "replace"}]
    merged = list(value)
    for change in changes:
        if not isinstance(change, dict) or key not in change:
            raise bad_request(f"an item of the patch lacks its key {key!r}")
        at = next((i for i, item in enumerate(merged) if item.get(key) == change[key]), None)
        if change.get(_DIRECTIVE) == "delete":
            merged = [item for item in merged if item.get(key) != change[key]]
        elif at is None:
            merged.append(_object(tree["items"], {}, change))
        else:
            merged[at] = _object(tree["items"], merged[at], change)
    return merged
