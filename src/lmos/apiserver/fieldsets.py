"""
Sets of fields, in which server-side apply keeps who owns what.

A field is the path to it in the spelling of managedFields (fieldsV1): `f:name` for a member of an object,
`k:{"name":"a"}` for an item of a map list, `v:"x"` for an item of a set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import orjson

from lmos.apiserver.metadata import SYSTEM_FIELDS
from lmos.apiserver.trees import LIST_TYPE, MAP_TYPE, Tree, child, item_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lmos.apiserver.values import Json

Path: TypeAlias = tuple[str, ...]
FieldSet: TypeAlias = frozenset[Path]

# Nobody owns these: they say which object it is, or only the server writes them.
_UNOWNED = frozenset(
    [("f:apiVersion",), ("f:kind",)]
    + [("f:metadata", f"f:{name}") for name in ("name", "namespace", *SYSTEM_FIELDS)]
)


def leaves(tree: Tree, value: Json) -> dict[Path, Json]:
    """The fields that an apply of `value` asks for, each with its value (None for an item as such)."""
    return {path: leaf for path, leaf, is_held in _fields(tree, value, ()) if not is_held}


def fields(tree: Tree, value: Json) -> dict[Path, Json]:
    """
    All fields of an object that somebody can own, each with its value.

    Objects and lists that hold others are fields as well, with the value None: to come and go is all that
    happens to them as such.
    """
    return {path: leaf for path, leaf, _ in _fields(tree, value, ())}


def _fields(
    tree: Tree, value: Json, path: Path, *, is_declared: bool = True
) -> Iterator[tuple[Path, Json, bool]]:
    """Path, value, and whether the field is only there to hold others."""
    if path[:2] in _UNOWNED:
        return
    if isinstance(value, dict) and tree.get(MAP_TYPE) != "atomic":
        if path not in ((), ("f:metadata",)):
            # An object under a name of the client's choice is owned as such, too.
            yield path, None, bool(value) and is_declared
        for name, item in value.items():
            is_known = name in tree.get("properties", ())
            yield from _fields(child(tree, name), item, (*path, f"f:{name}"), is_declared=is_known)
    elif isinstance(value, list) and tree.get(LIST_TYPE) in ("map", "set"):
        yield path, None, True
        for item in value:
            yield from _item_fields(tree, item, (*path, item_step(tree, item)))
    else:
        yield path, value, False


def _item_fields(tree: Tree, item: Json, path: Path) -> Iterator[tuple[Path, Json, bool]]:
    items = tree.get("items", {})
    is_one = tree[LIST_TYPE] == "set" or items.get(MAP_TYPE) == "atomic"
    yield path, item if is_one else None, False
    if not is_one and isinstance(item, dict):
        for name, inner in item.items():
            yield from _fields(child(items, name), inner, (*path, f"f:{name}"))


def item_step(tree: Tree, item: Json) -> str:
    """The step to an item of a list that is a map or a set."""
    if tree.get(LIST_TYPE) == "map":
        return "k:" + orjson.dumps(item_key(tree, item), option=orjson.OPT_SORT_KEYS).decode()
    return "v:" + orjson.dumps(item).decode()


def without(tree: Tree, value: Json, fields: FieldSet, owned: FieldSet = frozenset()) -> Json:
    """
    `value` without `fields`, and without the objects and lists that this leaves empty.

    Empty ones stay where their own paths are `owned`: somebody wants them to be there and empty.
    """
    return _without(tree, value, encoded(fields), encoded(owned))


def _without(tree: Tree, value: Json, gone: Json, owned: Json) -> Json:
    """`value` without what the fieldsV1 tree `gone` names; None when nothing is left."""
    if isinstance(value, dict):
        kept = {}
        for name, item in value.items():
            step = f"f:{name}"
            rest = _kept(child(tree, name), item, gone.get(step), owned.get(step))
            if rest is not None or step not in gone:
                kept[name] = rest
        return kept or None
    if isinstance(value, list):
        items = []
        for item in value:
            step = item_step(tree, item)
            rest = _kept(tree.get("items", {}), item, gone.get(step), owned.get(step))
            if rest is not None or step not in gone:
                items.append(rest)
        return items or None
    return None


def _kept(tree: Tree, item: Json, gone: Json, owned: Json) -> Json:
    """What is left of `item`: nothing when it is itself named, else what is named nowhere below it."""
    if gone is None:
        return item
    if not gone or "." in gone:
        return None
    rest = _without(tree, item, gone, owned or {})
    is_owned = owned is not None and (not owned or "." in owned)
    return type(item)() if rest is None and is_owned else rest


def encoded(fields: Iterable[Path]) -> dict[str, Json]:
    """The fieldsV1 form."""
    root: dict[str, Json] = {}
    members = []
    for path in sorted(fields):
        node = root
        for step in path:
            node = node.setdefault(step, {})
        members.append(node)
    for node in members:
        if node:
            # A field of its own with fields below it.
            node["."] = {}
    return root


def decoded(tree: Json) -> FieldSet:
    """Back from the fieldsV1 form."""
    return frozenset(_decoded(tree, ()))


def _decoded(tree: Json, path: Path) -> Iterator[Path]:
    for step, below in tree.items():
        if step == ".":
            yield path
        elif below:
            yield from _decoded(below, (*path, step))
        else:
            yield (*path, step)


def readable(path: Path) -> str:
    """`.spec.ports[name="a"].port`, as conflicts name fields."""
    return "".join(_readable_step(step) for step in path)


def _readable_step(step: str) -> str:
    sort, text = step[0], step[2:]
    if sort == "k":
        return (
            "[" + ",".join(f"{key}={orjson.dumps(v).decode()}" for key, v in orjson.loads(text).items()) + "]"
        )
    return f"[={text}]" if sort == "v" else f".{text}"
