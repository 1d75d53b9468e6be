"""Where fellow workers come with Turns of our Conversations."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, assert_never

from lmos.core.errors import LmosError
from lmos.runtime.failure import Failure
from lmos.runtime.running import Answered, Failed
from lmos.runtime.workers.link import Link
from lmos.runtime.workers.messages import (
    Answer,
    Cancel,
    Count,
    Forget,
    ForgetTenant,
    Join,
    Leave,
    Take,
    Told,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from pathlib import Path

    from lmos.runtime.conversation import Turns
    from lmos.runtime.running import RunningTurn, TurnEvent
    from lmos.runtime.workers.messages import Message


class Desk:
    """
    Does for fellow workers what they ask of Conversations that are ours.

    Args:
        turns: Takes our Turns.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None
        self._told: dict[tuple[Link, int], Callable[..., None]] = {}
        self._work: set[asyncio.Task[None]] = set()

    async def open(self, path: Path) -> None:
        """Listen on a Unix socket, instead of whoever did so before."""
        _vacate(path)
        self._server = await asyncio.get_running_loop().create_unix_server(self._link, path)

    def close(self) -> None:
        """Be there no longer."""
        if self._server is not None:
            self._server.close()
        for link in tuple(self._links):
            link.close()

    def _link(self) -> Link:
        link = Link(self._heard, self._gone)
        self._links.add(link)
        return link

    def _heard(self, link: Link, message: Message) -> None:
        match message:
            case Take():
                self._take(link, message)
            case Leave(number):
                if leave := self._told.pop((link, number), None):
                    leave(at_once=True)
            case Join(number, of):
                self._do(self._join(link, number, of))
            case Cancel(number, of):
                self._do(self._answer(link, number, self._turns.cancel(*of)))
            case Forget(number, of):
                self._do(self._answer(link, number, self._turns.forget(*of)))
            case ForgetTenant(number, tenant):
                self._do(self._answer(link, number, self._turns.forget_tenant(tenant)))
            case Count(number):
                link.send(Answer(number, self._turns.metrics.counted()))
            case _:
                assert_never(message)

    def _do(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def _take(self, link: Link, take: Take) -> None:
        try:
            running = self._turns.take(take.asked)
        except LmosError as error:
            link.send(Told(take.number, (Failed(Failure.of(error)),), reuses_id=False))
        else:
            self._tell(link, take.number, running, only_end=take.only_end)

    def _tell(self, link: Link, number: int, running: RunningTurn, *, only_end: bool = False) -> None:
        """Tell a fellow worker of a Turn from its beginning to its end."""

        def happened(events: tuple[TurnEvent, ...]) -> None:
            if only_end:
                events = tuple(event for event in events if isinstance(event, Answered | Failed))
            if events:
                link.send(Told(number, events, running.reuses_id))
            if running.is_over:
                self._told.pop((link, number), None)

        leave = running.follow(happened)
        if not running.is_over:
            self._told[link, number] = leave

    def _gone(self, link: Link) -> None:
        """A fellow worker ended; its users have a while to come back through another one's door."""
        self._links.discard(link)
        for key in [key for key in self._told if key[0] is link]:
            self._told.pop(key)()

    async def _join(self, link: Link, number: int, of: tuple[str, str, str]) -> None:
        """Answer with the Turn as it stands, if it is under way, and tell what happens in it."""
        running = await self._turns.under_way(*of)
        link.send(Answer(number, running.record if running else None))
        if running:
            self._tell(link, number, running)

    async def _answer(self, link: Link, number: int, answer: Awaitable[int]) -> None:
        try:
            value: int | LmosError = await answer
        except LmosError as error:
            value = error
        link.send(Answer(number, value))


def _vacate(path: Path) -> None:
    path.unlink(missing_ok=True)
