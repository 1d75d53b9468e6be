"""A queue of things to look at: each once, however often it was named, and again after a failure."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog

from lmos.core.errors import LmosError
from lmos.ports.cluster import ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lmos.ports.informer import Key

log = structlog.get_logger()

_RETRY_SECONDS = 1.0


class WorkQueue:
    """
    Calls `look_at` for every key that was added, one at a time, in the order of their coming.

    Args:
        name: What the keys are, for the log.
        look_at: Brings what the key names a step further.
    """

    def __init__(self, name: str, look_at: Callable[[Key], Awaitable[None]]) -> None:
        self._name = name
        self._look_at = look_at
        self._waiting: dict[Key, None] = {}
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def add(self, key: Key) -> None:
        """It is worth a look."""
        self._waiting[key] = None
        self._filled.set()
        self._empty.clear()

    async def settled(self) -> None:
        """Wait until everything that was added has been looked at."""
        await self._empty.wait()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._filled.wait()
            key = next(iter(self._waiting))
            del self._waiting[key]
            try:
                # What is gone needs nothing more.
                with contextlib.suppress(ObjectNotFound):
                    await self._look_at(key)
            except Exception as error:
                # One object's failure must not stop the others.
                log.warning(
                    "local_node_retries",
                    kind=self._name,
                    object=f"{key.namespace}/{key.name}",
                    error=str(error) or type(error).__name__,
                    exc_info=None if isinstance(error, LmosError) else error,
                )
                asyncio.get_running_loop().call_later(_RETRY_SECONDS, self.add, key)
            if not self._waiting:
                self._filled.clear()
                self._empty.set()
