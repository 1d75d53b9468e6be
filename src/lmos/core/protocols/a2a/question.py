"""A Turn as an A2A Message."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from lmos.core.conversation import (
    CAPABILITY_KEY,
    CHANNEL_KEY,
    LANGUAGE_KEY,
    STREAMING_KEY,
    TENANT_KEY,
    TURN_KEY,
    USER,
    as_mapping,
    last_of,
)
from lmos.core.protocols.a2a.wire import parts_of

if TYPE_CHECKING:
    from lmos.core.conversation import AgentRequest, Message

EXTENSION = "urn:lmos:a2a:turn:1"
"""The A2A extension whose metadata hold what of a Turn has no place in A2A, both ways."""

_NAMED_KEYS = (TENANT_KEY, CHANNEL_KEY, TURN_KEY, CAPABILITY_KEY, LANGUAGE_KEY)


def message_of(request: AgentRequest) -> dict[str, Any]:
    """
    The user's message as the JSON of an A2A `Message`.

    Its text and files are the parts; all else is in the metadata under `EXTENSION`. The user's token is not:
    A2A sends credentials in HTTP headers, by the card's security schemes. `contextId` names the Tenant too,
    since Conversations of two Tenants may have the same id, and an Agent keeps what it remembers by it. The
    same Turn has the same `messageId` however often it is sent.

    Source:
        A2A 1.0 §4.1.4, §4.1.6 and §4.6.
    """
    system = as_mapping(request.system_context)
    conversation = request.conversation_context.conversation_id
    tenant = system.get(TENANT_KEY, "")
    asked = last_of(request.messages, USER)
    context = f"{tenant}:{conversation}" if tenant else conversation
    return {
        "messageId": _message_id(context, request, asked),
        "contextId": context,
        "role": "ROLE_USER",
        # The Agent speaks first where nothing is asked; a Message has at least one part.
        "parts": parts_of(asked) if asked else [{"text": ""}],
        "extensions": [EXTENSION],
        "metadata": {EXTENSION: _metadata(request, asked, system)},
    }


def _message_id(context: str, request: AgentRequest, asked: Message | None) -> str:
    """The Turn's id alone would not do: clients of the original send constant ones."""
    turn, place = request.conversation_context.turn_id or "", str(len(request.messages))
    told = "\0".join((context, turn, place, asked.content if asked else ""))
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def _metadata(request: AgentRequest, asked: Message | None, system: dict[str, str]) -> dict[str, Any]:
    """What there is; empty values are left out."""
    where, user = request.conversation_context, request.user_context
    said: dict[str, Any] = {key: system.get(key) for key in _NAMED_KEYS}
    said |= {
        "conversationId": where.conversation_id,
        "turnId": where.turn_id or system.get(TURN_KEY),
        "systemContext": {
            key: value for key, value in system.items() if key not in {*_NAMED_KEYS, STREAMING_KEY}
        },
        "userId": user.user_id,
        "userProfile": as_mapping(user.profile),
        "anonymizationEntities": [each.to_wire() for each in where.anonymization_entities or ()],
        "history": [
            {"role": message.role, "content": message.content}
            for message in request.messages
            if message is not asked
        ],
    }
    return {key: value for key, value in said.items() if value}
