"""The stored CustomResourceDefinitions: the names that each may have, and the resources that they serve."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from lmos.apiserver.kinds import resources_of
from lmos.core.resources.kinds import CUSTOM_RESOURCE_DEFINITION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lmos.apiserver.kinds import Resource
    from lmos.apiserver.storage import Entry, Storage
    from lmos.core.resources.kinds import Manifest

DEFINITIONS = str(CUSTOM_RESOURCE_DEFINITION)

_KIND_NAMES = ("kind", "listKind")
_RESOURCE_NAMES = ("plural", "singular", "shortNames")


class Definitions:
    """All definitions of one storage. In a group, each name belongs to the first that wants it."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._served: dict[tuple[str, int], tuple[Resource, ...]] = {}

    def resources(self) -> tuple[Resource, ...]:
        """The resources that the definitions serve; those that did not change keep their compiled schemas."""
        known = self._served
        self._served = {
            (key := (entry.uid, entry.version)): known[key] if key in known else _served_by(entry)
            for entry in self._storage.entries(DEFINITIONS)
        }
        return tuple(chain.from_iterable(self._served.values()))

    def with_names(self, definition: Manifest, now: str) -> Manifest:
        """The definition with the status that says which of its names no other has; it keeps those it had."""
        name = definition["metadata"]["name"]
        others = [entry.manifest() for entry in self._group_of(name) if entry.name != name]
        taken = [other["status"].get("acceptedNames", {}) for other in others]
        return _with_accepted_names(definition, taken, now)

    def give_free_names(self, name: str, now: str) -> None:
        """Give what the definition `name` may have set free to who waits for it, the oldest first."""
        waiting = [entry.manifest() for entry in self._group_of(name) if entry.name != name]
        for definition in sorted(waiting, key=lambda item: item["metadata"]["creationTimestamp"]):
            named = self.with_names(definition, now)
            if named != definition:
                # Its event comes back here, for whoever may have the next name.
                self._storage.put(DEFINITIONS, named)
                return

    def _group_of(self, name: str) -> list[Entry]:
        group = name.partition(".")[2]
        return [item for item in self._storage.entries(DEFINITIONS) if item.name.partition(".")[2] == group]


def _served_by(entry: Entry) -> tuple[Resource, ...]:
    definition = entry.manifest()
    if not _is_established(definition):
        return ()
    spec = definition["spec"] | {"names": definition["status"]["acceptedNames"]}
    return resources_of(spec, is_closing=entry.is_terminating)


def _with_accepted_names(definition: Manifest, taken: list[Manifest], now: str) -> Manifest:
    """The definition with its names, given those that others have `taken`."""
    status, wanted = definition["status"], definition["spec"]["names"]
    before = status.get("acceptedNames") or {}
    accepted = {"plural": "", "kind": "", **before}
    names = ("NamesAccepted", "True", "NoConflicts", "no conflicts found")
    for field in (*_RESOURCE_NAMES, *_KIND_NAMES):
        alike = _KIND_NAMES if field in _KIND_NAMES else _RESOURCE_NAMES
        others = {name for other in taken for name in _names(other, alike)}
        refused = [name for name in _names(wanted, [field]) if name in others]
        if refused and wanted[field] != before.get(field):
            reason = f"{field[0].upper()}{field[1:]}Conflict"
            names = ("NamesAccepted", "False", reason, f'"{refused[0]}" is already in use')
        elif field in wanted:
            accepted[field] = wanted[field]
        else:
            accepted.pop(field, None)
    if "categories" in wanted:
        accepted["categories"] = wanted["categories"]
    # Once it is established it stays so, by the names that it had.
    if _is_established(definition) or names[1] == "True":
        served = ("Established", "True", "InitialNamesAccepted", "the initial names have been accepted")
    else:
        served = ("Established", "False", "NotAccepted", "not all names are accepted")
    conditions = [_condition(definition, *said, now) for said in (names, served)]
    return {**definition, "status": {**status, "conditions": conditions, "acceptedNames": accepted}}


def _names(names: Manifest, fields: Iterable[str]) -> Iterator[str]:
    for field in fields:
        value = names.get(field) or ()
        yield from [value] if isinstance(value, str) else value


def _condition(definition: Manifest, name: str, status: str, reason: str, message: str, now: str) -> Manifest:
    before = _find(definition, name)
    since = before["lastTransitionTime"] if before.get("status") == status else now
    words = {"type": name, "status": status, "reason": reason, "message": message}
    return words | {"lastTransitionTime": since}


def _is_established(definition: Manifest) -> bool:
    return bool(_find(definition, "Established").get("status") == "True")


def _find(definition: Manifest, condition: str) -> Manifest:
    conditions = definition["status"].get("conditions") or ()
    return next((item for item in conditions if item["type"] == condition), {})
