"""The stored CustomResourceDefinitions: whose names are accepted, and the resources that they serve."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from lmos.apiserver.kinds import resources_of
from lmos.apiserver.names import is_established, with_accepted_names
from lmos.core.resources.kinds import CUSTOM_RESOURCE_DEFINITION

if TYPE_CHECKING:
    from lmos.apiserver.kinds import Resource
    from lmos.apiserver.storage import Entry, Storage

DEFINITIONS = str(CUSTOM_RESOURCE_DEFINITION)


class Definitions:
    """All definitions of one storage."""

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

    def accept_names(self, name: str, now: str) -> None:
        """Give the definitions in the group of `name` the names that no other has, the oldest first."""
        group = name.partition(".")[2]
        entries = self._storage.entries(DEFINITIONS)
        found = [entry.manifest() for entry in entries if entry.name.partition(".")[2] == group]
        for definition in sorted(found, key=lambda item: item["metadata"]["creationTimestamp"]):
            others = [item for item in found if item is not definition]
            named = with_accepted_names(definition, others, now)
            if named != definition:
                # What follows from it is seen to when the event of this write comes.
                self._storage.put(DEFINITIONS, named)
                return


def _served_by(entry: Entry) -> tuple[Resource, ...]:
    definition = entry.manifest()
    if not is_established(definition):
        return ()
    spec = definition["spec"] | {"names": definition["status"]["acceptedNames"]}
    return resources_of(spec, is_closing=entry.is_terminating)
