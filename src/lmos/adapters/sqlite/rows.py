"""Turns and Conversations as rows."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from lmos.core.conversation import Choice, Turn, TurnStatus
from lmos.ports.store import ConversationState, TurnRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (
    "tenant, conversation, id, digest, channel, question, received_at,"
    " status, may_repeat, agent, error, seconds, decision, answer, failure"
)
"""What `record_in` reads, in its order; the last eight are what `progress_of` writes."""


def progress_of(record: TurnRecord) -> tuple[Any, ...]:
    """What changes while a Turn goes on, in the order of the columns."""
    turn = record.turn
    return (
        turn.status.value,
        record.may_repeat,
        turn.agent,
        turn.error,
        record.seconds,
        orjson.dumps(record.decision),
        None if record.answer is None else orjson.dumps(record.answer),
        None if record.failure is None else orjson.dumps(record.failure),
    )


def record_in(row: Sequence[Any]) -> TurnRecord:
    """The Turn of a row of `COLUMNS`."""
    tenant, conversation, id_, digest, channel, question, received_at, status, *rest = row
    may_repeat, agent, error, seconds, decision, answer, failure = rest
    said = None if answer is None else orjson.loads(answer)
    return TurnRecord(
        turn=Turn(
            tenant=tenant,
            channel=channel,
            conversation=conversation,
            id=id_,
            question=question,
            status=TurnStatus(status),
            agent=agent,
            answer=None if said is None else said["content"],
            error=error,
        ),
        digest=digest,
        received_at=datetime.fromisoformat(received_at),
        decision=orjson.loads(decision),
        answer=said,
        failure=None if failure is None else orjson.loads(failure),
        may_repeat=bool(may_repeat),
        seconds=seconds,
    )


def state_row(state: ConversationState) -> tuple[str, ...]:
    """A Conversation as its row; its messages are those of its Turns."""
    choices = None if state.choices is None else [choice.to_json() for choice in state.choices]
    return state.tenant, state.id, state.subset, state.agent, orjson.dumps(choices).decode()


def state_in(row: Sequence[str]) -> ConversationState:
    """The Conversation of such a row, without its messages."""
    tenant, id_, subset, agent, written = row
    read = orjson.loads(written)
    choices = None if read is None else tuple(Choice.from_json(each) for each in read)
    return ConversationState(tenant, id_, subset, agent, choices=choices)
