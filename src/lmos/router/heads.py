"""One trained head for each ChannelRouting, renewed in the background."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import structlog

from lmos.router.caching import CachingEncoder
from lmos.router.kept_heads import head_of
from lmos.router.remembering import RememberingEncoder
from lmos.router.training import train

if TYPE_CHECKING:
    from lmos.ports.cache import Cache
    from lmos.ports.models import Encoder
    from lmos.router.roster import Roster
    from lmos.router.vector import VectorHead

log = structlog.get_logger()


class HeadKeeper:
    """
    Keeps a head for each roster key.

    When a roster's content changes, a new head is trained on a thread while the old one goes on
    answering. Of several changes in a row, only the last is trained. With a cache, what an earlier run has
    encoded and trained is taken up again.
    """

    def __init__(self, encoder: Encoder, cache: Cache | None = None) -> None:
        self._cache = cache
        # Channels share Agents, and a change of one example leaves all others as they are.
        self._encoder = RememberingEncoder(CachingEncoder(encoder, cache) if cache else encoder)
        self._heads: dict[str, VectorHead | None] = {}
        self._wanted: dict[str, str] = {}
        self._training: dict[str, asyncio.Task[None]] = {}
        # One at a time: training uses all cores by itself.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="train-head")

    def refresh(self, roster: Roster) -> None:
        """Have the head of `roster.key` trained for this roster, unless it is or is about to be."""
        if self._wanted.get(roster.key) != roster.fingerprint:
            self._wanted[roster.key] = roster.fingerprint
            task = self._training[roster.key] = asyncio.create_task(self._train(roster))
            # It is logged where it fails; nobody may be waiting to hear of it.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def head_for(self, roster: Roster) -> VectorHead | None:
        """
        The head for `roster`: the current one, or the one before while the current is trained.

        Waits only where there is none at all yet; None for a roster without Capabilities, and for one
        that is forgotten meanwhile. Where training fails and there is no head, it fails with the same error.
        """
        self.refresh(roster)
        while roster.key not in self._heads and roster.key in self._training:
            await asyncio.shield(self._training[roster.key])
        return self._heads.get(roster.key)

    def hold(self, roster: Roster, head: VectorHead | None) -> None:
        """Answer for `roster` by a head that was trained for it elsewhere."""
        self._wanted[roster.key] = roster.fingerprint
        self._heads[roster.key] = head

    @property
    def training(self) -> tuple[str, ...]:
        """The keys of the rosters whose head is being trained."""
        return tuple(sorted(key for key, task in self._training.items() if not task.done()))

    async def settled(self) -> None:
        """Wait until nothing is being trained."""
        while running := [task for task in self._training.values() if not task.done()]:
            await asyncio.wait(running)

    def forget(self, key: str) -> None:
        """Drop the head of a routing that is gone."""
        self._wanted.pop(key, None)
        self._training.pop(key, None)
        self._heads.pop(key, None)

    async def aclose(self) -> None:
        """Stop training."""
        for task in self._training.values():
            task.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _train(self, roster: Roster) -> None:
        loop = asyncio.get_running_loop()
        try:
            head = await loop.run_in_executor(self._thread, self._train_if_wanted, roster)
        except Exception as error:
            # An encoder that is elsewhere may be away: whoever asks next has it tried again, and hears of it
            # where there is no older head.
            if self._wanted.get(roster.key) == roster.fingerprint:
                del self._wanted[roster.key]
                if self._heads.get(roster.key) is None:
                    self._heads.pop(roster.key, None)
            log.warning("head_not_trained", routing=roster.key, error=type(error).__name__)
            raise
        if self._wanted.get(roster.key) == roster.fingerprint:
            self._heads[roster.key] = head
            log.info(
                "head_trained",
                routing=roster.key,
                agents=len(roster.agents),
                capabilities=len(head.labels) if head else 0,
                head=roster.fingerprint,
            )

    def _train_if_wanted(self, roster: Roster) -> VectorHead | None:
        """Runs on the thread; a roster that was overtaken while it waited is passed over."""
        if self._wanted.get(roster.key) != roster.fingerprint:
            return None
        return head_of(roster, self._encoder, self._cache) if self._cache else train(roster, self._encoder)
