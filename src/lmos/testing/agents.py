"""Agents that answer from a script, asked without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmos.core.conversation import AgentRequest, AgentResult, message_result
from lmos.ports.agents import AgentUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from lmos.core.errors import LmosError
    from lmos.core.resources.endpoint import Address

Script = Callable[[AgentRequest], AsyncIterator[AgentResult]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One Turn that was asked of a scripted Agent."""

    address: Address
    request: AgentRequest
    headers: Mapping[str, str]


class ScriptedAgents:
    """
    An `AgentClient` whose Agents say what they were told to; a host without a script is unavailable.

    `asked` holds every Turn in order.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._scripts: dict[str, Script] = {}

    def answers(self, host: str, *said: str | AgentResult) -> None:
        """Every Turn asked of `host` is answered with `said`; a text is a final message."""

        async def script(_request: AgentRequest) -> AsyncIterator[AgentResult]:
            for each in said:
                yield message_result(each) if isinstance(each, str) else each

        self.plays(host, script)

    def fails(self, host: str, error: LmosError, *, after: tuple[AgentResult, ...] = ()) -> None:
        """Every Turn asked of `host` ends with `error`, half-way if there are results to come before it."""

        async def script(_request: AgentRequest) -> AsyncIterator[AgentResult]:
            for result in after:
                yield result
            raise error

        self.plays(host, script)

    def plays(self, host: str, script: Script) -> None:
        """Every Turn asked of `host` is played by `script`, which sees the request and may wait."""
        self._scripts[host] = script

    async def ask(
        self, address: Address, request: AgentRequest, *, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[AgentResult, None]:
        """Yield what the script of `address.host` says. Raises `AgentUnavailable` where there is none."""
        self.asked.append(Asked(address, request, dict(headers or {})))
        script = self._scripts.get(address.host)
        if script is None:
            raise AgentUnavailable(
                f"Agent {address.host}:{address.port} is unavailable: it has no script.",
                hint=f'Give it one: agents.answers("{address.host}", "...").',
            )
        results = script(request)
        try:
            async for result in results:
                yield result
        finally:
            close = getattr(results, "aclose", None)
            if close is not None:
                await close()
