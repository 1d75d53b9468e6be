"""A Turn as a handler sees it: what was asked, by whom, what came before, and a way to say more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lmos.core.conversation import (
    CHANNEL_KEY,
    EVENTING_KEY,
    LANGUAGE_KEY,
    STREAMING_KEY,
    TENANT_KEY,
    TRUE,
    TURN_KEY,
    USER,
    AgentRequest,
    AgentResult,
    AgentResultType,
    KeyValue,
    Message,
    as_mapping,
    message_result,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lmos.arc.capability import Capability


class Turn:
    """
    One message of a user, waiting for a handler's answer.

    Attributes:
        text: The user's words.
        history: The messages before them, oldest first.
        capability: The Capability that answers, None under an Agent's own handler.
        memory: A dictionary that stays for this Conversation, in this process.
        system: The request's system context by key.
        profile: What is known about the user, by key.
        request: Everything as it came, with binary data and anonymization entities.
        trace: W3C trace headers of the caller, if it sent any.
        handed_to: Name of the Agent that shall answer instead, once `hand_over` was called.
    """

    def __init__(
        self,
        request: AgentRequest,
        *,
        capability: Capability | None,
        memory: dict[str, Any],
        trace: Mapping[str, str],
        publish: Callable[[AgentResult], None],
    ) -> None:
        self.request = request
        self.capability = capability
        self.memory = memory
        self.trace = trace
        self.system: Mapping[str, str] = as_mapping(request.system_context)
        self.profile: Mapping[str, str] = as_mapping(request.user_context.profile)
        self.handed_to: str | None = None
        self._publish = publish
        asked = question_at(request)
        self.text = request.messages[asked].content
        self.history: tuple[Message, ...] = request.messages[:asked]

    @property
    def id(self) -> str | None:
        """The Turn's id, if the caller gave one."""
        return self.request.conversation_context.turn_id or self.system.get(TURN_KEY)

    @property
    def conversation(self) -> str:
        """The Conversation's id."""
        return self.request.conversation_context.conversation_id

    @property
    def tenant(self) -> str | None:
        """The Tenant, if the caller said it."""
        return self.system.get(TENANT_KEY)

    @property
    def channel(self) -> str | None:
        """The Channel, if the caller said it."""
        return self.system.get(CHANNEL_KEY)

    @property
    def user(self) -> str | None:
        """The user's id, if known."""
        return self.request.user_context.user_id

    @property
    def language(self) -> str | None:
        """The user's language (`en`, `de`), if the caller said it under the key `language`."""
        return self.system.get(LANGUAGE_KEY)

    @property
    def is_streamed(self) -> bool:
        """Whether the caller takes intermediate messages (system context `streaming=true`)."""
        return self.system.get(STREAMING_KEY) == TRUE

    def emit(self, text: str) -> None:
        """
        Say something on the way to the answer ("One moment, I am looking it up ...").

        It is sent at once to a caller that streams and dropped for one that does not: the original's runtime
        takes any message for the answer. Callable from a worker thread.
        """
        if self.is_streamed:
            self._publish(message_result(text, type_=AgentResultType.INTERMEDIATE_MESSAGE, turn=self.id))

    def hand_over(self, agent: str) -> None:
        """
        Leave the Turn to another Agent of the Channel, by its name; what the handler returns is not told.

        The runtime asks it with the same messages. It follows at most three hand-overs of one Turn, and
        asks no Agent twice. A runtime of the original tells the user what the handler returns.
        """
        self.handed_to = agent

    def event(self, type_: str, data: str = "{}") -> None:
        """Tell a caller that asked for events (`enableEventing=true`) what happened; `data` is JSON text."""
        if self.system.get(EVENTING_KEY) == TRUE:
            context = (KeyValue(key="eventType", value=type_), KeyValue(key="eventData", value=data))
            self._publish(AgentResult(messages=(), context=context, type=AgentResultType.EVENT))


def question_at(request: AgentRequest) -> int:
    """The index of the user's latest message, -1 if there is none."""
    messages = request.messages
    return next((at for at in range(len(messages) - 1, -1, -1) if messages[at].role == USER), -1)
