"""Asks Agents over A2A."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import aclosing
from typing import TYPE_CHECKING

from a2a.extensions.common import HTTP_EXTENSION_HEADER
from a2a.types import SendMessageRequest
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from lmos.adapters.agents.a2a.dialling import Unreachable
from lmos.adapters.agents.a2a.faults import fault, is_broken
from lmos.adapters.agents.a2a.replica import A2aReplica
from lmos.adapters.agents.errors import AgentErrors
from lmos.adapters.agents.headers import sendable
from lmos.adapters.agents.known import KnownAgents, enter, none_left
from lmos.adapters.agents.settings import Deadlines, Limits
from lmos.core.errors import InvalidInput
from lmos.core.protocols.a2a import EXTENSION, AnswerReader, message_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from a2a.types import StreamResponse

    from lmos.adapters.agents.replicas import Place
    from lmos.core.conversation import AgentRequest, AgentResult
    from lmos.core.resources.endpoint import Address
    from lmos.ports.agents import AddressBook


class A2aAgentClient:
    """
    An `AgentClient` for Agents that speak A2A 1.x over JSON-RPC or HTTP+JSON.

    An Agent is asked to stream; one that refuses is asked for its whole answer, that Turn and all later ones.
    The replica with the fewest Turns is asked, and another one only where the first cannot be connected to.
    A Turn that nobody waits for any more, or whose time is over, is cancelled by its Task's id.

    Args:
        book: Finds the replicas of a host.
        deadlines: How long to wait; `first_result_seconds` until the Agent says anything at all.
        limits: How many Turns at once, and how long an event may be.
    """

    def __init__(
        self,
        book: AddressBook | None = None,
        *,
        deadlines: Deadlines | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._deadlines = deadlines or Deadlines()
        self._limits = limits or Limits()
        self._agents = KnownAgents(book, self._limits, self._replica)
        self._tls: ssl.SSLContext | None = None

    async def ask(
        self, address: Address, request: AgentRequest, *, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[AgentResult, None]:
        """
        Yield the Agent's results; the last is final. Closing the iterator cancels its Task.

        Raises:
            AgentBusy: Too many Turns wait for this Agent, or it says so itself (HTTP 429).
            AgentUnavailable: No replica can be reached in time, or it says so itself (HTTP 503).
            AgentLost: The line broke before the first event, in a gateway too (HTTP 502 and 504).
            AgentFailed: The Agent answered with an error, broke off, said nothing, or spoke nonsense.
            AgentTimeout: The first event or the end did not come in time.
            InvalidInput: A header holds what HTTP cannot carry, or a file is no base64.
        """
        sent = sendable(headers or {}) | {HTTP_EXTENSION_HEADER: EXTENSION}
        asked = _AskedTask(address, request, sent, self._deadlines)
        replicas, gate = self._agents.of(address)
        await enter(gate, asked.ends_at, asked.errors)
        try:
            passed_over: list[A2aReplica] = []
            told = ""
            while replica := replicas.least_busy(besides=passed_over):
                passed_over.append(replica)
                try:
                    async with aclosing(asked.results(replica)) as results:
                        async for result in results:
                            yield result
                except Unreachable as error:
                    if error.is_ours:
                        raise asked.errors.out_of_descriptors(str(error)) from error
                    told = str(error)
                else:
                    return
            raise none_left(replicas, told, asked.errors)
        finally:
            gate.leave()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._agents.aclose()

    def _replica(self, address: Address, place: Place) -> A2aReplica:
        self._tls = self._tls or ssl.create_default_context()
        return A2aReplica(address, place, self._deadlines, self._limits, self._tls)


class _AskedTask:
    """One Turn, from its arrival."""

    def __init__(
        self, address: Address, request: AgentRequest, headers: Mapping[str, str], deadlines: Deadlines
    ) -> None:
        self._headers = headers
        self._deadlines = deadlines
        self._loop = asyncio.get_running_loop()
        self._reader = AnswerReader(request.conversation_context.turn_id)
        self._request = _message(request)
        self._has_begun = False
        self.errors = AgentErrors(address)
        self.ends_at = self._loop.time() + deadlines.turn_seconds

    async def results(self, replica: A2aReplica) -> AsyncGenerator[AgentResult, None]:
        """What this replica answers; raises `Unreachable`, or what `ask` says."""
        begins_by = min(self._loop.time() + self._deadlines.first_result_seconds, self.ends_at)
        events = replica.send(self._request, self._headers)
        is_answered = False
        replica.turns += 1
        try:
            while not self._reader.is_over:
                for result in await self._next(events, replica, begins_by):
                    yield result
            is_answered = True
        finally:
            if is_answered:
                replica.read_out(events)
            else:
                await events.aclose()
            if self._reader.task_id and not self._reader.is_over:
                replica.cancel(self._reader.task_id, self._headers)
            replica.give_back()

    async def _next(
        self, events: AsyncGenerator[StreamResponse, None], replica: A2aReplica, begins_by: float
    ) -> tuple[AgentResult, ...]:
        try:
            async with asyncio.timeout_at(self.ends_at if self._has_begun else begins_by):
                event = await anext(events, None)
            heard = None if event is None else self._reader.hear(MessageToDict(event))
        except TimeoutError as error:
            raise self.errors.late(has_begun=self._has_begun) from error
        except Unreachable:
            raise
        except Exception as error:
            if is_broken(error):
                replica.health.broken()
            raise fault(error, self.errors, has_begun=self._has_begun) from error
        if heard is None:
            raise self.errors.failed("It ended without an answer.")
        self._has_begun = True
        replica.health.answered()
        return heard


def _message(request: AgentRequest) -> SendMessageRequest:
    asked = SendMessageRequest()
    try:
        ParseDict(message_of(request), asked.message)
    except ParseError as error:
        raise InvalidInput(
            f"The message cannot be sent to an A2A Agent: {error}.", hint="Send files as base64."
        ) from error
    return asked
