"""Watches: each follows the shared history at its own pace, so a slow one hurts nobody else."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lmos.apiserver.selectors import fields_match
from lmos.apiserver.status import ApiError
from lmos.apiserver.storage import entry_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from lmos.apiserver.selectors import FieldTests, LabelTest
    from lmos.apiserver.storage import Entry, Event, Storage

WATCHES_LIMIT = 1_000
BOOKMARK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects of a resource are meant; an empty namespace or name means all."""

    namespace: str = ""
    name: str = ""
    labels: LabelTest | None = None
    fields: FieldTests = ()

    def accepts(self, entry: Entry) -> bool:
        """Whether `entry` is one of them."""
        return (
            self.namespace in ("", entry.namespace)
            and self.name in ("", entry.name)
            and (self.labels is None or self.labels(entry.labels))
            and (not self.fields or fields_match(self.fields, entry.manifest()))
        )


@dataclass(frozen=True, slots=True)
class Change:
    """An event as one watch sees it."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    entry: Entry


@dataclass(frozen=True, slots=True)
class Batch:
    """The changes up to `version`; without any, only time has passed."""

    changes: tuple[Change, ...]
    version: int


def seen_by(selection: Selection, event: Event) -> Change | None:
    """What a watch of `selection` is told: an object that enters it is added, one that leaves it deleted."""
    before = event.previous is not None and selection.accepts(event.previous)
    after = event.type != "DELETED" and selection.accepts(event.entry)
    if after:
        return Change("MODIFIED" if before else "ADDED", event.entry)
    return Change("DELETED", _last_seen(event)) if before else None


def _last_seen(event: Event) -> Entry:
    """An object as a watch saw it last, at the version at which it was lost from sight."""
    last = event.previous or event.entry
    manifest = last.manifest()
    manifest["metadata"]["resourceVersion"] = str(event.version)
    return entry_of(last.resource, manifest)


class Watches:
    """
    All watches on one storage.

    Attributes:
        closing: Set when every watch is to end, and each that begins later at once.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._open = 0
        self.closing = asyncio.Event()
        storage.listen(self._wake)

    def close(self) -> None:
        """End every watch."""
        self.closing.set()

    def refuse_too_many(self) -> None:
        """Raise ApiError 429 when as many watches are open as may be."""
        if self._open >= WATCHES_LIMIT:
            message = f"there are {WATCHES_LIMIT} watches already"
            raise ApiError(429, "TooManyRequests", message, {"retryAfterSeconds": 1})

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a watch as open."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    async def follow(self, resource: str, selection: Selection, version: int) -> AsyncGenerator[Batch, None]:
        """
        Yield the changes of a resource after `version` as they come, and an empty batch after a quiet while.

        Raises:
            ApiError: 410 when the history after `version` is forgotten, also because the reader fell too
                far behind.
        """
        woken = asyncio.Event()
        self._waiting[resource].add(woken)
        try:
            time = asyncio.get_running_loop().time
            due = time() + BOOKMARK_SECONDS
            while True:
                woken.clear()
                events = self._storage.since(resource, version)
                version = self._storage.version
                changes = tuple(change for event in events if (change := seen_by(selection, event)))
                if changes or time() >= due:
                    yield Batch(changes, version)
                    due = time() + BOOKMARK_SECONDS
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(due):
                        await woken.wait()
        finally:
            self._waiting[resource].discard(woken)

    def _wake(self, event: Event) -> None:
        for waiting in self._waiting.get(event.entry.resource, ()):
            waiting.set()
