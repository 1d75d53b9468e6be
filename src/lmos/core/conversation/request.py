"""What a client asks the runtime, and what the runtime asks an Agent."""

from typing import Annotated

from pydantic import Field

from lmos.core.conversation.message import Message
from lmos.core.conversation.wire import AnonymizationEntity, KeyValue, WireModel

TENANT_KEY = "tenantId"
CHANNEL_KEY = "channelId"
TURN_KEY = "turnId"
CAPABILITY_KEY = "capability"
STREAMING_KEY = "streaming"
EVENTING_KEY = "enableEventing"
LANGUAGE_KEY = "language"
TRUE = "true"

RESERVED_KEYS = frozenset({TENANT_KEY, CHANNEL_KEY, TURN_KEY, CAPABILITY_KEY, STREAMING_KEY})
"""Keys of an Agent's `systemContext` that the runtime alone writes; a client's entries are dropped."""


class InputContext(WireModel):
    """The messages so far, the user's last; may name the Agent that shall answer."""

    messages: tuple[Message, ...]
    explicit_agent: str | None = None
    anonymization_entities: tuple[AnonymizationEntity, ...] | None = None


class SystemContext(WireModel):
    """The Channel through which the user speaks, and what the client's system knows."""

    channel_id: Annotated[str, Field(min_length=1)]
    context_params: tuple[KeyValue, ...] = ()


class UserContext(WireModel):
    """Who speaks, and what the client knows about them."""

    user_id: str
    user_token: str | None = None
    context_params: tuple[KeyValue, ...] = ()


class Conversation(WireModel):
    """The body of `POST /apis/v1/{tenant}/chat/{conversation}/message` (contract §2.1)."""

    input_context: InputContext
    system_context: SystemContext
    user_context: UserContext


class ConversationContext(WireModel):
    """Which Conversation and Turn an Agent is asked in."""

    conversation_id: str
    turn_id: str | None = None
    anonymization_entities: tuple[AnonymizationEntity, ...] | None = None


class AgentUserContext(WireModel):
    """The user as an Agent sees them."""

    user_id: str | None = None
    user_token: str | None = None
    profile: tuple[KeyValue, ...] = ()


class AgentRequest(WireModel):
    """
    One Turn as an Agent is asked (GraphQL `AgentRequestInput`).

    `system_context` and `user_context` may be left out by a client; the original refuses that.
    """

    messages: tuple[Message, ...]
    conversation_context: ConversationContext
    system_context: tuple[KeyValue, ...] = ()
    user_context: AgentUserContext = AgentUserContext()


def agent_request(
    body: Conversation,
    *,
    tenant: str,
    conversation: str,
    turn: str,
    history: tuple[Message, ...] = (),
    capability: str | None = None,
    language: str | None = None,
    streaming: bool = False,
) -> AgentRequest:
    """
    The question to an Agent for one Turn.

    Args:
        body: What the client sent.
        tenant: The authenticated Tenant, whatever the body says.
        conversation: Id of the Conversation.
        turn: Id of the Turn.
        history: What was said before the messages of `body`.
        capability: Name of the Capability that the router chose; spares the Agent its own choice.
        language: The user's language as far as recognised, `en` or `de`.
        streaming: Asks for intermediate messages; without it an Agent sends its final answer only.

    Source:
        Contract §2.5. The original forwards only `contextParams` and leaves `turnId` null; we add
        `tenantId`, `channelId` and `turnId`, so that an Agent can keep Tenants and Turns apart.
    """
    entries = tuple(entry for entry in body.system_context.context_params if entry.key not in RESERVED_KEYS)
    ours = {TENANT_KEY: tenant, CHANNEL_KEY: body.system_context.channel_id, TURN_KEY: turn}
    if capability:
        ours[CAPABILITY_KEY] = capability
    if language and LANGUAGE_KEY not in {entry.key for entry in entries}:
        ours[LANGUAGE_KEY] = language
    if streaming:
        ours[STREAMING_KEY] = TRUE
    return AgentRequest(
        messages=history + body.input_context.messages,
        conversation_context=ConversationContext(
            conversation_id=conversation,
            turn_id=turn,
            anonymization_entities=body.input_context.anonymization_entities,
        ),
        system_context=entries + tuple(KeyValue(key=key, value=value) for key, value in ours.items()),
        user_context=AgentUserContext(
            user_id=body.user_context.user_id,
            user_token=body.user_context.user_token,
            profile=body.user_context.context_params,
        ),
    )
