"""Deletion and what follows from it: finalizers, owners, namespaces and definitions with their objects."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lmos.apiserver.crds import CLEANUP_FINALIZER
from lmos.core.resources.kinds import CUSTOM_RESOURCE_DEFINITION, NAMESPACE
from lmos.core.resources.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lmos.apiserver.storage import Entry, Storage
    from lmos.core.resources.kinds import Manifest

FOREGROUND_FINALIZER = "foregroundDeletion"
_OURS = frozenset({FOREGROUND_FINALIZER, CLEANUP_FINALIZER})


class Collector:
    """
    Removes objects, and after them what has lost its last owner or its place.

    Everything that one deletion leads to has happened when `delete` returns, except for objects that a
    finalizer of someone else holds, or that have time to end.
    """

    def __init__(self, storage: Storage, graces: Mapping[str, Callable[[Manifest, int | None], int]]) -> None:
        self._storage = storage
        self._graces = graces
        self._terminating = {entry.uid for entry in storage.everything() if entry.is_terminating}

    def sweep(self, now: str) -> None:
        """Finish what a crash may have interrupted."""
        for entry in self._storage.everything():
            self.collect(entry, now)
        self._settle(now)

    def collect(self, entry: Entry, now: str) -> None:
        """Remove `entry` when it names owners and none of them exists."""
        if entry.owners and not any(self._owns(owner, entry) for owner in entry.owners):
            self.delete(entry, now)

    def delete(
        self, entry: Entry, now: str, *, foreground: bool = False, grace: int | None = None
    ) -> Entry | None:
        """
        Delete `entry`.

        Args:
            entry: The object.
            now: The time.
            foreground: Whether it waits for its dependents.
            grace: The seconds that it gets to end; without them as many as its kind says.

        Returns:
            The object while something holds it, None when it is gone.
        """
        self._delete([entry], now, foreground=foreground, grace=grace)
        self._settle(now)
        return self._storage.with_uid(entry.uid)

    def marked(self, entry: Entry, now: str, grace: int | None = None) -> Manifest:
        """The object as it says that it is being deleted; time that runs already can only be shortened."""
        manifest = entry.manifest()
        metadata = manifest["metadata"]
        if entry.is_terminating:
            left = metadata.get("deletionGracePeriodSeconds", 0)
            if grace is None or grace >= left:
                return manifest
            start = _later(metadata["deletionTimestamp"], -left)
        else:
            seconds_of = self._graces.get(entry.resource)
            start, grace = now, seconds_of(manifest, grace) if seconds_of else 0
            if "generation" in metadata:
                metadata["generation"] += 1
        metadata |= {"deletionTimestamp": _later(start, grace), "deletionGracePeriodSeconds": grace}
        return manifest

    def holds(self, entry: Entry, manifest: Manifest) -> bool:
        """Whether something keeps `entry`, which is being deleted and is to say `manifest`, from going."""
        metadata = manifest["metadata"]
        has_time = metadata.get("deletionGracePeriodSeconds", 0) > 0
        return bool(has_time or metadata.get("finalizers") or self.contents(entry))

    def orphan(self, owner: Entry) -> None:
        """Take `owner` off its dependents, so that they stay."""
        for entry in self._storage.dependents(owner.uid):
            self._disown(entry, owner.uid)

    def released(self, entry: Entry, now: str) -> None:
        """Remove a terminating object whose last finalizer went."""
        self._drop(entry, now)
        self._settle(now)

    def _owns(self, uid: str, dependent: Entry) -> bool:
        owner = self._storage.with_uid(uid)
        # An owner in another namespace is none.
        return owner is not None and (not dependent.namespace or owner.namespace in ("", dependent.namespace))

    def _delete(
        self, entries: Iterable[Entry], now: str, *, foreground: bool = False, grace: int | None = None
    ) -> None:
        for entry in entries:
            manifest = self.marked(entry, now, grace)
            metadata = manifest["metadata"]
            finalizers = list(metadata.get("finalizers", ()))
            if foreground and self._storage.dependents(entry.uid) and FOREGROUND_FINALIZER not in finalizers:
                metadata["finalizers"] = [*finalizers, FOREGROUND_FINALIZER]
            if not self.holds(entry, manifest):
                self._drop(entry, now)
                continue
            if entry.resource == str(NAMESPACE):
                manifest["status"] = {**manifest.get("status", {}), "phase": "Terminating"}
            if manifest != entry.manifest():
                self._terminating.add(self._storage.put(entry.resource, manifest).uid)

    def _drop(self, entry: Entry, now: str) -> None:
        pending = [entry.uid]
        while pending:
            # Looked up again: what was done to others may have changed or removed it.
            current = self._storage.with_uid(pending.pop())
            if current is None:
                continue
            self._storage.remove(current)
            self._terminating.discard(current.uid)
            for dependent in self._storage.dependents(current.uid):
                if any(self._owns(owner, dependent) for owner in dependent.owners):
                    self._disown(dependent, current.uid)
                elif self.holds(dependent, self.marked(dependent, now)):
                    self._delete([dependent], now)
                else:
                    pending.append(dependent.uid)

    def _disown(self, entry: Entry, owner: str) -> None:
        manifest = entry.manifest()
        kept = [item for item in manifest["metadata"]["ownerReferences"] if item["uid"] != owner]
        manifest["metadata"]["ownerReferences"] = kept
        if not kept:
            del manifest["metadata"]["ownerReferences"]
        self._storage.put(entry.resource, manifest)

    def _settle(self, now: str) -> None:
        """Empty what terminates, and let go what is empty, until nothing moves."""
        moved = True
        while moved:
            moved = False
            for uid in tuple(self._terminating):
                entry = self._storage.with_uid(uid)
                if entry is None:
                    self._terminating.discard(uid)
                    continue
                contents = self.contents(entry)
                self._delete((item for item in contents if not item.is_terminating), now)
                if contents and not self.contents(entry):
                    moved = True
                elif not contents:
                    moved = self._let_go(entry, now) or moved

    def _let_go(self, entry: Entry, now: str) -> bool:
        """Take our finalizers off an empty object, and remove it when nothing else holds it."""
        manifest = entry.manifest()
        finalizers = manifest["metadata"].pop("finalizers", [])
        theirs = [finalizer for finalizer in finalizers if finalizer not in _OURS]
        has_ours = len(theirs) < len(finalizers)
        if theirs:
            manifest["metadata"]["finalizers"] = theirs
        if not self.holds(entry, manifest):
            self._drop(entry, now)
            return True
        if has_ours:
            self._storage.put(entry.resource, manifest)
        return has_ours

    def contents(self, entry: Entry) -> list[Entry]:
        """What has to go before `entry` may."""
        if entry.resource == str(NAMESPACE):
            return [item for item in self._storage.everything() if item.namespace == entry.name]
        if entry.resource == str(CUSTOM_RESOURCE_DEFINITION):
            return self._storage.entries(entry.name)
        if entry.is_terminating and FOREGROUND_FINALIZER in entry.manifest()["metadata"].get(
            "finalizers", ()
        ):
            dependents = self._storage.dependents(entry.uid)
            return [item for item in dependents if _blocks(item.manifest(), entry.uid)]
        return []


def _later(start: str, seconds: int) -> str:
    return timestamp(datetime.fromisoformat(start) + timedelta(seconds=seconds))


def _blocks(dependent: Manifest, owner: str) -> bool:
    owners = dependent["metadata"].get("ownerReferences", ())
    return any(item["uid"] == owner and item.get("blockOwnerDeletion") for item in owners)
