"""
A live copy of the objects of one kind, kept by list and watch.

It stands beside the port because operator, runtime and local node each hold some, and it needs nothing
but a `Cluster`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from lmos.core.errors import LmosError
from lmos.ports.cluster import HistoryGone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lmos.core.resources.kinds import Kind, Manifest
    from lmos.ports.cluster import Cluster, WatchEvent

    Handler = Callable[["Observed"], None]

_FIRST_RETRY_SECONDS = 0.2
_LAST_RETRY_SECONDS = 15.0
_BETWEEN_WATCHES_SECONDS = 0.1


class Key(NamedTuple):
    """Which object of a kind."""

    namespace: str
    name: str


class Observed(NamedTuple):
    """An object before and after a change; `before` is None for a new one, `after` for one that is gone."""

    key: Key
    before: Manifest | None
    after: Manifest | None


def key_of(manifest: Manifest) -> Key:
    """The object's namespace and name."""
    metadata = manifest["metadata"]
    return Key(metadata.get("namespace", ""), metadata["name"])


def version_of(manifest: Manifest) -> int:
    """The object's resourceVersion, by which two states of one object can be ordered."""
    return int(manifest["metadata"].get("resourceVersion") or 0)


def _is_older(manifest: Manifest, other: Manifest) -> bool:
    """Whether it is an earlier state of the same object; another object of its name may count anew."""
    same = manifest["metadata"].get("uid") == other["metadata"].get("uid")
    return same and version_of(manifest) < version_of(other)


class Informer:
    """
    The objects of `kind` as last seen, and a call for each change of them.

    Handlers run in the order of the changes, on the event loop, and must return at once. When the
    server has forgotten our resourceVersion, everything is listed again and the differences are told.
    """

    def __init__(self, cluster: Cluster, kind: Kind, *, namespace: str = "", labels: str = "") -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._labels = labels
        self._objects: dict[Key, Manifest] = {}
        self._handlers: list[Handler] = []
        self._seen_version = 0
        self.kind = kind
        self.synced = asyncio.Event()
        self.last_error: LmosError | None = None

    def on_change(self, handler: Handler) -> None:
        """Call `handler` for every change from now on."""
        self._handlers.append(handler)

    def get(self, namespace: str, name: str) -> Manifest | None:
        """The object as last seen."""
        return self._objects.get(Key(namespace, name))

    def __iter__(self) -> Iterator[Manifest]:
        return iter(self._objects.values())

    def __len__(self) -> int:
        return len(self._objects)

    def learn(self, manifest: Manifest) -> None:
        """Take in what a write of ours returned, ahead of the watch: who writes also reads it."""
        key = key_of(manifest)
        # What the watch has been past, and is not there, was deleted in the meantime.
        if key in self._objects or version_of(manifest) > self._seen_version:
            self._tell(key, manifest)

    def within(self, namespace: str) -> list[Manifest]:
        """The objects of one namespace, by name."""
        return [self._objects[key] for key in sorted(self._objects) if key.namespace == namespace]

    async def run(self) -> None:
        """Follow the server until cancelled; after a failure, everything is listed again with back-off."""
        loop = asyncio.get_running_loop()
        retry_seconds = _FIRST_RETRY_SECONDS
        version = ""
        while True:
            began = loop.time()
            try:
                if not version:
                    version = await self._relist()
                    self.last_error = None
                async for event in self._cluster.watch(self.kind, version, self._namespace, self._labels):
                    version = event.object["metadata"]["resourceVersion"]
                    self._seen_version = int(version)
                    self._follow(event)
                # The server ends watches now and then; one that ends all of them at once is not hurried.
                await asyncio.sleep(_BETWEEN_WATCHES_SECONDS)
            except HistoryGone:
                version = ""
                await asyncio.sleep(_BETWEEN_WATCHES_SECONDS)
            except LmosError as error:
                self.last_error = error
                version = ""
                went_well = loop.time() - began > _LAST_RETRY_SECONDS
                retry_seconds = _FIRST_RETRY_SECONDS if went_well else retry_seconds
                await asyncio.sleep(retry_seconds)
                retry_seconds = min(retry_seconds * 2, _LAST_RETRY_SECONDS)

    async def _relist(self) -> str:
        listing = await self._cluster.list(self.kind, self._namespace, self._labels)
        seen = {key_of(item): item for item in listing.items}
        for key in self._objects.keys() - seen.keys():
            self._tell(key, None)
        for key, item in seen.items():
            self._tell(key, item)
        self._seen_version = int(listing.resource_version or 0)
        self.synced.set()
        return listing.resource_version

    def _follow(self, event: WatchEvent) -> None:
        if event.type != "BOOKMARK":
            self._tell(key_of(event.object), None if event.type == "DELETED" else event.object)

    def _tell(self, key: Key, after: Manifest | None) -> None:
        before = self._objects.get(key)
        if before and after and _is_older(after, before):
            return
        if after is None:
            self._objects.pop(key, None)
        else:
            self._objects[key] = after
        if before == after:
            return
        observed = Observed(key, before, after)
        for handler in self._handlers:
            handler(observed)
