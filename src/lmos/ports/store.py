"""Where Conversations and their Turns are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from pydantic import TypeAdapter

from lmos.core.conversation import ASSISTANT, USER, Message
from lmos.core.errors import TemporaryError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from lmos.core.conversation import Turn

# One call of the validator for all of them: a model at a time takes several times as long.
_MESSAGES = TypeAdapter(tuple[Message, ...])


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
        failure: Why it failed, as plain JSON; None unless it did.
        may_repeat: Whether it failed before any Agent had begun, so that it may be sent again.
        seconds: From the message to the answer.
    """

    turn: Turn
    digest: str
    received_at: datetime
    decision: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] | None = None
    failure: dict[str, Any] | None = None
    may_repeat: bool = False
    seconds: float = 0.0

    @property
    def key(self) -> TurnKey:
        """What tells it from every other Turn."""
        return TurnKey(self.turn.tenant, self.turn.conversation, self.turn.id, self.digest)


def messages_of(turns: Iterable[tuple[str, str]]) -> tuple[Message, ...]:
    """What was said in Turns, each a question and its answer; without a question an Agent spoke first."""
    return _MESSAGES.validate_python(
        tuple(
            {"role": role, "content": content}
            for question, answer in turns
            for role, content in ((USER, question), (ASSISTANT, answer))
            if content or role is ASSISTANT
        )
    )


class ConversationStore(Protocol):
    """
    Keeps Conversations and Turns; what a method has returned from survives the process.

    Every method may raise `StoreUnavailable`; then nothing of it was kept.
    """

    async def begin(self, record: TurnRecord) -> TurnRecord | None:
        """
        Keep a new Turn as the newest; one of the same key that may be repeated makes way for it.

        Returns:
            The Turn that has that key already, where it may not be repeated; nothing is kept then.
        """
        ...

    async def finish(self, record: TurnRecord, state: ConversationState | None) -> None:
        """
        Keep how a Turn that was begun has ended, and what its Conversation comes to, both or neither.

        Without `state` the Conversation stays as it was. The messages of `state` are not kept: they are
        those of its Turns.
        """
        ...

    async def conversation(self, tenant: str, conversation: str, turns: int) -> ConversationState | None:
        """
        A Conversation with the messages of its last answered `turns`, oldest first.

        Returns:
            None where no Turn of it was answered yet.
        """
        ...

    async def find(self, turn: str, conversation: tuple[str, str] | None = None) -> TurnRecord | None:
        """The newest Turn of that id, of one Tenant's Conversation or of any."""
        ...


class StoreUnavailable(TemporaryError):
    """Conversations can be neither read nor written at the moment."""

    code: ClassVar[str] = "StoreUnavailable"
    exit_status: ClassVar[int] = 74
