"""Turns as A2A Tasks: while they run, and from what is kept of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lmos.core.conversation import AssistantMessage
from lmos.core.protocols.a2a.writing import CANCELED, COMPLETED, FAILED, WORKING, TaskWriter
from lmos.runtime.failure import Failure, TurnCancelled
from lmos.runtime.running import Answered, Delta, Failed, Finished, HandedOver, Remark, Started

if TYPE_CHECKING:
    from lmos.core.conversation import Message
    from lmos.ports.store import TurnRecord
    from lmos.runtime.running import TurnEvent

    # The state of a Task, what it says, and what goes under the extension.
    _Ending = tuple[str, tuple[Message, ...], dict[str, Any]]


def task_of(record: TurnRecord) -> dict[str, Any]:
    """The Task that is kept; one without an end has been interrupted unless it is under way."""
    writer = TaskWriter(record.turn.conversation, record.turn.id)
    if record.answer is None:
        return writer.whole(*_failure(Failure.of_record(record)))
    return writer.whole(*_answer(record))


def task_under_way(conversation: str, turn: str) -> dict[str, Any]:
    """The Task of a Turn that has not ended."""
    return TaskWriter(conversation, turn).whole(WORKING)


def failed_task(conversation: str, turn: str, failure: Failure) -> dict[str, Any]:
    """The Task of a Turn that has just failed."""
    return TaskWriter(conversation, turn).whole(*_failure(failure))


def events_of(event: TurnEvent, writer: TaskWriter) -> tuple[dict[str, Any], ...]:
    """What a client hears of one event."""
    match event:
        case Delta(text):
            return (writer.piece(text),)
        case Remark(message):
            return (writer.remark(message.said),)
        case HandedOver():
            writer.start_again()
            return ()
        case Finished(record):
            return writer.ended(*_answer(record))
        case Failed(failure):
            return writer.ended(*_failure(failure))
        case Started() | Answered():
            return ()


def _answer(record: TurnRecord) -> _Ending:
    """An Agent's words of regret are what a failed Task says."""
    answer = AssistantMessage.model_validate(record.answer)
    told = {
        "agent": record.turn.agent,
        "stage": record.decision.get("stage"),
        "reason": record.decision.get("reason"),
        "anonymizationEntities": [each.to_wire() for each in answer.anonymization_entities or ()],
        "code": record.turn.error,
    }
    state = FAILED if record.turn.error else COMPLETED
    return state, answer.said, {key: value for key, value in told.items() if value}


def _failure(failure: Failure) -> _Ending:
    told = {
        "code": failure.code,
        "hint": failure.hint,
        "retryAfterSeconds": failure.retry_after_seconds,
    }
    state = CANCELED if failure.code == TurnCancelled.code else FAILED
    said = AssistantMessage(content=failure.message).said
    return state, said, {key: value for key, value in told.items() if value}
