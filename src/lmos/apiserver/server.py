"""The server behind the doors: resources, their objects, and every verb on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lmos.apiserver.builtin import builtin_resources
from lmos.apiserver.collect import Collector
from lmos.apiserver.definitions import DEFINITIONS, Definitions
from lmos.apiserver.kinds import Catalogue
from lmos.apiserver.objects import Intent, created, draft_of, server_side_applied, updated
from lmos.apiserver.status import (
    Cause,
    already_exists,
    bad_request,
    conflict,
    forbidden_object,
    not_found,
)
from lmos.apiserver.storage import entry_of
from lmos.apiserver.values import Json, encode, refuse_unwritable
from lmos.apiserver.watch import Selection, Watches
from lmos.core.resources.kinds import NAMESPACE
from lmos.core.resources.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lmos.apiserver.kinds import Resource
    from lmos.apiserver.storage import Entry, Event, Storage
    from lmos.core.resources.kinds import Manifest
    from lmos.ports.clock import Clock, Ids

OBJECT_LIMIT_BYTES = 3 * 1024 * 1024
_FIRST_NAMESPACES = ("default", "kube-system")
# How often another name is generated for one that is taken.
_NAME_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where an object is: its resource, namespace (empty for cluster-scoped kinds) and name.

    Without a name it is the collection; with a subresource, a part of the object.
    """

    resource: Resource
    namespace: str
    name: str = ""
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Removal:
    """How to delete: what becomes of dependents, how much time there is, and which incarnation is meant."""

    propagation: Literal["Background", "Foreground", "Orphan"] = "Background"
    grace_seconds: int | None = None
    uid: str = ""
    resource_version: str = ""
    is_dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of a write: the object as it is now stored, or would be after a dry run."""

    entry: Entry
    warnings: tuple[str, ...] = ()
    is_new: bool = False


class Server:
    """
    A Kubernetes API over one storage.

    Every verb runs to its end without waiting, so each sees and leaves a consistent state.
    """

    def __init__(self, storage: Storage, clock: Clock, ids: Ids) -> None:
        self.storage = storage
        self.watches = Watches(storage)
        self._definitions = Definitions(storage)
        self.catalogue = self._catalogue()
        storage.listen(self._notice)
        self._clock = clock
        self._ids = ids
        graces = {item.key: item.behaviour.grace for item in builtin_resources() if item.behaviour.grace}
        self._collector = Collector(storage, graces)
        self._collector.sweep(self.timestamp())
        for name in _FIRST_NAMESPACES:
            self._ensure_namespace(name)

    def now(self) -> datetime:
        """The server's time."""
        return self._clock.now()

    def timestamp(self) -> str:
        """The server's time as metadata spells it."""
        return timestamp(self._clock.now())

    def entry(self, place: Place) -> Entry:
        """The stored object. Raises ApiError 404."""
        entry = self.storage.find(place.resource.key, place.namespace, place.name)
        if entry is None:
            raise not_found(place.resource.kind, place.name)
        return entry

    def entries(self, resource: Resource, selection: Selection, at: int | None = None) -> list[Entry]:
        """The stored objects that `selection` accepts, now or at a version. Raises ApiError 410."""
        return [entry for entry in self.storage.entries(resource.key, at) if selection.accepts(entry)]

    def create(self, place: Place, sent: Json, intent: Intent) -> Written:
        """Store a new object. Raises ApiError 400, 403, 404, 409 or 422."""
        draft = draft_of(place.resource, sent, intent)
        wanted, key = _placed(place, draft.manifest), place.resource.key
        for _ in range(_NAME_ATTEMPTS):
            manifest = created(place.resource, wanted, intent, self._ids.new())
            name = manifest["metadata"]["name"]
            if wanted["metadata"].get("name") or not self.storage.find(key, place.namespace, name):
                break
        return Written(self._add(place, manifest, intent), draft.warnings, is_new=True)

    def update(self, place: Place, sent: Json, intent: Intent) -> Written:
        """Replace an object, or its status. Raises ApiError 400, 404, 409, 413 or 422."""
        draft = draft_of(place.resource, sent, intent)
        wanted = _placed(place, draft.manifest)
        entry = self.entry(place)
        live = in_version(entry, place.resource)
        manifest = updated(place.resource, live, wanted, intent)
        return Written(self._replace(place, entry, live, manifest, intent), draft.warnings)

    def patch(self, place: Place, change: Callable[[Manifest], Json], intent: Intent) -> Written:
        """Replace an object by what `change` makes of it. Raises as `update`."""
        sent = change(in_version(self.entry(place), place.resource))
        refuse_unwritable(sent)
        return self.update(place, sent, intent)

    def apply(self, place: Place, sent: Json, intent: Intent, *, force: bool = False) -> Written:
        """Server-side apply. Raises as `create` and `update`."""
        entry = self.storage.find(place.resource.key, place.namespace, place.name)
        if entry is None and intent.subresource:
            raise not_found(place.resource.kind, place.name)
        draft = draft_of(place.resource, sent, intent, is_apply=True)
        wanted = _placed(place, draft.manifest)
        live = in_version(entry, place.resource) if entry else None
        uid = "" if live else self._ids.new()
        manifest = server_side_applied(place.resource, live, wanted, intent, uid, force=force)
        if entry is None or live is None:
            return Written(self._add(place, manifest, intent), draft.warnings, is_new=True)
        return Written(self._replace(place, entry, live, manifest, intent), draft.warnings)

    def delete(self, place: Place, removal: Removal) -> Manifest | None:
        """
        Delete an object.

        Returns:
            The object while something holds it, and where its kind returns what was deleted; else None.

        Raises:
            ApiError: 404, 403 for the first namespaces, 409 when it is not the one that `removal` means.
        """
        entry, resource = self.entry(place), place.resource
        _refuse_another(place, entry, removal)
        if resource.key == str(NAMESPACE) and place.name in _FIRST_NAMESPACES:
            raise forbidden_object(NAMESPACE, place.name, "this namespace may not be deleted")
        now, grace = self.timestamp(), removal.grace_seconds
        marked = self._collector.marked(entry, now, grace)
        if removal.is_dry_run:
            is_held = self._collector.holds(entry, marked)
        else:
            if removal.propagation == "Orphan":
                self._collector.orphan(entry)
            foreground = removal.propagation == "Foreground"
            held = self._collector.delete(entry, now, foreground=foreground, grace=grace)
            marked, is_held = (held.manifest(), True) if held else (marked, False)
        if not is_held and not resource.returns_deleted:
            return None
        last = marked if is_held or resource.behaviour.grace else entry.manifest()
        return last | {"apiVersion": resource.kind.api_version}

    def _add(self, place: Place, manifest: Manifest, intent: Intent) -> Entry:
        resource, name = place.resource, manifest["metadata"]["name"]
        self._refuse_missing_namespace(place, name)
        if resource.is_closing:
            why = "create not allowed while custom resource definition is terminating"
            raise forbidden_object(resource.kind, name, why)
        if self.storage.find(resource.key, place.namespace, name):
            raise already_exists(resource.kind, name)
        if intent.is_dry_run:
            return entry_of(resource.key, manifest)
        entry = self._put(resource, manifest)
        self._collector.collect(entry, intent.now)
        return entry

    def _replace(
        self, place: Place, entry: Entry, live: Manifest, manifest: Manifest, intent: Intent
    ) -> Entry:
        if manifest is live:
            return entry
        if not intent.is_dry_run:
            if not entry.is_terminating or self._collector.holds(entry, manifest):
                return self._put(place.resource, manifest)
            self._collector.released(entry, intent.now)
        return entry_of(place.resource.key, manifest)

    def _put(self, resource: Resource, manifest: Manifest) -> Entry:
        if resource.key == DEFINITIONS:
            # The names of a definition are accepted, or not, in the write that asks for them.
            manifest = self._definitions.with_names(manifest, self.timestamp())
        stored = {**manifest, "apiVersion": resource.stored_as}
        return self.storage.put(resource.key, stored, OBJECT_LIMIT_BYTES)

    def _refuse_missing_namespace(self, place: Place, name: str) -> None:
        if not place.resource.kind.namespaced:
            return
        namespace = self.storage.find(str(NAMESPACE), "", place.namespace)
        if namespace is None:
            raise not_found(NAMESPACE, place.namespace)
        if namespace.is_terminating:
            why = (
                f"unable to create new content in namespace {place.namespace} because it is being terminated"
            )
            ending = f"namespace {place.namespace} is being terminated"
            cause = Cause("metadata.namespace", ending, "NamespaceTerminating")
            raise forbidden_object(place.resource.kind, name, why, [cause])

    def _ensure_namespace(self, name: str) -> None:
        if self.storage.find(str(NAMESPACE), "", name):
            return
        (resource,) = (item for item in builtin_resources() if item.key == str(NAMESPACE))
        intent = Intent("lmos-apiserver", self.timestamp())
        self.create(Place(resource, ""), {"metadata": {"name": name}}, intent)

    def _notice(self, event: Event) -> None:
        """Serve what the definitions say now."""
        if event.entry.resource == DEFINITIONS:
            if event.previous:
                self._definitions.give_free_names(event.entry.name, self.timestamp())
            self.catalogue = self._catalogue()

    def _catalogue(self) -> Catalogue:
        return Catalogue((*builtin_resources(), *self._definitions.resources()))


def _refuse_another(place: Place, entry: Entry, removal: Removal) -> None:
    """Raise ApiError 409 when `entry` is not the incarnation that is to be deleted."""
    for what, wanted, there, fate in (
        ("UID", removal.uid, entry.uid, "deleted and then recreated"),
        ("ResourceVersion", removal.resource_version, str(entry.version), "modified"),
    ):
        if wanted not in ("", there):
            why = f"the {what} in the precondition ({wanted}) does not match the {what} in record ({there})"
            raise conflict(place.resource.kind, place.name, f"{why}. The object might have been {fate}")


def in_version(entry: Entry, resource: Resource) -> Manifest:
    """The stored object in the version of `resource`; versions differ in their name alone."""
    return entry.manifest() | {"apiVersion": resource.kind.api_version}


def body_of(entry: Entry, resource: Resource) -> bytes:
    """The JSON of a stored object in the version of `resource`."""
    if entry.api_version == resource.kind.api_version:
        return entry.body
    return encode(in_version(entry, resource))


def _placed(place: Place, manifest: Manifest) -> Manifest:
    """`manifest` with the namespace and name of the path that it was sent to."""
    metadata = dict(manifest["metadata"])
    if not place.namespace:
        metadata.pop("namespace", None)
    elif metadata.setdefault("namespace", place.namespace) != place.namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if place.name and (sent := metadata.setdefault("name", place.name)) != place.name:
        raise bad_request(
            f"the name of the object ({sent}) does not match the name on the URL ({place.name})"
        )
    return {**manifest, "metadata": metadata}
