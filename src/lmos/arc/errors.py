"""What can go wrong with an Agent before a handler runs."""

from __future__ import annotations

from typing import ClassVar

from lmos.core.errors import InvalidInput, LmosError, NotFound, TemporaryError
from lmos.core.protocols.agent_api import TURN_REFUSED


class InvalidAgent(InvalidInput):
    """An Agent or Capability is declared in a way that nothing could use."""

    code: ClassVar[str] = "InvalidAgent"


class UnknownAgent(NotFound):
    """A request names an Agent that this process does not have."""

    code: ClassVar[str] = "UnknownAgent"

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"There is no Agent {name!r} here.", hint=f"Ask one of: {', '.join(known)}.")


class UnknownRole(InvalidInput):
    """A message of the history has a role that no Agent understands."""

    code: ClassVar[str] = "UnknownRole"


class NothingAsked(InvalidInput):
    """A request holds no message of the user."""

    code: ClassVar[str] = "NothingAsked"


class TurnRefused(TemporaryError):
    """The Agent's process takes no more Turns on this socket; this one was not begun."""

    code: ClassVar[str] = TURN_REFUSED


class HandlerFailed(LmosError):
    """The Agent's own code failed; the cause is in its log, never in the answer."""

    code: ClassVar[str] = "HandlerFailed"


class ExtraMissing(LmosError):
    """A feature needs packages that a plain installation does not bring."""

    code: ClassVar[str] = "ExtraMissing"
    exit_status: ClassVar[int] = 2

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs packages that are missing.", hint=f"pip install 'lmos[{extra}]'")


class AgentFileNotFound(NotFound):
    """There is no file to load Agents from."""

    code: ClassVar[str] = "AgentFileNotFound"


class AgentFileBroken(InvalidInput):
    """A file with Agents cannot be imported."""

    code: ClassVar[str] = "AgentFileBroken"


class NoAgentsInFile(InvalidInput):
    """A file was imported and declares no Agent."""

    code: ClassVar[str] = "NoAgentsInFile"


class PortUnavailable(LmosError):
    """The address to listen on is taken or not ours."""

    code: ClassVar[str] = "PortUnavailable"
    exit_status: ClassVar[int] = 2
