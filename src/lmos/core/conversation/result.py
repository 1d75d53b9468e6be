"""What an Agent answers, and what the runtime makes of it."""

from __future__ import annotations

import re
from enum import StrEnum
from operator import not_

from pydantic import Field

from lmos.core.conversation.message import ASSISTANT, TEXT, Message
from lmos.core.conversation.wire import AnonymizationEntity, KeyValue, WireModel

PIECE = KeyValue(key="kind", value="piece")
"""Marks an intermediate message that is a piece of the answer; the final message repeats the whole."""

_HANDED_OVER = re.compile(r"AGENT_HANDOVER\[(.*)\]")


def handover_status(agent: str) -> str:
    """The status of a result that leaves the Turn to the Agent of that name."""
    return f"AGENT_HANDOVER[{agent}]"


class AgentResultType(StrEnum):
    """What a result is; an Agent of before ARC 0.200 does not say it."""

    MESSAGE = "MESSAGE"
    INTERMEDIATE_MESSAGE = "INTERMEDIATE_MESSAGE"
    EVENT = "EVENT"
    ERROR = "ERROR"


class ToolCall(WireModel):
    """A tool that the Agent called; `arguments` is JSON text."""

    name: str
    arguments: str


class AgentResult(WireModel):
    """One result of a Turn (GraphQL `AgentResult`); `response_time` is in seconds, -1.0 if unknown."""

    status: str | None = None
    response_time: float = -1.0
    messages: tuple[Message, ...]
    anonymization_entities: tuple[AnonymizationEntity, ...] | None = None
    context: tuple[KeyValue, ...] | None = None
    tool_calls: tuple[ToolCall, ...] | None = None
    type: AgentResultType | None = None

    @property
    def text(self) -> str:
        """The words of all messages, a line each; the original keeps the first and loses the others."""
        return "\n".join(message.content for message in self.messages if message.content)

    @property
    def is_final(self) -> bool:
        """Whether this ends the Agent's work: a message, error or hand-over, or untyped with messages."""
        if self.type is None:
            return bool(self.messages) or self.handed_to is not None
        return self.type in {AgentResultType.MESSAGE, AgentResultType.ERROR}

    @property
    def handed_to(self) -> str | None:
        """The Agent that shall answer instead, of a status `AGENT_HANDOVER[name]`; else None."""
        found = _HANDED_OVER.fullmatch(self.status or "")
        return found[1].strip() if found else None

    @property
    def is_piece(self) -> bool:
        """Whether this is a streamed piece of the answer rather than a remark on the way to it."""
        return self.type is AgentResultType.INTERMEDIATE_MESSAGE and PIECE in (self.context or ())


class AssistantMessage(WireModel):
    """
    What a client hears: the runtime's answer to a Turn, or a remark on the way to it.

    `content` is all its words. `messages` are what the Agent sent, where words alone would lose something
    of it; they are left out on the wire where `content` says it all, as in the original.
    """

    content: str
    anonymization_entities: tuple[AnonymizationEntity, ...] | None = ()
    messages: tuple[Message, ...] = Field(default=(), exclude_if=not_)

    @property
    def said(self) -> tuple[Message, ...]:
        """All of it as messages, at least one."""
        return self.messages or (Message(role=ASSISTANT, content=self.content),)


def assistant_message(result: AgentResult) -> AssistantMessage:
    """The client's view of `result`."""
    is_all_said = len(result.messages) == 1 and _is_plain(result.messages[0])
    return AssistantMessage(
        content=result.text,
        anonymization_entities=result.anonymization_entities,
        messages=() if is_all_said else result.messages,
    )


def _is_plain(message: Message) -> bool:
    """Whether a message is its words and nothing else."""
    return message.role == ASSISTANT and message.format == TEXT and not message.binary_data


def message_result(
    text: str,
    *,
    type_: AgentResultType = AgentResultType.MESSAGE,
    turn: str | None = None,
    response_time: float = -1.0,
    context: tuple[KeyValue, ...] | None = None,
) -> AgentResult:
    """A result with one message of the assistant."""
    return AgentResult(
        response_time=response_time,
        messages=(Message(role=ASSISTANT, content=text, turn_id=turn),),
        context=context,
        type=type_,
    )
