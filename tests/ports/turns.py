"""Turns as a ConversationStore keeps them, in short words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lmos.core.conversation import AssistantMessage, Turn, TurnStatus, advance
from lmos.ports.store import ConversationState, TurnRecord

if TYPE_CHECKING:
    from lmos.ports.store import ConversationStore

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


def record(
    turn: str = "t1",
    question: str = "how much?",
    *,
    tenant: str = "acme",
    conversation: str = "c1",
    digest: str = "d1",
) -> TurnRecord:
    begun = Turn(tenant=tenant, channel="web", conversation=conversation, id=turn, question=question)
    return TurnRecord(begun, digest, NOON)


def answered(begun: TurnRecord, text: str = "42 euros") -> TurnRecord:
    routed = advance(begun.turn, TurnStatus.ROUTED, agent="billing")
    over = advance(advance(routed, TurnStatus.ASKED), TurnStatus.ANSWERED, answer=text)
    answer = AssistantMessage(content=text).to_wire()
    return replace(
        begun, turn=over, answer=answer, decision={"agent": "billing", "deep": [1.5]}, seconds=0.25
    )


def failed(begun: TurnRecord, *, may_repeat: bool = False) -> TurnRecord:
    over = advance(begun.turn, TurnStatus.FAILED, error="AgentFailed")
    return replace(begun, turn=over, failure={"code": "AgentFailed"}, may_repeat=may_repeat)


def state(begun: TurnRecord, subset: str = "stable", agent: str = "billing") -> ConversationState:
    return ConversationState(begun.turn.tenant, begun.turn.conversation, subset, agent)


async def keep(store: ConversationStore, over: TurnRecord, subset: str = "stable") -> None:
    begun = record(
        over.turn.id, over.turn.question, tenant=over.turn.tenant, conversation=over.turn.conversation
    )
    await store.begin(replace(begun, digest=over.digest))
    await store.finish(over, state(over, subset) if over.answer else None)
