"""One process of an Agent that speaks A2A."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

import httpx
from a2a.client.client import ClientCallContext
from a2a.client.transports.jsonrpc import JsonRpcTransport
from a2a.client.transports.rest import RestTransport
from a2a.types import AgentCard, CancelTaskRequest, StreamResponse
from a2a.utils.constants import PROTOCOL_VERSION_1_0, VERSION_HEADER
from a2a.utils.errors import MethodNotFoundError, UnsupportedOperationError

from lmos.adapters.agents.a2a.dialling import ReplicaTransport
from lmos.adapters.agents.health import Health
from lmos.core.resources.endpoint import A2A_JSONRPC

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Coroutine, Mapping

    from a2a.client.transports.base import ClientTransport
    from a2a.types import SendMessageRequest

    from lmos.adapters.agents.replicas import Place
    from lmos.adapters.agents.settings import Deadlines, Limits
    from lmos.core.resources.endpoint import Address

_NOT_STREAMING = (UnsupportedOperationError, MethodNotFoundError)


class A2aReplica:
    """
    A replica, with its connections.

    Attributes:
        turns: How many of our Turns it has not ended yet.
        health: Whether it is well.
        shares_lines: HTTP/1.1 takes a socket for each Turn.
    """

    shares_lines = False

    def __init__(
        self, address: Address, place: Place, deadlines: Deadlines, limits: Limits, tls: ssl.SSLContext
    ) -> None:
        self.turns = 0
        self.health = Health()
        self._limits = limits
        self._is_retired = False
        self._streams = True
        self._tasks: set[asyncio.Task[None]] = set()
        self._http = httpx.AsyncClient(
            transport=ReplicaTransport(place, limits, self.health, tls),
            timeout=httpx.Timeout(None, connect=deadlines.connect_seconds),
            headers={VERSION_HEADER: PROTOCOL_VERSION_1_0, "Accept-Encoding": "identity"},
            trust_env=False,
        )
        binding = JsonRpcTransport if address.protocol == A2A_JSONRPC else RestTransport
        url = f"{address.scheme}://{address.host}:{address.port}{address.path}"
        # What is in the card we know from the Agent's manifest.
        self._a2a: ClientTransport = binding(self._http, AgentCard(), url, is_shared_httpx=True)

    async def send(
        self, request: SendMessageRequest, headers: Mapping[str, str]
    ) -> AsyncGenerator[StreamResponse, None]:
        """
        Yield the Agent's events; just one, at the end, from an Agent that does not stream.

        Raises:
            Unreachable: It could not be connected to.
            Exception: What the SDK makes of a bad answer; see `faults`.
        """
        context = ClientCallContext(service_parameters=dict(headers))
        has_begun = False
        if self._streams:
            try:
                async for event in self._a2a.send_message_streaming(request, context=context):
                    has_begun = True
                    yield event
            except _NOT_STREAMING:
                if has_begun:
                    raise
                # It does not do this at all, so it did not begin.
                self._streams = False
            else:
                return
        response = await self._a2a.send_message(request, context=context)
        if response.HasField("task"):
            yield StreamResponse(task=response.task)
        else:
            yield StreamResponse(message=response.message)

    def cancel(self, task_id: str, headers: Mapping[str, str]) -> None:
        """Tell the Agent to stop working on a Task, without waiting for that."""
        self._run(self._cancel(CancelTaskRequest(id=task_id), headers))

    def read_out(self, events: AsyncGenerator[StreamResponse, None]) -> None:
        """See a stream to its end, which follows the answer at once: then its connection serves again."""
        self._run(self._read_out(events))

    def give_back(self) -> None:
        """A Turn is over."""
        self.turns -= 1
        self._close_if_done()

    def retire(self) -> None:
        """It is no longer among the ready ones; Turns that run there may end."""
        self._is_retired = True
        self._close_if_done()

    async def aclose(self) -> None:
        """Close its connections, once Tasks are cancelled that shall be."""
        await asyncio.gather(*self._tasks)
        await self._http.aclose()

    async def _read_out(self, events: AsyncGenerator[StreamResponse, None]) -> None:
        # The Turn has its answer, whatever comes.
        with suppress(Exception):
            async with aclosing(events), asyncio.timeout(self._limits.close_seconds):
                await anext(events, None)

    async def _cancel(self, request: CancelTaskRequest, headers: Mapping[str, str]) -> None:
        context = ClientCallContext(service_parameters=dict(headers))
        # Whatever it answers, there is nobody left whom that would help.
        with suppress(Exception):
            async with asyncio.timeout(self._limits.close_seconds):
                await self._a2a.cancel_task(request, context=context)

    def _close_if_done(self) -> None:
        if self._is_retired and not self.turns:
            self._run(self._close_after(tuple(self._tasks)))

    async def _close_after(self, tasks: tuple[asyncio.Task[None], ...]) -> None:
        await asyncio.gather(*tasks)
        await self._http.aclose()

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
