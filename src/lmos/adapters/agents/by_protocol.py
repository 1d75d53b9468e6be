"""Asks each Agent in the protocol that it speaks."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from importlib import import_module
from typing import TYPE_CHECKING

from lmos.adapters.agents.graphql_ws_client import GraphQlAgentClient
from lmos.core.resources.endpoint import A2A_HTTP_JSON, A2A_JSONRPC, GRAPHQL_WS
from lmos.ports.agents import ProtocolNotInstalled, ProtocolUnknown

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from lmos.adapters.agents.a2a import A2aAgentClient
    from lmos.adapters.agents.settings import Deadlines, Limits
    from lmos.core.conversation import AgentRequest, AgentResult
    from lmos.core.resources.endpoint import Address
    from lmos.ports.agents import AddressBook


class ProtocolAgentClient:
    """
    An `AgentClient` that goes by `address.protocol`: graphql-transport-ws, or A2A 1.x.

    What A2A needs is imported when the first Agent speaks it.

    Args:
        book: Finds the replicas of a host.
        deadlines: How long to wait.
        limits: How much to ask at once and to read.
    """

    def __init__(
        self,
        book: AddressBook | None = None,
        *,
        deadlines: Deadlines | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._book = book
        self._deadlines = deadlines
        self._limits = limits
        self._graphql = GraphQlAgentClient(book, deadlines=deadlines, limits=limits)
        self._a2a: A2aAgentClient | None = None

    def ask(
        self, address: Address, request: AgentRequest, *, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[AgentResult, None]:
        """
        The Agent's results in order.

        Raises:
            ProtocolUnknown: It speaks a protocol that we do not.
            ProtocolNotInstalled: It speaks A2A, and `lmos[a2a]` is not installed.
            AgentUnavailable, AgentFailed, AgentTimeout: As the port says.
        """
        if address.protocol == GRAPHQL_WS:
            return self._graphql.ask(address, request, headers=headers)
        if address.protocol in {A2A_JSONRPC, A2A_HTTP_JSON}:
            return self._ask_over_a2a(address, request, headers)
        raise ProtocolUnknown(address)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._graphql.aclose()
        if self._a2a is not None:
            await self._a2a.aclose()

    async def _ask_over_a2a(
        self, address: Address, request: AgentRequest, headers: Mapping[str, str] | None
    ) -> AsyncGenerator[AgentResult, None]:
        if self._a2a is None:
            try:
                # It takes half a second, in which the Turns of other Agents go on.
                package = await asyncio.to_thread(import_module, "lmos.adapters.agents.a2a")
            except ImportError as error:
                raise ProtocolNotInstalled(address, "a2a") from error
            # Another Turn may have been quicker.
            self._a2a = self._a2a or package.A2aAgentClient(
                self._book, deadlines=self._deadlines, limits=self._limits
            )
        async with aclosing(self._a2a.ask(address, request, headers=headers)) as results:
            async for result in results:
                yield result
