"""What the router is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmos.core.conversation import ASSISTANT, USER

if TYPE_CHECKING:
    from lmos.core.conversation import Choice, Message


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """
    One Turn to route.

    Attributes:
        text: The user's message.
        explicit_agent: The Agent that the caller names; no choice is made then.
        current_agent: The Agent that answered the Conversation's last Turn.
        history: What was said before, oldest first.
        choices: What the user was offered to choose from, where the router asked back last; None where an
            Agent answered.
        tenant: Whose user it is, as language models are told.
    """

    text: str
    explicit_agent: str = ""
    current_agent: str = ""
    history: tuple[Message, ...] = ()
    choices: tuple[Choice, ...] | None = None
    tenant: str = ""

    @property
    def earlier(self) -> tuple[str, ...]:
        """The user's earlier messages, oldest first."""
        return tuple(message.content for message in self.history if message.role == USER)

    @property
    def last_reply(self) -> str:
        """What was said to the user last; empty where that was nothing yet."""
        return next((said.content for said in reversed(self.history) if said.role == ASSISTANT), "")
