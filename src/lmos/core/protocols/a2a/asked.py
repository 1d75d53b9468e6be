"""An A2A Message as the Turn that it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from lmos.core.conversation import (
    USER,
    AnonymizationEntity,
    Conversation,
    InputContext,
    KeyValue,
    SystemContext,
    UserContext,
)
from lmos.core.conversation.wire import WireModel
from lmos.core.protocols.a2a.calls import INVALID_PARAMETERS, CallRefused
from lmos.core.protocols.a2a.question import EXTENSION
from lmos.core.protocols.a2a.wire import spoken

if TYPE_CHECKING:
    from lmos.core.protocols.a2a.calls import Sent

ANONYMOUS = "anonymous"


class _Told(WireModel):
    """What a client may say under the extension; `question.py` says the same to Agents."""

    language: str | None = None
    system_context: dict[str, str] | None = None
    user_id: str | None = None
    user_profile: dict[str, str] | None = None
    anonymization_entities: tuple[AnonymizationEntity, ...] | None = None


def conversation_of(sent: Sent, channel: str) -> Conversation:
    """
    The body of the chat door that asks the same.

    Raises:
        CallRefused: What it says under the extension cannot be read.
    """
    try:
        told = _Told.model_validate(sent.metadata.get(EXTENSION) or {})
    except ValidationError as error:
        hint = "Leave the extension out, or see docs/reference/a2a.md."
        raise CallRefused(INVALID_PARAMETERS, f"The metadata of {EXTENSION} are none.", hint=hint) from error
    system = {**(told.system_context or {}), **({"language": told.language} if told.language else {})}
    asked = spoken(sent.parts, between="\n", turn=None)
    return Conversation(
        input_context=InputContext(
            messages=(asked.model_copy(update={"role": USER}),),
            anonymization_entities=told.anonymization_entities,
        ),
        system_context=SystemContext(channel_id=channel, context_params=_entries(system)),
        user_context=UserContext(
            user_id=told.user_id or ANONYMOUS, context_params=_entries(told.user_profile or {})
        ),
    )


def _entries(values: dict[str, str]) -> tuple[KeyValue, ...]:
    return tuple(KeyValue(key=key, value=value) for key, value in values.items())
