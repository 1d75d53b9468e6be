"""Asks Agents over graphql-transport-ws."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

from lmos.adapters.agents.addresses import NetworkAddresses
from lmos.adapters.agents.line import Broken, Hearing, Line
from lmos.adapters.agents.pool import LineFailed, Pool, Target
from lmos.adapters.agents.settings import Deadlines, Limits
from lmos.core.errors import InvalidInput
from lmos.core.protocols.agent_api import TURN_REFUSED, ResultInvalid, result_in, subscribe_payload
from lmos.core.protocols.graphql_ws import Completed, Failed, Next
from lmos.ports.agents import AgentFailed, AgentLost, AgentTimeout, AgentUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping

    from lmos.adapters.agents.line import Heard
    from lmos.core.conversation import AgentRequest, AgentResult
    from lmos.core.resources.endpoint import Address
    from lmos.ports.agents import AddressBook

SUBSET_HEADER = "x-subset"
TRACE_HEADERS = ("traceparent", "tracestate")
ATTEMPTS = 3


class GraphQlAgentClient:
    """
    An `AgentClient` on pooled sockets.

    Turns with the same replica and Subset share a socket where the Agent agrees to graphql-transport-ws and
    was seen to keep sockets open; an Agent that closes after each Turn, or when a second one joins, gets a
    socket for each Turn. Replicas take turns; one that cannot be reached is passed over. A Turn is asked
    again only when it is certain that no Agent has begun it.

    `x-subset` and the trace headers of the Turn that opens a socket are sent on its upgrade; every Turn's own
    trace headers travel with it as GraphQL `extensions`.

    Args:
        book: Finds the replicas of a host.
        deadlines: How long to wait.
        limits: What a socket may carry, and how long it is kept.
    """

    def __init__(
        self,
        book: AddressBook | None = None,
        *,
        deadlines: Deadlines | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._book = book or NetworkAddresses()
        self._deadlines = deadlines or Deadlines()
        self._pool = Pool(limits or Limits())
        self._rounds: dict[tuple[str, int], Iterator[int]] = {}

    async def ask(
        self, address: Address, request: AgentRequest, *, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[AgentResult, None]:
        """
        Yield the Agent's results; the last is final. Closing the iterator tells the Agent to stop.

        Raises:
            AgentUnavailable: No replica can be reached in time.
            AgentLost: The line broke before the first result.
            AgentFailed: The Agent answered with an error, broke off, said nothing, or spoke nonsense.
            AgentTimeout: The first result or the end did not come in time.
            InvalidInput: A header holds what HTTP cannot carry.
        """
        upgrade = _sendable(headers or {})
        payload = subscribe_payload(
            request, trace={name: upgrade[name] for name in TRACE_HEADERS if name in upgrade}
        )
        for _ in range(ATTEMPTS):
            target, line = await self._lease(address, upgrade)
            hearing = line.subscribe(payload)
            try:
                turn = _Turn(address, hearing, self._deadlines)
                heard = await turn.next()
                if _is_unbegun(heard):
                    line.is_retired = True
                    continue
                while isinstance(heard, Next):
                    yield turn.result(heard)
                    heard = await turn.next()
                turn.finish(heard)
                return
            finally:
                line.end(hearing)
                self._pool.give_back(target, line)
        raise _unavailable(address, "it turned the Turn away")

    async def aclose(self) -> None:
        """Close all sockets."""
        await self._pool.aclose()

    async def _lease(self, address: Address, headers: Mapping[str, str]) -> tuple[Target, Line]:
        told = "it has no ready replica"
        for host, port in self._replicas(address):
            target = Target(address, host, port, headers.get(SUBSET_HEADER))
            try:
                return target, await self._pool.lease(target, headers, self._deadlines.connect_seconds)
            except LineFailed as error:
                told = str(error)
        raise _unavailable(address, told)

    def _replicas(self, address: Address) -> list[tuple[str, int]]:
        """The replicas, beginning with the next in turn."""
        replicas = list(self._book.addresses(address.host, address.port))
        if len(replicas) < 2:  # noqa: PLR2004 - nothing to take turns with
            return replicas
        first = next(self._rounds.setdefault((address.host, address.port), count())) % len(replicas)
        return replicas[first:] + replicas[:first]


class _Turn:
    """One Turn on a line: its deadlines, and what its end means."""

    def __init__(self, address: Address, hearing: Hearing, deadlines: Deadlines) -> None:
        self._address = address
        self._hearing = hearing
        now = asyncio.get_running_loop().time()
        self._end = now + deadlines.turn_seconds
        self._first = min(now + deadlines.first_result_seconds, self._end)
        self._is_answered = False
        self._has_results = False

    async def next(self) -> Heard:
        try:
            async with asyncio.timeout_at(self._end if self._has_results else self._first):
                return await self._hearing.heard.get()
        except TimeoutError as error:
            late = "finish" if self._has_results else "begin"
            raise AgentTimeout(
                f"Agent {_named(self._address)} did not {late} its answer in time.",
                hint="Look at its log, or give it more time.",
            ) from error

    def result(self, heard: Next) -> AgentResult:
        try:
            result = result_in(heard.payload)
        except ResultInvalid as error:
            raise _failed(self._address, error.message) from error
        self._has_results = True
        self._is_answered = self._is_answered or result.is_final
        return result

    def finish(self, heard: Completed | Failed | Broken) -> None:
        """Return if the Turn is answered; raise what went wrong otherwise."""
        match heard:
            case Completed() if self._is_answered:
                return
            case Completed():
                raise _failed(self._address, "It ended without an answer.")
            case Failed(_, errors):
                raise _failed(self._address, _message(errors))
            case Broken(reason) if self._has_results:
                raise _failed(self._address, f"Half-way, {reason}.")
            case Broken(reason):
                raise _unavailable(self._address, reason, AgentLost)


def _sendable(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers by their names in lower case; a line break in a value would begin another header."""
    for name, value in headers.items():
        if not (name + value).isascii() or not (name + value).isprintable():
            raise InvalidInput(
                f"Header {name!r} cannot be {value!r}.", hint="Use printable ASCII characters."
            )
    return {name.lower(): value for name, value in headers.items()}


def _is_unbegun(heard: Heard) -> bool:
    """Whether the Agent said for certain that it did not begin."""
    match heard:
        case Broken(not_begun=not_begun):
            return not_begun
        case Failed(_, (dict() as error, *_)):
            extensions = error.get("extensions")
            return isinstance(extensions, dict) and extensions.get("code") == TURN_REFUSED
        case _:
            return False


def _message(errors: tuple[object, ...]) -> str:
    first = errors[0] if errors else None
    message = first.get("message") if isinstance(first, dict) else first
    return f"It answered with an error: {str(message)[:500]}"


def _named(address: Address) -> str:
    return f"{address.host}:{address.port}"


def _failed(address: Address, what: str) -> AgentFailed:
    return AgentFailed(f"Agent {_named(address)} failed. {what}", hint="Its own log says more.")


def _unavailable(
    address: Address, why: str, kind: type[AgentUnavailable] = AgentUnavailable
) -> AgentUnavailable:
    return kind(
        f"Agent {_named(address)} is unavailable: {why}.",
        hint="See whether it is running and ready: lmos agents",
        retry_after_seconds=1.0,
    )
