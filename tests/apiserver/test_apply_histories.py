"""Random histories of writes by several managers, against a model that a reader can check by eye."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmos.apiserver import Server, Storage
from lmos.apiserver.objects import Intent
from lmos.apiserver.server import Place
from lmos.apiserver.status import ApiError
from lmos.testing.clock import CountingIds, FrozenClock

MANAGERS = ("argo", "lmos", "person")
NOW = "2026-01-01T00:00:00Z"

contents = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["1", "2"]), max_size=4)
applies = st.tuples(st.just("apply"), st.sampled_from(MANAGERS), contents, st.booleans())
updates = st.tuples(st.just("update"), st.sampled_from(MANAGERS), contents, st.booleans())
histories = st.lists(st.one_of(applies, updates), min_size=1, max_size=12)


@dataclass
class Model:
    """The data of a ConfigMap, and for each manager and way of writing the keys it owns."""

    data: dict[str, str] = field(default_factory=dict)
    owned: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def apply(self, manager: str, wanted: dict[str, str], *, force: bool) -> bool:
        """Whether it is accepted; then keys it wants no more and nobody else owns are gone."""
        mine = (manager, "Apply")
        others = {key for who, keys in self.owned.items() if who != mine for key in keys}
        changed = {key for key, value in wanted.items() if self.data.get(key) != value}
        if changed & others and not force:
            return False
        dropped = self.owned.get(mine, set()) - wanted.keys() - others
        self._take(changed | dropped)
        self.data = {key: value for key, value in self.data.items() if key not in dropped} | wanted
        self.owned[mine] = set(wanted)
        return True

    def update(self, manager: str, data: dict[str, str]) -> None:
        """The data is what is sent; who changes a key owns it, and what is gone nobody owns."""
        keys = self.data.keys() | data.keys()
        changed = {key for key in keys if self.data.get(key) != data.get(key)}
        self._take(changed)
        self.data = dict(data)
        self.owned.setdefault((manager, "Update"), set()).update(changed & data.keys())

    def _take(self, keys: set[str]) -> None:
        for owned in self.owned.values():
            owned.difference_update(keys)


def owned_in(manifest: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    found = {}
    for entry in manifest["metadata"].get("managedFields", ()):
        keys = entry.get("fieldsV1", {}).get("f:data", {})
        found[entry["manager"], entry["operation"]] = {key[2:] for key in keys if key != "."}
    return {who: keys for who, keys in found.items() if keys}


@settings(max_examples=200)
@given(histories)
def test_data_and_owners_are_those_of_the_model(history: list[tuple[str, str, dict[str, str], bool]]) -> None:
    storage = Storage(":memory:")
    server, model = Server(storage, FrozenClock(), CountingIds()), Model()
    resource = server.catalogue.find("", "v1", "configmaps")
    assert resource is not None
    place = Place(resource, "default", "settings")
    base = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "labels": {"a": "b"}}}
    # An object that somebody owns a field of: ownership of others is not kept.
    server.apply(place, base, Intent("founder", NOW))

    for way, manager, content, force in history:
        sent = base | {"data": content}
        if way == "apply":
            expected = model.apply(manager, content, force=force)
            if expected:
                server.apply(place, sent, Intent(manager, NOW), force=force)
            else:
                with pytest.raises(ApiError, match="conflict"):
                    server.apply(place, sent, Intent(manager, NOW), force=force)
        else:
            model.update(manager, content)
            server.update(place, sent, Intent(manager, NOW))
        stored = server.entry(place).manifest()
        assert stored.get("data", {}) == model.data
        assert owned_in(stored) == {who: keys for who, keys in model.owned.items() if keys}
    storage.close()
