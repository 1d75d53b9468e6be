"""Deletion and what follows from it: finalizers, owners, namespaces and definitions with their objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.apiserver.crds import CLEANUP_FINALIZER
from lmos.core.resources.kinds import CUSTOM_RESOURCE_DEFINITION, NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lmos.apiserver.storage import Entry, Storage
    from lmos.core.resources.kinds import Manifest

FOREGROUND_FINALIZER = "foregroundDeletion"
_OURS = frozenset({FOREGROUND_FINALIZER, CLEANUP_FINALIZER})


class Collector:
    """
    Removes objects, and after them what has lost its last owner or its place.

    Everything that one deletion leads to has happened when `delete` returns, except for objects that a
    finalizer of someone else holds.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
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

    def delete(self, entry: Entry, now: str, *, foreground: bool = False) -> Entry | None:
        """The object while a finalizer holds it, None when it is gone; `foreground` waits for dependents."""
        self._delete([entry], now, foreground=foreground)
        self._settle(now)
        return self._storage.with_uid(entry.uid)

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
        return owner is not None and owner.namespace in ("", dependent.namespace)

    def _delete(self, entries: Iterable[Entry], now: str, *, foreground: bool = False) -> None:
        for entry in entries:
            manifest = entry.manifest()
            metadata = manifest["metadata"]
            finalizers = list(metadata.get("finalizers", ()))
            if foreground and self._storage.dependents(entry.uid) and FOREGROUND_FINALIZER not in finalizers:
                finalizers.append(FOREGROUND_FINALIZER)
            if not finalizers and not self.contents(entry):
                self._drop(entry, now)
            elif not entry.is_terminating:
                metadata |= {"deletionTimestamp": now, "deletionGracePeriodSeconds": 0}
                if "generation" in metadata:
                    metadata["generation"] += 1
                if finalizers:
                    metadata["finalizers"] = finalizers
                if entry.resource == str(NAMESPACE):
                    manifest["status"] = {**manifest.get("status", {}), "phase": "Terminating"}
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
                elif dependent.manifest()["metadata"].get("finalizers"):
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
        manifest = entry.manifest()
        finalizers = manifest["metadata"].get("finalizers", [])
        theirs = [finalizer for finalizer in finalizers if finalizer not in _OURS]
        if not theirs:
            self._drop(entry, now)
        elif theirs != finalizers:
            self._storage.put(entry.resource, _with_finalizers(manifest, theirs))
        return theirs != finalizers or not theirs

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


def _with_finalizers(manifest: Manifest, finalizers: list[str]) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "finalizers": finalizers}}


def _blocks(dependent: Manifest, owner: str) -> bool:
    owners = dependent["metadata"].get("ownerReferences", ())
    return any(item["uid"] == owner and item.get("blockOwnerDeletion") for item in owners)
