"""The record of a Turn with as much of what was said as its Tenant allows to be told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lmos.core.conversation import AssistantMessage, TextLevel
from lmos.ports.store import TEXT_KEPT, TEXT_MASKED

if TYPE_CHECKING:
    from lmos.core.conversation import RecordText
    from lmos.ports.store import TurnRecord

_QUOTING = frozenset({"llm", "clarify"})
"""Stages whose reasons a language model may have worded, or may have broken."""

_NO_REASON = "The words of a language model are withheld."


def level_of(record: TurnRecord, record_text: RecordText) -> TextLevel:
    """What may be told of a Turn: as much as was allowed when it was kept, and is allowed now."""
    return _level_when_kept(record.decision).or_stricter(record_text.of(record.turn.tenant))


def as_recorded(decision: dict[str, Any], level: TextLevel) -> dict[str, Any]:
    """
    A decision as it is kept: words that quote what was said are told as far as `level` allows.

    Such are the clarifying question and the reasons of a language model. A level other than `ALL` is kept
    with it, so that it holds wherever the record is read.
    """
    if level is TextLevel.ALL or not decision:
        return decision
    passed = [
        each | {"reason": _reason(each["reason"], level, is_quoting=each["stage"] in _QUOTING)}
        for each in decision.get("passed", ())
    ]
    reason = _reason(decision.get("reason", ""), level, is_quoting=bool(decision.get("model")))
    question = level.tell(decision.get("question", ""))
    mark = {TEXT_KEPT: False} if level is TextLevel.NONE else {TEXT_MASKED: True}
    return decision | {"reason": reason, "question": question, "passed": passed} | mark


def as_told(record: TurnRecord, level: TextLevel) -> TurnRecord:
    """A Turn as operators are shown it: question, answer, failure and decision as far as `level` allows."""
    if level is TextLevel.ALL:
        return record
    turn = record.turn
    failure = record.failure and record.failure | {"message": level.tell(record.failure.get("message", ""))}
    return replace(
        record,
        turn=replace(
            turn,
            question=level.tell(turn.question),
            answer=None if turn.answer is None else level.tell(turn.answer),
        ),
        answer=record.answer and _answer(record.answer, level),
        failure=failure,
        decision=as_recorded(record.decision, level),
    )


def _level_when_kept(decision: dict[str, Any]) -> TextLevel:
    if decision.get(TEXT_KEPT) is False:
        return TextLevel.NONE
    return TextLevel.MASKED if decision.get(TEXT_MASKED) else TextLevel.ALL


def _reason(reason: str, level: TextLevel, *, is_quoting: bool) -> str:
    # Our own sentences hold Agents' names and nothing to withhold.
    return _NO_REASON if is_quoting and level is TextLevel.NONE else TextLevel.MASKED.tell(reason)


def _answer(answer: dict[str, Any], level: TextLevel) -> dict[str, Any]:
    """Its words; files and the values behind anonymized names may hold anything, and are left out."""
    said = AssistantMessage.model_validate(answer)
    messages = said.messages if level is TextLevel.MASKED else ()
    told = AssistantMessage(
        content=level.tell(said.content),
        messages=tuple(
            each.model_copy(update={"content": level.tell(each.content), "binary_data": None})
            for each in messages
        ),
    )
    return told.to_wire()
