"""Objects in SQLite: every committed write survives a crash, every read comes from memory."""

from __future__ import annotations

import sqlite3
from collections import defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar, Literal

import orjson

from lmos.apiserver.status import ApiError, too_large
from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from lmos.core.resources.kinds import Manifest

# Events remembered for each resource, from which watches go on.
HISTORY_EVENTS = 5_000

# Each script takes the database one version further; `PRAGMA user_version` says where it stands. Versions
# start at 1000, so that a client with the small numbers of another server is told to list again.
_MIGRATIONS = (
    """
    CREATE TABLE objects (
        resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (resource, namespace, name)
    );
    CREATE TABLE counter (version INTEGER NOT NULL);
    INSERT INTO counter VALUES (1000);
    """,
)


class StorageError(LmosError):
    """The database cannot be opened, read or written; nothing that was acknowledged is lost."""

    code: ClassVar[str] = "StorageFailed"
    exit_status: ClassVar[int] = 74


class StorageFull(StorageError):
    """The disk has no room for the write."""

    code: ClassVar[str] = "StorageFull"
    http_status: ClassVar[int] = 507


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored object: its JSON, and what the server looks at without reading it."""

    resource: str
    namespace: str
    name: str
    uid: str
    version: int
    labels: Mapping[str, str]
    owners: tuple[str, ...]
    is_terminating: bool
    api_version: str
    body: bytes

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name, by which lists are ordered."""
        return self.namespace, self.name

    def manifest(self) -> Manifest:
        """The object as a value of its own."""
        return orjson.loads(self.body)  # type: ignore[no-any-return]  # what we stored is an object


@dataclass(frozen=True, slots=True)
class Event:
    """One change: what is now (the last state, when deleted) and what was before."""

    version: int
    type: Literal["ADDED", "MODIFIED", "DELETED"]
    entry: Entry
    previous: Entry | None = None


class Storage:
    """
    All objects of one server. One process at a time, and in it one thread, may use it.

    Raises:
        StorageError: The file is damaged, locked by another process, or written by a newer LMOS.
    """

    def __init__(self, path: Path | Literal[":memory:"]) -> None:
        self._path = path
        self._objects: defaultdict[str, dict[tuple[str, str], Entry]] = defaultdict(dict)
        self._by_uid: dict[str, Entry] = {}
        self._dependents: defaultdict[str, dict[str, Entry]] = defaultdict(dict)
        self._history: defaultdict[str, deque[Event]] = defaultdict(deque)
        # The version from which on a resource's history is complete, where events were forgotten.
        self._floors: dict[str, int] = {}
        self._listeners: list[Callable[[Event], None]] = []
        with self._guarded("opened"):
            self._database = sqlite3.connect(path, isolation_level=None, timeout=0)
            try:
                self._open()
            except BaseException:
                self._database.close()
                raise

    def _open(self) -> None:
        # The lock keeps a second process out; WAL keeps every commit through kill -9.
        self._database.executescript(
            "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        )
        (found,) = self._database.execute("PRAGMA user_version").fetchone()
        if found > len(_MIGRATIONS):
            raise StorageError(
                f"{self._path} was written by a newer LMOS (version {found}, ours is {len(_MIGRATIONS)}).",
                hint="Upgrade LMOS, or start with another --data directory.",
            )
        for number, script in enumerate(_MIGRATIONS[found:], start=found + 1):
            self._database.executescript(f"BEGIN; {script} PRAGMA user_version={number}; COMMIT;")
        (self.version,) = self._database.execute("SELECT version FROM counter").fetchone()
        self._opened_at = self.version
        for resource, body in self._database.execute("SELECT resource, body FROM objects"):
            try:
                self._remember(entry_of(resource, orjson.loads(body), body))
            except (orjson.JSONDecodeError, KeyError, TypeError) as error:
                raise self._failure("read", error) from error

    def close(self) -> None:
        """Write everything back into the one file and release it."""
        self._database.close()

    def find(self, resource: str, namespace: str, name: str) -> Entry | None:
        """The object of that name, None when there is none."""
        return self._objects[resource].get((namespace, name))

    def with_uid(self, uid: str) -> Entry | None:
        """The object with that uid."""
        return self._by_uid.get(uid)

    def dependents(self, uid: str) -> tuple[Entry, ...]:
        """The objects that name `uid` as an owner."""
        return tuple(self._dependents.get(uid, {}).values())

    def everything(self) -> Iterator[Entry]:
        """All objects of all kinds."""
        return iter(tuple(self._by_uid.values()))

    def entries(self, resource: str, at: int | None = None) -> list[Entry]:
        """
        All objects of a resource by namespace and name, now or as they were at version `at`.

        Raises:
            ApiError: 410 when the history does not reach back to `at`.
        """
        objects = self._objects[resource]
        if at is not None and at != self.version:
            objects = dict(objects)
            for event in reversed(self.since(resource, at)):
                if event.previous is None:
                    objects.pop(event.entry.key, None)
                else:
                    objects[event.entry.key] = event.previous
        return [objects[key] for key in sorted(objects)]

    def since(self, resource: str, version: int) -> list[Event]:
        """
        Every event of a resource after `version`, oldest first.

        Raises:
            ApiError: 410 when some of them are forgotten, or `version` is still to come.
        """
        floor = self._floors.get(resource, self._opened_at)
        if not floor <= version <= self.version:
            raise ApiError(410, "Expired", f"too old resource version: {version} ({floor})")
        newest_first = reversed(self._history[resource])
        return list(takewhile(lambda event: event.version > version, newest_first))[::-1]

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` after every committed event."""
        self._listeners.append(listener)

    def put(self, resource: str, manifest: Manifest, limit_bytes: int | None = None) -> Entry:
        """
        Store an object, new or changed, under the next version, which is written into it.

        Raises:
            ApiError: 413 when its JSON is larger than `limit_bytes`.
            StorageError: The write failed, and nothing has changed.
        """
        version = self.version + 1
        manifest = {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": str(version)}}
        entry = entry_of(resource, manifest)
        if limit_bytes and len(entry.body) > limit_bytes:
            raise too_large(limit_bytes)
        self._commit(
            version,
            "INSERT INTO objects VALUES (?, ?, ?, ?) "
            "ON CONFLICT (resource, namespace, name) DO UPDATE SET body = excluded.body",
            (resource, entry.namespace, entry.name, entry.body),
        )
        previous = self.find(resource, *entry.key)
        if previous:
            self._forget(previous)
        self._remember(entry)
        self._publish(Event(version, "MODIFIED" if previous else "ADDED", entry, previous))
        return entry

    def remove(self, entry: Entry) -> None:
        """
        Delete an object.

        Raises:
            StorageError: The write failed, and nothing has changed.
        """
        version = self.version + 1
        statement = "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?"
        self._commit(version, statement, (entry.resource, *entry.key))
        self._forget(entry)
        manifest = entry.manifest()
        manifest["metadata"]["resourceVersion"] = str(version)
        self._publish(Event(version, "DELETED", entry_of(entry.resource, manifest), entry))

    def _commit(self, version: int, statement: str, values: tuple[object, ...]) -> None:
        with self._guarded("written"), self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute(statement, values)
            self._database.execute("UPDATE counter SET version = ?", (version,))

    def _remember(self, entry: Entry) -> None:
        self._objects[entry.resource][entry.key] = entry
        self._by_uid[entry.uid] = entry
        for owner in entry.owners:
            self._dependents[owner][entry.uid] = entry

    def _forget(self, entry: Entry) -> None:
        del self._objects[entry.resource][entry.key]
        self._by_uid.pop(entry.uid, None)
        for owner in entry.owners:
            self._dependents[owner].pop(entry.uid, None)
            if not self._dependents[owner]:
                del self._dependents[owner]

    def _publish(self, event: Event) -> None:
        self.version = event.version
        history = self._history[event.entry.resource]
        history.append(event)
        if len(history) > HISTORY_EVENTS:
            self._floors[event.entry.resource] = history.popleft().version
        for listener in self._listeners:
            listener(event)

    @contextmanager
    def _guarded(self, deed: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self._failure(deed, error) from error

    def _failure(self, deed: str, error: Exception) -> StorageError:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_FULL:
            hint = "Free some space and try again; everything acknowledged so far is kept."
            return StorageFull(f"{self._path} cannot be {deed}: the disk is full.", hint=hint)
        if code == sqlite3.SQLITE_BUSY:
            hint = "Stop the other process, or start with another --data directory."
            return StorageError(f"{self._path} is in use by another process.", hint=hint)
        return StorageError(
            f"{self._path} cannot be {deed}: {error}.",
            hint="Restore the file from a copy, or move it away to start afresh.",
        )


def entry_of(resource: str, manifest: Manifest, body: bytes = b"") -> Entry:
    """An object as it is stored; `body` is its JSON where that is at hand."""
    metadata = manifest["metadata"]
    return Entry(
        resource=resource,
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        uid=metadata["uid"],
        version=int(metadata.get("resourceVersion", 0)),
        labels=metadata.get("labels") or {},
        owners=tuple(owner["uid"] for owner in metadata.get("ownerReferences") or ()),
        is_terminating="deletionTimestamp" in metadata,
        api_version=manifest["apiVersion"],
        # A copy has just the size it needs; the buffer that JSON is written into is up to twice as large.
        body=body or bytes(memoryview(orjson.dumps(manifest))),
    )
