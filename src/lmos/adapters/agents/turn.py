"""One Turn asked of an Agent: its deadlines, what the Agent said, and what its end means."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lmos.adapters.agents.errors import AgentErrors
from lmos.adapters.agents.hearing import Broken, Late
from lmos.core.protocols.agent_api import TURN_REFUSED, ResultInvalid, result_in
from lmos.core.protocols.graphql_ws import Completed, Failed
from lmos.ports.agents import AgentLost

if TYPE_CHECKING:
    from lmos.adapters.agents.hearing import Heard, Hearing
    from lmos.adapters.agents.settings import Deadlines
    from lmos.core.conversation import AgentResult
    from lmos.core.protocols.graphql_ws import Next
    from lmos.core.resources.endpoint import Address


class AskedTurn(AgentErrors):
    """
    One Turn, from its arrival.

    Attributes:
        ends_at: When its time is over, in the loop's time.
        has_results: Whether the Agent said anything.
    """

    def __init__(self, address: Address, deadlines: Deadlines) -> None:
        super().__init__(address)
        self._deadlines = deadlines
        self._loop = asyncio.get_running_loop()
        self._alarm: asyncio.TimerHandle | None = None
        self._is_answered = False
        self.ends_at = self._loop.time() + deadlines.turn_seconds
        self.has_results = False

    def begin(self, hearing: Hearing) -> None:
        """The Agent was asked; from now on it has `first_result_seconds`."""
        first = self._loop.time() + self._deadlines.first_result_seconds
        self._alarm = self._loop.call_at(min(first, self.ends_at), self._late, hearing)

    def over(self) -> None:
        """Nothing more is waited for."""
        if self._alarm is not None:
            self._alarm.cancel()

    def result(self, heard: Next) -> AgentResult:
        """
        The result that was heard.

        Raises:
            AgentFailed: It is none.
        """
        try:
            result = result_in(heard.payload)
        except ResultInvalid as error:
            raise self.failed(error.message) from error
        self.has_results = True
        self._is_answered = self._is_answered or result.is_final
        return result

    def finish(self, heard: Heard) -> None:
        """
        Return if the Turn is answered.

        Raises:
            AgentFailed, AgentLost, AgentTimeout: What went wrong otherwise.
        """
        match heard:
            case Completed() if self._is_answered:
                return
            case Failed(_, errors):
                raise self.failed(_message(errors))
            case Broken(reason) if self.has_results:
                raise self.failed(f"Half-way, {reason}.")
            case Broken(reason):
                raise self.unavailable(reason, kind=AgentLost)
            case Late():
                raise self.late(has_begun=self.has_results)
            case _:
                raise self.failed("It ended without an answer.")

    def _late(self, hearing: Hearing) -> None:
        if self.has_results and self._loop.time() < self.ends_at:
            self._alarm = self._loop.call_at(self.ends_at, self._late, hearing)
        else:
            hearing.put(Late())


def is_unbegun(heard: Heard) -> bool:
    """Whether it is certain that the Agent did not begin the Turn."""
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
