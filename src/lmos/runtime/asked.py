"""One message of a user as a door received it: checked, and read in the ways that a Turn needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from lmos.core.conversation import USER, Conversation, Turn, agent_request, last_of
from lmos.core.errors import InvalidInput
from lmos.ports.store import TurnKey
from lmos.router import RouteRequest

if TYPE_CHECKING:
    from lmos.core.conversation import AgentRequest, Message
    from lmos.core.protocols.trace_context import TraceContext
    from lmos.ports.store import ConversationState
    from lmos.router import RouteDecision

LONGEST_NAME = 256
MOST_MESSAGES = 1000

_UNREADABLE = "\N{REPLACEMENT CHARACTER}"


class InvalidTurn(InvalidInput):
    """A Turn cannot be taken as it was sent."""

    code: ClassVar[str] = "InvalidTurn"


@dataclass(frozen=True)
class Asked:
    """
    One Turn as it was asked for.

    Attributes:
        subset: The Subset that the client asks for; a Conversation that has one keeps its own.
        caller: The client's place in a trace, where it has one.

    Raises:
        InvalidTurn: A name cannot be used, or there is no message to route or too many.
    """

    tenant: str
    conversation: str
    turn: str
    body: Conversation
    subset: str = ""
    caller: TraceContext | None = None

    def __post_init__(self) -> None:
        names = {
            "tenant": self.tenant,
            "conversation": self.conversation,
            "x-turn-id": self.turn,
            "channelId": self.channel,
        }
        if self.body.input_context.explicit_agent:
            names["explicitAgent"] = self.body.input_context.explicit_agent
        for field, name in names.items():
            _check_name(field, name)
        context = self.body.input_context
        if len(context.messages) > MOST_MESSAGES:
            raise InvalidTurn(
                f"There are {len(context.messages)} messages, more than {MOST_MESSAGES}.",
                hint="Send the last ones; a Conversation remembers the others.",
            )
        if last_of(context.messages, USER) is None and not context.explicit_agent:
            raise InvalidTurn(
                "There is no message of the user.",
                hint="Send one with role: user, or name an explicitAgent that speaks first.",
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return Asked, (self.tenant, self.conversation, self.turn, self.body, self.subset, self.caller)

    @property
    def channel(self) -> str:
        """The Channel through which the user speaks."""
        return self.body.system_context.channel_id

    @cached_property
    def _question(self) -> Message | None:
        return last_of(self.body.input_context.messages, USER)

    @cached_property
    def text(self) -> str:
        """The user's message, empty where an Agent is asked to speak first."""
        return self._question.content if self._question else ""

    @cached_property
    def key(self) -> TurnKey:
        """What tells this Turn from every other."""
        said = hashlib.blake2b(self.text.encode(), digest_size=8)
        for file in (self._question.binary_data if self._question else None) or ():
            # The same words with another picture are another message.
            said.update(file.to_json())
        return TurnKey(self.tenant, self.conversation, self.turn, said.hexdigest())

    def received(self) -> Turn:
        """The Turn at its beginning."""
        return Turn(
            tenant=self.tenant,
            channel=self.channel,
            conversation=self.conversation,
            id=self.turn,
            question=self.text,
        )

    def to_route(self, state: ConversationState | None) -> RouteRequest:
        """What the router is asked, in a Conversation that stands at `state`."""
        if explicit := self.body.input_context.explicit_agent:
            return RouteRequest(self.text, explicit_agent=explicit)
        messages = self._history(state) + self.body.input_context.messages
        last = max(index for index, message in enumerate(messages) if message.role == USER)
        return RouteRequest(
            self.text,
            current_agent=state.agent if state else "",
            history=messages[:last],
            choices=state.choices if state else None,
            tenant=self.tenant,
        )

    def to_ask(self, state: ConversationState | None, decision: RouteDecision) -> AgentRequest:
        """What the Agent of `decision` is asked, in a Conversation that stands at `state`."""
        return agent_request(
            self.body,
            tenant=self.tenant,
            conversation=self.conversation,
            turn=self.turn,
            history=self._history(state),
            capability=decision.capability or None,
            language=decision.language,
            streaming=True,
        )

    def _history(self, state: ConversationState | None) -> tuple[Message, ...]:
        """The Conversation's last messages, unless the client sends its own."""
        sends_its_own = len(self.body.input_context.messages) > 1
        return () if state is None or sends_its_own else state.messages


def _check_name(field: str, name: str) -> None:
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or "/" in name or _UNREADABLE in name:
        raise InvalidTurn(
            f"The {field} {name[:40]!r} cannot be used.",
            hint=f"Use 1 to {LONGEST_NAME} printable characters without a slash.",
        )
