"""Conversations as values: messages, Turns, what an Agent is asked and what it answers."""

from __future__ import annotations

from lmos.core.conversation.choice import Choice
from lmos.core.conversation.handover import MOST_HANDOVERS, HandOverFailed, hand_over
from lmos.core.conversation.message import ASSISTANT, ROLES, SYSTEM, USER, BinaryData, Message, last_of
from lmos.core.conversation.ownership import owner_of
from lmos.core.conversation.record_text import TELL_ALL, WITHHELD, InvalidRecordText, RecordText, TextLevel
from lmos.core.conversation.request import (
    CAPABILITY_KEY,
    CHANNEL_KEY,
    EVENTING_KEY,
    LANGUAGE_KEY,
    STREAMING_KEY,
    TENANT_KEY,
    TRUE,
    TURN_KEY,
    AgentRequest,
    AgentUserContext,
    Conversation,
    ConversationContext,
    InputContext,
    SystemContext,
    UserContext,
    agent_request,
)
from lmos.core.conversation.result import (
    PIECE,
    AgentResult,
    AgentResultType,
    AssistantMessage,
    ToolCall,
    assistant_message,
    handover_status,
    message_result,
)
from lmos.core.conversation.retention import InvalidRetention, Retention
from lmos.core.conversation.turn import TRANSITIONS, IllegalTransition, Turn, TurnStatus, advance
from lmos.core.conversation.wire import AnonymizationEntity, KeyValue, as_mapping

__all__ = [
    "ASSISTANT",
    "CAPABILITY_KEY",
    "CHANNEL_KEY",
    "EVENTING_KEY",
    "LANGUAGE_KEY",
    "MOST_HANDOVERS",
    "PIECE",
    "ROLES",
    "STREAMING_KEY",
    "SYSTEM",
    "TELL_ALL",
    "TENANT_KEY",
    "TRANSITIONS",
    "TRUE",
    "TURN_KEY",
    "USER",
    "WITHHELD",
    "AgentRequest",
    "AgentResult",
    "AgentResultType",
    "AgentUserContext",
    "AnonymizationEntity",
    "AssistantMessage",
    "BinaryData",
    "Choice",
    "Conversation",
    "ConversationContext",
    "HandOverFailed",
    "IllegalTransition",
    "InputContext",
    "InvalidRecordText",
    "InvalidRetention",
    "KeyValue",
    "Message",
    "RecordText",
    "Retention",
    "SystemContext",
    "TextLevel",
    "ToolCall",
    "Turn",
    "TurnStatus",
    "UserContext",
    "advance",
    "agent_request",
    "as_mapping",
    "assistant_message",
    "hand_over",
    "handover_status",
    "last_of",
    "message_result",
    "owner_of",
]
