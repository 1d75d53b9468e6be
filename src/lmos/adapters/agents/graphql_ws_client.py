"""Asks Agents over graphql-transport-ws."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from lmos.adapters.agents.headers import SUBSET_HEADER, TRACE_HEADERS, sendable
from lmos.adapters.agents.known import KnownAgents, enter, none_left
from lmos.adapters.agents.lines import LineFailed
from lmos.adapters.agents.replicas import Replica
from lmos.adapters.agents.settings import Deadlines, Limits
from lmos.adapters.agents.turn import AskedTurn, is_unbegun
from lmos.core.protocols.agent_api import subscribe_payload
from lmos.core.protocols.graphql_ws import Next

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from lmos.adapters.agents.line import Line
    from lmos.adapters.agents.replicas import Replicas
    from lmos.core.conversation import AgentRequest, AgentResult
    from lmos.core.resources.endpoint import Address
    from lmos.ports.agents import AddressBook

TIMES_ASKED = 2
"""A Turn that an Agent certainly did not begin is asked once more."""


class GraphQlAgentClient:
    """
    An `AgentClient` on pooled sockets.

    The replica with the fewest Turns is asked, in rotation among equals; one that cannot be reached or whose
    sockets break is set aside and tried again by single Turns. Turns with the same replica and Subset share
    sockets where the Agent agrees to graphql-transport-ws and was seen to bear it; an Agent that closes after
    each Turn, or when a second one joins, gets a socket for each. A Turn is asked again, once, only where it
    is certain that no Agent has begun it. An Agent is asked no more Turns at once than the limits say; the
    next ones wait in the order of their coming, and beyond a number are refused at once.

    `x-subset` is sent on a socket's upgrade. A socket carries many Turns, so the trace headers of each travel
    with it as GraphQL `extensions`.

    Args:
        book: Finds the replicas of a host.
        deadlines: How long to wait.
        limits: How many Turns at once, what a socket may carry, and how long it is kept.
    """

    def __init__(
        self,
        book: AddressBook | None = None,
        *,
        deadlines: Deadlines | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._deadlines = deadlines or Deadlines()
        limits = limits or Limits()
        self._agents = KnownAgents(
            book, limits, lambda address, place: Replica(address, place, limits, self._tls_context)
        )
        self._tls: ssl.SSLContext | None = None

    async def ask(
        self, address: Address, request: AgentRequest, *, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[AgentResult, None]:
        """
        Yield the Agent's results; the last is final. Closing the iterator tells the Agent to stop.

        Raises:
            AgentBusy: Too many Turns wait for this Agent, or this one waited until its time was over.
            AgentUnavailable: No replica can be reached in time.
            AgentLost: The line broke before the first result.
            AgentFailed: The Agent answered with an error, broke off, said nothing, or spoke nonsense.
            AgentTimeout: The first result or the end did not come in time.
            InvalidInput: A header holds what HTTP cannot carry.
        """
        upgrade = sendable(headers or {})
        trace = {name: upgrade.pop(name) for name in TRACE_HEADERS if name in upgrade}
        payload = subscribe_payload(request, trace=trace)
        turn = AskedTurn(address, self._deadlines)
        replicas, gate = self._agents.of(address)
        await enter(gate, turn.ends_at, turn)
        try:
            refused: list[Replica] = []
            while len(refused) < TIMES_ASKED:
                replica, line = await self._lease(replicas, upgrade, turn, refused)
                hearing = line.subscribe(payload)
                turn.begin(hearing)
                try:
                    heard = await hearing.next()
                    if is_unbegun(heard):
                        line.is_retired = True
                        refused.append(replica)
                        continue
                    while isinstance(heard, Next):
                        result = turn.result(heard)
                        replica.health.answered()
                        yield result
                        heard = await hearing.next()
                    turn.finish(heard)
                    return
                finally:
                    turn.over()
                    line.end(hearing)
                    replica.give_back(upgrade.get(SUBSET_HEADER), line)
        finally:
            gate.leave()
        raise turn.unavailable("it turned the Turn away")

    async def aclose(self) -> None:
        """Close all sockets."""
        await self._agents.aclose()

    async def _lease(
        self,
        replicas: Replicas[Replica],
        headers: Mapping[str, str],
        turn: AskedTurn,
        refused: Sequence[Replica],
    ) -> tuple[Replica, Line]:
        """A line to the least busy replica that can be reached, if it can another than one that `refused`."""
        subset, seconds = headers.get(SUBSET_HEADER), self._deadlines.connect_seconds
        passed_over = list(refused) if len(replicas) > 1 else []
        told = ""
        while replica := replicas.least_busy(besides=passed_over):
            passed_over.append(replica)
            try:
                return replica, await replica.lease(subset, headers, seconds, turn.ends_at)
            except LineFailed as error:
                if error.is_ours:
                    raise turn.out_of_descriptors(str(error)) from error
                told = str(error)
            except TimeoutError as error:
                raise turn.unavailable("it did not connect before this Turn's time was over") from error
        raise none_left(replicas, told, turn)

    def _tls_context(self) -> ssl.SSLContext:
        self._tls = self._tls or ssl.create_default_context()
        return self._tls
