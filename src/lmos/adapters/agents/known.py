"""The Agents that were asked: the replicas of each, and how many Turns they work on at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from lmos.adapters.agents.addresses import NetworkAddresses
from lmos.adapters.agents.gate import Gate, GateFull
from lmos.adapters.agents.replicas import Member, Replicas

if TYPE_CHECKING:
    from collections.abc import Callable

    from lmos.adapters.agents.errors import AgentErrors
    from lmos.adapters.agents.replicas import Place
    from lmos.adapters.agents.settings import Limits
    from lmos.core.resources.endpoint import Address
    from lmos.ports.agents import AddressBook, AgentUnavailable

MOST_REMEMBERED = 4096
"""Agents whose sockets, health and manners are kept; of more, those that rest are forgotten."""

R = TypeVar("R", bound=Member)


class KnownAgents(Generic[R]):
    """
    What is known of each Agent by its address.

    Args:
        book: Finds the replicas of a host.
        limits: How many Turns at once.
        replica: Makes the replica of an Agent at a place.
    """

    def __init__(
        self, book: AddressBook | None, limits: Limits, replica: Callable[[Address, Place], R]
    ) -> None:
        self._book = book or NetworkAddresses()
        self._limits = limits
        self._replica = replica
        self._agents: dict[Address, tuple[Replicas[R], Gate]] = {}

    def of(self, address: Address) -> tuple[Replicas[R], Gate]:
        """The replicas that are ready now, and the gate before them."""
        known = self._agents.get(address)
        if known is None:
            self._forget_some()
            replicas = Replicas(lambda place: self._replica(address, place), self._limits)
            known = replicas, Gate(lambda: replicas.most_running, self._limits.queued_turns)
            self._agents[address] = known
        known[0].renew(self._book.addresses(address.host, address.port))
        return known

    async def aclose(self) -> None:
        """Close all sockets."""
        await asyncio.gather(*(replicas.aclose() for replicas, _ in self._agents.values()))

    def _forget_some(self) -> None:
        if len(self._agents) < MOST_REMEMBERED:
            return
        for address, (replicas, gate) in tuple(self._agents.items()):
            if not gate.running:
                replicas.renew(())
                del self._agents[address]


async def enter(gate: Gate, ends_at: float, errors: AgentErrors) -> None:
    """
    Wait until it is this Turn's turn; leave the gate afterwards.

    Raises:
        AgentBusy: Too many wait already, or `ends_at`, in the loop's time, came first.
    """
    try:
        await gate.enter(ends_at)
    except GateFull as error:
        raise errors.busy(f"{gate.waiting} Turns wait for it") from error
    except TimeoutError as error:
        raise errors.busy(f"this Turn's time was over while {gate.waiting} others waited with it") from error


def none_left(replicas: Replicas[R], told: str, errors: AgentErrors) -> AgentUnavailable:
    """The error where no replica is left to try; `told` is what was wrong with the last one."""
    if not len(replicas):
        return errors.unavailable("it has no ready replica")
    pause = max(replicas.pause_seconds, 1.0)
    return errors.unavailable(told or "it was set aside after it failed", retry_after_seconds=pause)
