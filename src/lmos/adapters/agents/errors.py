"""What can go wrong with an Agent, in the words of its errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.ports.agents import AgentBusy, AgentFailed, AgentTimeout, AgentUnavailable

if TYPE_CHECKING:
    from lmos.core.resources.endpoint import Address

RETRY_SECONDS = 1.0
"""When a client is told to come back, where nothing better is known."""


class AgentErrors:
    """Makes the errors about the Agent at `address`."""

    def __init__(self, address: Address) -> None:
        self._name = f"{address.host}:{address.port}"

    def failed(self, what: str) -> AgentFailed:
        """The error where the Agent is at fault."""
        return AgentFailed(f"Agent {self._name} failed. {what}", hint="Its own log says more.")

    def unavailable(
        self,
        why: str,
        *,
        kind: type[AgentUnavailable] = AgentUnavailable,
        retry_after_seconds: float = RETRY_SECONDS,
    ) -> AgentUnavailable:
        """The error where the Agent could not be reached."""
        return kind(
            f"Agent {self._name} is unavailable: {why}.",
            hint="See whether it is running and ready: lmos agents",
            retry_after_seconds=retry_after_seconds,
        )

    def out_of_descriptors(self, why: str) -> AgentUnavailable:
        """The error where this process cannot open one more socket."""
        return AgentUnavailable(
            f"Agent {self._name} cannot be asked: {why}.",
            hint="This process is out of file descriptors; raise its limit (ulimit -n).",
            retry_after_seconds=RETRY_SECONDS,
        )

    def busy(self, why: str) -> AgentBusy:
        """The error where the Agent has enough to do."""
        return AgentBusy(
            f"Agent {self._name} is busy: {why}.",
            hint="Run more replicas of it, or ask again later.",
            retry_after_seconds=RETRY_SECONDS,
        )

    def late(self, *, has_begun: bool) -> AgentTimeout:
        """The error where a deadline passed."""
        return AgentTimeout(
            f"Agent {self._name} did not {'finish' if has_begun else 'begin'} its answer in time.",
            hint="Look at its log, or give it more time.",
        )
