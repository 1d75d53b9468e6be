"""Strategic merge patch: a merge patch that knows which lists are maps or sets, from the kind's schema."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from lmos.apiserver.status import bad_request
from lmos.apiserver.trees import LIST_KEYS, LIST_TYPE, Tree, child
from lmos.apiserver.values import encode

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
    `$patch: delete|replace`, `$retainKeys`, `$deleteFromPrimitiveList/…` and `$setElementOrder/…` are obeyed.

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
            order = patch.get(f"{_ORDER}{key}")
            merged[key] = _field(child(tree, key), merged.get(key), change, order)
    return merged


def _field(tree: Tree, value: Json, change: Json, order: Json) -> Json:
    if isinstance(change, dict):
        return _object(tree, value, change)
    if not isinstance(change, list):
        return change
    before = value if isinstance(value, list) else []
    if tree.get(LIST_TYPE) == "set":
        united = {encode(item): item for item in (*before, *change)}
        return _ordered(united, list(map(encode, order or change)), list(map(encode, before)))
    if tree.get(LIST_TYPE) == "map":
        return _list(tree, before, change, order)
    return change


def _list(tree: Tree, value: list[Json], changes: list[Json], order: Json) -> list[Json]:
    key = tree[LIST_KEYS][0]
    if {_DIRECTIVE: "replace"} in changes:
        return [change for change in changes if change != {_DIRECTIVE: "replace"}]
    merged = {item.get(key): item for item in value}
    for change in changes:
        if not isinstance(change, dict) or key not in change:
            raise bad_request(f"an item of the patch lacks its key {key!r}")
        if change.get(_DIRECTIVE) == "delete":
            merged.pop(change[key], None)
        else:
            merged[change[key]] = _object(tree["items"], merged.get(change[key]), change)
    wanted = [item.get(key) for item in order or changes if isinstance(item, dict)]
    return _ordered(merged, wanted, [item.get(key) for item in value])


def _ordered(items: dict[Json, Json], wanted: list[Json], before: list[Json]) -> list[Json]:
    """The items in the order `wanted`; others stay before those that they stood before."""
    place = {key: index for index, key in enumerate(before)}
    named = deque(key for key in dict.fromkeys(wanted) if key in items)
    others = deque(key for key in items if key not in named)
    ordered = []
    while named or others:
        stays = others and (not named or place.get(others[0], len(place)) < place.get(named[0], -1))
        ordered.append(items[(others if stays else named).popleft()])
    return ordered
