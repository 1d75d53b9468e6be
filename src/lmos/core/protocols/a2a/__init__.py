"""A2A 1.x as values, from both sides: Agents that are asked, and clients that ask."""

from __future__ import annotations

from lmos.core.protocols.a2a.answer import AnswerReader, TaskUnfinished
from lmos.core.protocols.a2a.asked import conversation_of
from lmos.core.protocols.a2a.calls import (
    Call,
    CallRefused,
    answer_to,
    call_in,
    refusal_of,
    sending_in,
    task_in,
)
from lmos.core.protocols.a2a.card import Skill, card_of
from lmos.core.protocols.a2a.question import EXTENSION, message_of
from lmos.core.protocols.a2a.writing import TaskWriter, turn_in

__all__ = [
    "EXTENSION",
    "AnswerReader",
    "Call",
    "CallRefused",
    "Skill",
    "TaskUnfinished",
    "TaskWriter",
    "answer_to",
    "call_in",
    "card_of",
    "conversation_of",
    "message_of",
    "refusal_of",
    "sending_in",
    "task_in",
    "turn_in",
]
