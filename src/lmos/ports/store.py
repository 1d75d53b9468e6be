"""Where Conversations and their Turns are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from pydantic import TypeAdapter

from lmos.core.conversation import ASSISTANT, USER, Message
from lmos.core.errors import TemporaryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from lmos.core.conversation import Choice, Turn

# One call of the validator for all of them: a model at a time takes several times as long.
_MESSAGES = TypeAdapter(tuple[Message, ...])


TRACE_ID = "trace_id"
"""Where a decision as it is kept says which trace the Turn has."""

MOVED = "moved"
"""Where it says why its Conversation went on elsewhere than it was."""

TEXT_KEPT = "text_kept"
"""Where it says false, its Tenant allowed no use of what was said."""

TEXT_MASKED = "text_masked"
"""Where it says true, its Tenant allowed the use of what was said with marks in place of personal values."""


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
    """
    What a Conversation remembers from its Turns.

    Attributes:
        agent: Who answered last.
        messages: The last ones.
        choices: What the user was offered to choose from, where the router asked back at last; None where an
            Agent answered.
    """

    tenant: str
    id: str
    subset: str
    agent: str = ""
    messages: tuple[Message, ...] = ()
    choices: tuple[Choice, ...] | None = None


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """
    A Turn as it is kept, with the decision that sent it where it went.

    Attributes:
        decision: `RouteDecision.to_json()` with the id of the Turn's trace; empty until the Turn is routed.
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


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    """A Conversation in a list: where it stands, how many Turns it has, and when the last one came."""

    id: str
    subset: str
    agent: str
    turns: int
    last_turn_at: datetime


class Begun(NamedTuple):
    """
    What became of keeping a new Turn.

    Attributes:
        present: The Turn that has that key already and may not be repeated; nothing was kept then.
        reuses_id: Whether another message of the same Conversation has its id.
    """

    present: TurnRecord | None = None
    reuses_id: bool = False


class Forgotten(NamedTuple):
    """
    What became of one step in forgetting a Tenant's Conversations.

    Attributes:
        gone: How many Conversations are gone for good.
        after: Where the next step begins; None when there is none.
    """

    gone: int
    after: str | None


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

    async def begin(self, record: TurnRecord) -> Begun:
        """Keep a new Turn as the newest; one of the same key that may be repeated makes way for it."""
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

    async def conversations(self, tenant: str, limit: int, after: str = "") -> Sequence[ConversationSummary]:
        """So many Conversations of a Tenant by id, those behind `after`; each has an answered Turn."""
        ...

    async def turns(
        self, tenant: str, conversation: str, limit: int, before: int | None = None
    ) -> Sequence[tuple[int, TurnRecord]]:
        """So many Turns of a Conversation with their numbers, the newest first, those below `before`."""
        ...

    async def forget(self, tenant: str, conversation: str) -> bool:
        """Remove a Conversation and all its Turns for good; says whether there was anything of it."""
        ...

    async def next_tenant(self, after: str) -> str | None:
        """The Tenant that comes next by name among those of whom anything is kept."""
        ...

    async def forget_idle(
        self, tenant: str, before: datetime, after: str, is_spared: Callable[[str], bool]
    ) -> Forgotten:
        """
        One step in removing the Conversations of a Tenant whose last Turn came before a moment.

        A step is short, however long Conversations are: what is left of one is for the next step. After
        the last one, nothing of what was removed is left.

        Args:
            tenant: Whose Conversations.
            before: The moment, aware.
            after: Where it begins, behind the Conversation of that id.
            is_spared: Says of a Conversation whether it must stay all the same, because a Turn is under way.
        """
        ...

    async def find(self, turn: str, conversation: tuple[str, str] | None = None) -> TurnRecord | None:
        """The newest Turn of that id, of one Tenant's Conversation or of any."""
        ...


class StoreUnavailable(TemporaryError):
    """Conversations can be neither read nor written at the moment."""

    code: ClassVar[str] = "StoreUnavailable"
    exit_status: ClassVar[int] = 74
