"""Server-side apply on values: merging, owning, conflicts."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lmos.apiserver.apply import applied
from lmos.apiserver.fieldsets import leaves, readable
from lmos.apiserver.ownership import Manager, after_update, difference, managers_of, owned_by
from lmos.apiserver.schema import Schema
from tests.apiserver.builders import WIDGET_SCHEMA, widget

TREE = Schema(WIDGET_SCHEMA).tree
NOTHING: Any = {"metadata": {}}


def manager(name: str, operation: Any = "Apply", time: str = "t1") -> Manager:
    return Manager(name, operation, "shop.test/v1", time=time)


class History:
    """An object and its managers, as appliers and updaters leave them."""

    def __init__(self) -> None:
        self.manifest: Any = NOTHING
        self.managers: tuple[Manager, ...] = ()
        self.conflicts: list[tuple[str, str]] = []

    def apply(self, name: str, **spec: Any) -> History:
        result = applied(TREE, self.manifest, widget("w", **spec), self.managers, manager(name))
        self.conflicts = [(cause.field, cause.message) for cause in result.conflicts]
        self.manifest, self.managers = result.manifest, result.managers
        return self

    def update(self, name: str, **spec: Any) -> History:
        new = widget("w", **spec)
        change = difference(leaves(TREE, self.manifest), leaves(TREE, new))
        self.managers = after_update(self.managers, manager(name, "Update"), change)
        self.manifest = new
        return self

    def owners(self, field: str) -> set[str]:
        return {
            owner.name
            for owner in self.managers
            for path in owner.fields
            if readable(path) == f".spec.{field}"
        }


def test_the_first_apply_owns_what_it_sends() -> None:
    history = History().apply("a", weight=1)

    assert history.manifest["spec"] == {"image": "a:1", "weight": 1}
    assert history.owners("weight") == {"a"}


def test_another_value_for_an_owned_field_is_a_conflict_that_names_the_owner() -> None:
    history = History().apply("a", weight=1).apply("b", weight=2)

    assert history.conflicts == [(".spec.weight", 'conflict with "a"')]


def test_after_a_forced_apply_the_field_has_one_owner() -> None:
    history = History().apply("a", weight=1).apply("b", weight=2)

    assert history.manifest["spec"]["weight"] == 2
    assert history.owners("weight") == {"b"}


def test_the_same_value_is_owned_together_without_conflict() -> None:
    history = History().apply("a", weight=1).apply("b", weight=1)

    assert history.conflicts == []
    assert history.owners("weight") == {"a", "b"}


def test_what_a_manager_sends_no_more_goes_when_nobody_else_owns_it() -> None:
    history = History().apply("a", weight=1).apply("a")

    assert history.manifest["spec"] == {"image": "a:1"}


def test_what_another_manager_owns_as_well_stays() -> None:
    history = History().apply("a", weight=1).apply("b", weight=1).apply("a")

    assert history.manifest["spec"]["weight"] == 1
    assert history.owners("weight") == {"b"}


def test_items_of_a_map_list_are_owned_one_by_one() -> None:
    history = (
        History()
        .apply("a", ports=[{"name": "x", "port": 1}])
        .apply("b", ports=[{"name": "y", "port": 2}])
        .apply("a", ports=[])
    )

    assert history.manifest["spec"]["ports"] == [{"name": "y", "port": 2}]


def test_an_item_keeps_what_others_added_to_it() -> None:
    history = (
        History().apply("a", ports=[{"name": "x"}]).apply("b", ports=[{"name": "x", "port": 7}]).apply("a")
    )

    assert history.manifest["spec"]["ports"] == [{"name": "x", "port": 7}]


def test_sets_are_united() -> None:
    history = History().apply("a", tags=["x", "y"]).apply("b", tags=["y", "z"])

    assert history.manifest["spec"]["tags"] == ["x", "y", "z"]
    assert history.apply("a").manifest["spec"]["tags"] == ["y", "z"]


def test_the_order_of_its_items_is_that_of_the_last_applier() -> None:
    ports = [{"name": "x"}, {"name": "y"}]
    history = History().apply("a", ports=ports).apply("b", ports=[{"name": "other"}])

    history.apply("a", ports=ports[::-1])

    assert [port["name"] for port in history.manifest["spec"]["ports"]] == ["y", "other", "x"]


def test_an_atomic_list_has_one_owner() -> None:
    history = History().apply("a", free={"list": [1]}).apply("b", free={"list": [2]})

    assert history.conflicts == [(".spec.free.list", 'conflict with "a"')]
    assert history.manifest["spec"]["free"]["list"] == [2]


def test_an_update_takes_the_fields_that_it_changes() -> None:
    history = History().apply("a", weight=1, note="n").update("editor", weight=5, note="n")

    assert (history.owners("weight"), history.owners("note")) == ({"editor"}, {"a"})
    history.apply("a", weight=1)
    assert history.conflicts == [(".spec.weight", 'conflict with "editor" using shop.test/v1')]


def test_an_update_that_removes_a_field_takes_it_from_everybody() -> None:
    history = History().apply("a", weight=1).update("editor")

    assert history.owners("weight") == set()


def test_managers_survive_their_way_through_the_object() -> None:
    history = History().apply("a", weight=1).update("editor", weight=1, note="n")
    manifest = owned_by(history.manifest, history.managers)

    assert managers_of(manifest) == history.managers
    assert [entry["manager"] for entry in manifest["metadata"]["managedFields"]] == ["a", "editor"]


SPECS = st.fixed_dictionaries(
    {},
    optional={
        "weight": st.integers(0, 2),
        "note": st.sampled_from(["n", "m"]),
        "tags": st.lists(st.sampled_from("xyz"), unique=True, min_size=1),
        "ports": st.lists(
            st.fixed_dictionaries({"name": st.sampled_from("ab")}, optional={"port": st.integers(0, 1)}),
            unique_by=lambda port: str(port["name"]),
            min_size=1,
        ),
        "options": st.dictionaries(st.sampled_from("kl"), st.sampled_from("12"), min_size=1),
    },
)
WRITES = st.lists(st.tuples(st.sampled_from("abc"), SPECS), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(WRITES)
def test_after_any_history_of_applies_the_object_is_what_its_owners_want(writes: Any) -> None:
    """A naive model: each manager's last wish; of two wishes for one field the later one holds."""
    history = History()
    wishes: dict[str, dict[Any, Any]] = {}
    for name, spec in writes:
        history.apply(name, **spec)
        wish = leaves(TREE, widget("w", **spec))
        for other, fields in wishes.items():
            if other != name:
                wishes[other] = {
                    path: value for path, value in fields.items() if path not in wish or wish[path] == value
                }
        wishes[name] = wish

    wanted = {path: value for fields in wishes.values() for path, value in fields.items()}
    assert leaves(TREE, history.manifest) == wanted


@settings(max_examples=60, deadline=None)
@given(WRITES, SPECS)
def test_applying_twice_changes_nothing_the_second_time(writes: Any, spec: Any) -> None:
    history = History()
    for name, earlier in writes:
        history.apply(name, **earlier)

    history.apply("a", **spec)
    manifest, managers = history.manifest, history.managers
    history.apply("a", **spec)

    assert history.manifest == manifest
    assert set(history.managers) == set(managers)
