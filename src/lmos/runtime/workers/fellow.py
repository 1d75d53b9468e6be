"""Another worker, as the one sees it whose door a user came in by."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, ClassVar, TypeVar, assert_never, cast

from lmos.core.errors import LmosError, TemporaryError
from lmos.runtime.failure import Failure, TurnInterrupted
from lmos.runtime.running import Failed, RunningTurn
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
    from collections.abc import Callable
    from pathlib import Path

    from lmos.ports.store import TurnRecord
    from lmos.runtime.asked import Asked
    from lmos.runtime.metrics import Counted
    from lmos.runtime.workers.messages import Message, Reply

    Settle = Callable[[object], None]

T = TypeVar("T")


class WorkerUnavailable(TemporaryError):
    """The worker that a Conversation belongs to is not there at the moment."""

    code: ClassVar[str] = "WorkerUnavailable"

    def __init__(self) -> None:
        super().__init__(
            "The worker of this Conversation is starting.",
            hint="Send the request again in a moment.",
            retry_after_seconds=1.0,
        )


class Fellow:
    """
    Hands a fellow worker what belongs to it.

    The socket is opened by the first who needs it, and again after the worker was started anew.

    Args:
        path: Its Unix socket.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = count(1)
        self._link: Link | None = None
        self._opening: asyncio.Task[None] | None = None
        self._unsent: list[Message] = []
        self._running: dict[int, RunningTurn] = {}
        self._asked: dict[int, Settle] = {}

    def __len__(self) -> int:
        """How many of its Turns somebody here waits for."""
        return len(self._running)

    def take(self, asked: Asked, record: TurnRecord, *, only_end: bool) -> RunningTurn:
        """A Turn that it runs; `record` is the Turn as it was received."""
        number = next(self._numbers)
        running = self._follow(number, record)
        self._say(Take(number, asked, only_end))
        return running

    async def under_way(self, tenant: str, conversation: str, turn: str) -> RunningTurn | None:
        """A Turn that it runs already. Raises `WorkerUnavailable`."""
        number, found = next(self._numbers), _future()

        def settle(value: object) -> None:
            # At once, as what happens in it may be the next that is heard.
            is_turn = value is not None and not isinstance(value, LmosError)
            _settle(found, self._follow(number, cast("TurnRecord", value)) if is_turn else value)

        self._asked[number] = settle
        self._say(Join(number, (tenant, conversation, turn)))
        return cast("RunningTurn | None", await found)

    async def cancel(self, tenant: str, conversation: str, turn: str) -> bool:
        """Have it stop Turns. Raises `WorkerUnavailable`."""
        stop = Cancel(next(self._numbers), (tenant, conversation, turn))
        return cast("bool", await self._answer(stop))

    async def forget(self, tenant: str, conversation: str) -> bool:
        """Have it remove a Conversation. Raises `WorkerUnavailable` and what it raises."""
        return cast("bool", await self._answer(Forget(next(self._numbers), (tenant, conversation))))

    async def forget_tenant(self, tenant: str) -> int:
        """Have it remove a Tenant's Conversations. Raises `WorkerUnavailable`."""
        return cast("int", await self._answer(ForgetTenant(next(self._numbers), tenant)))

    async def counted(self) -> Counted:
        """What it has counted. Raises `WorkerUnavailable`."""
        return cast("Counted", await self._answer(Count(next(self._numbers))))

    def close(self) -> None:
        """Hang up."""
        if self._opening is not None:
            self._opening.cancel()
        if self._link is not None:
            self._link.close()

    async def _answer(self, message: Cancel | Forget | ForgetTenant | Count) -> object:
        answer = _future()
        self._asked[message.number] = lambda value: _settle(answer, value)
        self._say(message)
        return await answer

    def _follow(self, number: int, record: TurnRecord) -> RunningTurn:
        running = self._running[number] = RunningTurn(record, lambda: self._leave(number))
        return running

    def _leave(self, number: int) -> None:
        """Nobody listens any more: no end of it will be told."""
        del self._running[number]
        self._say(Leave(number))

    def _say(self, message: Message) -> None:
        if self._link is not None:
            self._link.send(message)
            return
        self._unsent.append(message)
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())

    async def _open(self) -> None:
        try:
            _, link = await asyncio.get_running_loop().create_unix_connection(
                lambda: Link(self._heard, self._gone), str(self._path)
            )
        except OSError:
            self._give_up(lambda _: WorkerUnavailable())
        else:
            self._link = link
            for message in self._unsent:
                link.send(message)
        self._unsent.clear()
        self._opening = None

    def _heard(self, _: Link, reply: Reply) -> None:
        match reply:
            case Told(number, events, reuses_id):
                running = self._running.get(number)
                if running is None:
                    # It was on its way when the last listener went.
                    return
                running.reuses_id = reuses_id
                running.tell(*events)
                if running.is_over:
                    del self._running[number]
            case Answer(number, value):
                self._asked.pop(number)(value)
            case _:
                assert_never(reply)

    def _gone(self, _: Link) -> None:
        self._link = None
        self._give_up(TurnInterrupted)

    def _give_up(self, why: Callable[[str], LmosError]) -> None:
        """Nothing more will be heard of what it was told."""
        running, self._running = self._running, {}
        for each in running.values():
            each.tell(Failed(Failure.of(why(each.record.turn.id))))
        asked, self._asked = self._asked, {}
        for settle in asked.values():
            settle(WorkerUnavailable())


def _future() -> asyncio.Future[object]:
    return asyncio.get_running_loop().create_future()


def _settle(future: asyncio.Future[object], value: object) -> None:
    if future.done():
        return
    if isinstance(value, LmosError):
        future.set_exception(value)
    else:
        future.set_result(value)
