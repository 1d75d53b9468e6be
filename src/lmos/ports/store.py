"""Where Conversations and their Turns are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from lmos.core.errors import TemporaryError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lmos.core.conversation import Message, Turn


class TurnKey(NamedTuple):
    """
    Which Turn of whom.

    `digest` is of the message: clients that send one constant id with every message ask new Turns.
    """

    tenant: str
    conversation: str
    turn: str
    digest: str


@dataclass(frozen=True, slots=True)
class ConversationState:
    """What a Conversation remembers from its Turns: its Subset, its current Agent, its last messages."""

    tenant: str
    id: str
    subset: str
    agent: str = ""
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """
    A Turn as it is kept, with the decision that sent it where it went.

    Attributes:
        decision: `RouteDecision.to_json()`; empty until the Turn is routed.
        answer: `AssistantMessage` as plain JSON; None until answered.
        seconds: From the message to the answer.
    """

    turn: Turn
    digest: str
    received_at: datetime
    decision: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] | None = None
    seconds: float = 0.0

    @property
    def key(self) -> TurnKey:
        """What tells it from every other Turn."""
        return TurnKey(self.turn.tenant, self.turn.conversation, self.turn.id, self.digest)


class ConversationStore(Protocol):
    """
    Keeps Conversations and Turns; what a method has returned from survives the process.

    Every method may raise `StoreUnavailable`.
    """

    async def begin(self, record: TurnRecord) -> TurnRecord | None:
        """Keep a new Turn; returns the record that is there already, if the key was begun before."""
        ...

    async def finish(self, record: TurnRecord, state: ConversationState | None) -> None:
        """
        Keep how a Turn that was begun has ended, and what its Conversation comes to, both or neither.

        Without `state` the Conversation stays as it was. The messages of `state` are not kept: they are
        those of its Turns.
        """
        ...

    async def conversation(self, tenant: str, conversation: str, messages: int) -> ConversationState | None:
        """A Conversation with its last answered `messages`, oldest first; None where it has no Turn yet."""
        ...

    async def find(self, turn: str, tenant: str = "", conversation: str = "") -> Sequence[TurnRecord]:
        """The Turns of that id, newest first; of one Tenant and Conversation where they are named."""
        ...


class StoreUnavailable(TemporaryError):
    """Conversations can be neither read nor written at the moment."""

    code: ClassVar[str] = "StoreUnavailable"
    exit_status: ClassVar[int] = 74
