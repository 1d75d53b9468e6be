"""The replicas of one Agent: the least busy one that is well gets the next Turn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from lmos.adapters.agents.health import Health
from lmos.adapters.agents.lines import Lines, Manner
from lmos.adapters.agents.websocket import Target

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Container, Mapping, Sequence

    from lmos.adapters.agents.line import Line
    from lmos.adapters.agents.settings import Limits
    from lmos.core.resources.endpoint import Address

Place = tuple[str, int]


class Replica:
    """
    One process of an Agent.

    Attributes:
        turns: How many of our Turns it has not ended yet, those that are still connecting included.
        health: Whether it is well.
    """

    def __init__(
        self, address: Address, place: Place, limits: Limits, tls: Callable[[], ssl.SSLContext]
    ) -> None:
        self._address = address
        self._place = place
        self._limits = limits
        self._tls = tls
        self._lines: dict[str | None, Lines] = {}
        self.turns = 0
        self.health = Health()

    @property
    def shares_lines(self) -> bool:
        """Whether its Turns were seen to share sockets, under every Subset."""
        lines = self._lines.values()
        return bool(lines) and all(each.manner is Manner.SHARES for each in lines)

    async def lease(
        self, subset: str | None, headers: Mapping[str, str], connect_seconds: float, ends_at: float
    ) -> Line:
        """
        A line for a Turn, which counts as running here; subscribe at once, and `give_back` afterwards.

        Raises:
            LineFailed: None could be opened within `connect_seconds`.
            TimeoutError: `ends_at`, in the loop's time, came first.
        """
        self.turns += 1
        try:
            return await self._lines_of(subset).lease(headers, connect_seconds, ends_at)
        except BaseException:
            self.turns -= 1
            raise

    def give_back(self, subset: str | None, line: Line) -> None:
        """The Turn is over."""
        self.turns -= 1
        self._lines_of(subset).give_back(line)

    def retire(self) -> None:
        """It is no longer among the ready ones; Turns that run there may end."""
        for lines in self._lines.values():
            lines.retire()

    async def aclose(self) -> None:
        """Close its sockets."""
        await asyncio.gather(*(lines.aclose() for lines in self._lines.values()))

    def _lines_of(self, subset: str | None) -> Lines:
        lines = self._lines.get(subset)
        if lines is None:
            target = Target(self._address, *self._place)
            lines = self._lines[subset] = Lines(target, self._limits, self.health, self._tls)
        return lines


class Member(Protocol):
    """One process of an Agent, in whichever protocol it is asked; `Replica` says what the names mean."""

    turns: int
    health: Health

    @property
    def shares_lines(self) -> bool:
        """Whether its Turns share sockets."""
        ...

    def retire(self) -> None:
        """It is no longer among the ready ones."""
        ...

    async def aclose(self) -> None:
        """Close its sockets."""
        ...


R = TypeVar("R", bound=Member)


class Replicas(Generic[R]):
    """
    The replicas of one Agent, kept in step with the address book by `renew`.

    Args:
        replica: Makes the one at a place.
        limits: How many Turns at once.
    """

    def __init__(self, replica: Callable[[Place], R], limits: Limits) -> None:
        self._replica = replica
        self._limits = limits
        self._places: tuple[Place, ...] = ()
        self._ready: list[R] = []
        self._by_place: dict[Place, R] = {}
        self._first = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._ready)

    @property
    def most_running(self) -> int:
        """How many Turns they may be asked at once."""
        if self._ready and all(replica.shares_lines for replica in self._ready):
            return self._limits.running_turns
        return self._limits.lonely_turns * max(1, len(self._ready))

    @property
    def pause_seconds(self) -> float:
        """How long until one that was set aside may be tried again."""
        return min((replica.health.pause_seconds for replica in self._ready), default=0.0)

    def renew(self, places: Sequence[Place]) -> None:
        """These are ready now; the others get no more Turns."""
        places = tuple(places)
        if places == self._places:
            return
        self._places = places
        before, self._by_place = self._by_place, {}
        for place in places:
            known = before.pop(place) if place in before else None
            self._by_place[place] = known or self._replica(place)
        for gone in before.values():
            gone.retire()
        self._ready = list(self._by_place.values())

    def least_busy(self, besides: Container[R]) -> R | None:
        """The one with the fewest Turns, in rotation among equals; None where none other is well."""
        count, best, at = len(self._ready), None, 0
        for step in range(count):
            index = (self._first + step) % count
            replica = self._ready[index]
            if (best is None or replica.turns < best.turns) and (
                replica not in besides and replica.health.admits
            ):
                best, at = replica, index
        if best is not None:
            self._first = at + 1
            best.health.probe()
        return best

    async def aclose(self) -> None:
        """Close all sockets."""
        await asyncio.gather(*(replica.aclose() for replica in self._ready))
