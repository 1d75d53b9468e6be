"""A request in OpenAI's shape as the Turn that it asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lmos.core.conversation import (
    SYSTEM,
    Conversation,
    InputContext,
    KeyValue,
    Message,
    SystemContext,
    UserContext,
)
from lmos.core.protocols.openai.model_name import ModelName
from lmos.core.protocols.openai.requests import LmosFields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lmos.core.protocols.openai.requests import Asking, Said

INSTRUCTIONS_KEY = "instructions"
"""Key of the Agent's `systemContext` under which the client's system messages arrive."""

ANONYMOUS = "anonymous"

_ROLES = {"developer": SYSTEM}


@dataclass(frozen=True, slots=True)
class Question:
    """
    One Turn that a client asks for.

    Attributes:
        model: Tenant and Channel, and the Agent if the client names one.
        body: The Turn as at the chat door.
        is_streamed: Whether the answer is wanted as it comes.
        wants_usage: Whether a stream shall end with a count of tokens.
        previous: The id of the response that this one continues.
        metadata: What the client wants to see again.
    """

    model: ModelName
    body: Conversation
    is_streamed: bool
    wants_usage: bool = False
    previous: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


def conversation_of(asking: Asking, said: Iterable[Said], instructions: str | None = None) -> Conversation:
    """
    The body of the chat door that asks the same.

    System messages do not go among the messages: Agents of the original fail on them, and none takes
    orders from strangers. They arrive beside them, as `instructions`, for Agents that look there.

    Raises:
        ModelNotFound: The model is no Channel's or Agent's name.
    """
    model = ModelName.parse(asking.model)
    messages = [Message(role=_ROLES.get(each.role, each.role), content=each.content) for each in said]
    orders = [instructions] if instructions else []
    orders += [message.content for message in messages if message.role == SYSTEM]
    more = asking.lmos or LmosFields()
    told = (KeyValue(key=INSTRUCTIONS_KEY, value="\n".join(orders)),) if orders else ()
    return Conversation(
        input_context=InputContext(
            messages=tuple(message for message in messages if message.role != SYSTEM),
            explicit_agent=model.agent,
            anonymization_entities=more.anonymization_entities,
        ),
        system_context=SystemContext(channel_id=model.channel, context_params=more.context_params + told),
        user_context=UserContext(
            user_id=asking.user or asking.safety_identifier or ANONYMOUS, user_token=more.user_token
        ),
    )
