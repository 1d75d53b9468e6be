"""Agents as LMOS meets them: asked over a protocol, found at addresses, described by cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from lmos.core.errors import LmosError, TemporaryError
from lmos.core.resources.endpoint import DEFAULT_PATHS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from lmos.core.conversation.request import AgentRequest
    from lmos.core.conversation.result import AgentResult
    from lmos.core.resources.endpoint import Address


class AgentClient(Protocol):
    """Asks an Agent for one Turn and streams what it answers."""

    def ask(
        self, address: Address, request: AgentRequest, *, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[AgentResult, None]:
        """
        Yield the Agent's results in order; closing the iterator cancels the Agent's work.

        Args:
            address: Where the Agent answers; a host name may stand for several replicas.
            request: The conversation so far, ending with the user's message.
            headers: `x-subset`, and `traceparent` and `tracestate` of this Turn.

        Raises:
            AgentUnavailable: No connection, so no Agent has begun.
            AgentBusy: Too many Turns wait for the Agent already, or this one waited too long.
            AgentLost: The connection broke before the first result.
            AgentFailed: The Agent answered with an error, broke off half-way, or spoke nonsense.
            AgentTimeout: A deadline passed.
            ProtocolUnknown, ProtocolNotInstalled: Nobody here speaks the Agent's protocol.
        """
        ...


class AddressBook(Protocol):
    """Turns a Service's host name into addresses that can be dialled."""

    def addresses(self, host: str, port: int) -> Sequence[tuple[str, int]]:
        """
        The replicas behind `host:port`, ready ones only; empty when the Service has none.

        A host the book does not know comes back as itself: the network resolves it.
        """
        ...


class CardReader(Protocol):
    """Fetches what an Agent says about itself."""

    async def fetch(self, host: str, port: int, scheme: str, path: str) -> bytes:
        """
        The body at `path`, at most 1 MiB, no redirect followed, within five seconds.

        Raises:
            CardMissing: The Agent answers, but serves nothing there (404).
            CardUnavailable: No answer, another status than 200, a redirect, too large or too slow.
        """
        ...


class AgentUnavailable(TemporaryError):
    """The Agent could not be reached."""

    code: ClassVar[str] = "AgentUnavailable"
    http_status: ClassVar[int] = 503


class AgentBusy(AgentUnavailable):
    """The Agent has as many Turns to answer as it may: this one was not begun."""

    code: ClassVar[str] = "AgentBusy"


class AgentLost(AgentUnavailable):
    """The line broke after the Agent was asked and before it answered: it may have begun."""

    code: ClassVar[str] = "AgentLost"
    http_status: ClassVar[int] = 502


class AgentFailed(LmosError):
    """The Agent answered with an error or broke off."""

    code: ClassVar[str] = "AgentFailed"
    http_status: ClassVar[int] = 502


class AgentTimeout(LmosError):
    """The Agent did not answer in time."""

    code: ClassVar[str] = "AgentTimeout"
    http_status: ClassVar[int] = 504


class ProtocolUnknown(LmosError):
    """The Agent speaks a protocol in which it cannot be asked."""

    code: ClassVar[str] = "ProtocolUnknown"
    http_status: ClassVar[int] = 502

    def __init__(self, address: Address) -> None:
        super().__init__(
            f"Agent {address.host}:{address.port} speaks {address.protocol!r}, which we do not.",
            hint=f"Set endpoint.protocol of the Agent to one of {', '.join(DEFAULT_PATHS)}.",
        )


class ProtocolNotInstalled(LmosError):
    """The Agent speaks a protocol whose packages a plain installation does not bring."""

    code: ClassVar[str] = "ProtocolNotInstalled"
    http_status: ClassVar[int] = 502

    def __init__(self, address: Address, extra: str) -> None:
        super().__init__(
            f"Agent {address.host}:{address.port} speaks {address.protocol}, whose packages are missing.",
            hint=f'pip install "lmos[{extra}]"',
        )


class CardUnavailable(TemporaryError):
    """An Agent's description could not be fetched."""

    code: ClassVar[str] = "CardUnavailable"
    http_status: ClassVar[int] = 502


class CardMissing(CardUnavailable):
    """The Agent answers, but has no description at that path."""

    code: ClassVar[str] = "CardMissing"
