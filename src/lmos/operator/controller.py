"""
The controller kit: a queue of keys, worked off by a few tasks, each key by one at a time.

Objects come from the informers of `lmos.ports.informer`; what they tell becomes keys here, and a key
says only *which* object to look at again, never what happened to it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from lmos.core.errors import LmosError, TemporaryError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lmos.ports.informer import Key

    Reconcile = Callable[[Key], Awaitable[float | None]]

log = structlog.get_logger()

WORKERS = 4
_FIRST_RETRY_SECONDS = 0.5
_LAST_RETRY_SECONDS = 60.0


class WorkQueue:
    """
    Keys that wait to be looked at.

    A key waits once however often it is added; one that is added while it is being worked on is handed
    out again afterwards, never to two workers at a time.
    """

    def __init__(self) -> None:
        # A dict keeps the order in which keys came.
        self._waiting: dict[Key, None] = {}
        self._working: set[Key] = set()
        self._again: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._changed = asyncio.Event()

    def add(self, key: Key) -> None:
        """Have `key` looked at as soon as a worker is free."""
        if timer := self._timers.pop(key, None):
            timer.cancel()
        if key in self._working:
            self._again.add(key)
        else:
            self._waiting[key] = None
            self._changed.set()

    def add_later(self, key: Key, seconds: float) -> None:
        """Have `key` looked at after a while; an earlier `add` makes that needless."""
        if timer := self._timers.pop(key, None):
            timer.cancel()
        self._timers[key] = asyncio.get_running_loop().call_later(seconds, self.add, key)

    async def take(self) -> Key:
        """The next key; its worker owes `done`."""
        while not self._waiting:
            self._changed.clear()
            await self._changed.wait()
        key = next(iter(self._waiting))
        del self._waiting[key]
        self._working.add(key)
        return key

    def done(self, key: Key) -> None:
        """The worker has finished with `key`."""
        self._working.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits or is worked on; timers do not count."""
        return not self._waiting and not self._working

    def close(self) -> None:
        """Cancel what was planned for later."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()


class Controller:
    """
    Calls `reconcile` for keys until it succeeds.

    Args:
        name: For log lines.
        reconcile: Looks at one object and brings the world a step closer; returns after how many
            seconds to look again, or None. A `TemporaryError` is tried again after the time it states,
            any other failure with exponential back-off.
        workers: How many keys are worked on at a time.
    """

    def __init__(self, name: str, reconcile: Reconcile, *, workers: int = WORKERS) -> None:
        self.name = name
        self.queue = WorkQueue()
        self._reconcile = reconcile
        self._workers = workers
        self._failures: dict[Key, int] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(self._work())
        finally:
            self.queue.close()

    async def _work(self) -> None:
        while True:
            key = await self.queue.take()
            try:
                again_seconds = await self._reconcile(key)
                self._failures.pop(key, None)
                if again_seconds is not None:
                    self.queue.add_later(key, again_seconds)
            except Exception as error:  # noqa: BLE001 - one object's failure must not stop the others
                self._retry(key, error)
            finally:
                self.queue.done(key)

    def _retry(self, key: Key, error: Exception) -> None:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        if isinstance(error, TemporaryError):
            seconds = error.retry_after_seconds
        else:
            seconds = min(_FIRST_RETRY_SECONDS * 2 ** (failures - 1), _LAST_RETRY_SECONDS)
        known = isinstance(error, LmosError)
        log.warning(
            "reconcile_failed",
            controller=self.name,
            namespace=key.namespace,
            object=key.name,
            error=str(error) or type(error).__name__,
            code=error.code if isinstance(error, LmosError) else type(error).__name__,
            retry_seconds=seconds,
            exc_info=None if known else error,
        )
        self.queue.add_later(key, seconds)
