"""A Turn as it is kept, step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lmos.core.conversation import TurnStatus, advance
from lmos.ports.agents import AgentLost, AgentUnavailable
from lmos.ports.store import TurnRecord
from lmos.router.recording import as_recorded
from lmos.runtime.failure import TurnCancelled

if TYPE_CHECKING:
    from lmos.core.conversation import AssistantMessage, TextLevel
    from lmos.core.errors import LmosError
    from lmos.router import RouteDecision
    from lmos.runtime.failure import Failure


def routed(
    record: TurnRecord, decision: RouteDecision, noted: dict[str, str], level: TextLevel
) -> TurnRecord:
    """
    The Turn on its way to the Agent that was chosen, if one was, with what is noted beside that.

    What the decision quotes of the Turn is kept as far as `level` allows.
    """
    turn = record.turn
    if decision.agent is not None:
        turn = advance(advance(turn, TurnStatus.ROUTED, agent=decision.agent), TurnStatus.ASKED)
    return TurnRecord(turn, record.digest, record.received_at, as_recorded(decision.to_json(), level) | noted)


def handed_over(record: TurnRecord, decision: RouteDecision) -> TurnRecord:
    """The Turn on its way to another Agent."""
    turn = advance(record.turn, TurnStatus.ASKED, agent=decision.agent)
    # The rest was decided before, and may be kept in other words than these.
    changed = {
        "agent": decision.agent,
        "capability": decision.capability,
        "handed_over_by": decision.handed_over_by,
    }
    return replace(record, turn=turn, decision=record.decision | changed)


def answered(record: TurnRecord, message: AssistantMessage, error: str | None, seconds: float) -> TurnRecord:
    """The Turn at its end, with its answer and the code of an error that it stands for."""
    turn = advance(record.turn, TurnStatus.ANSWERED, answer=message.content, error=error)
    return TurnRecord(
        turn, record.digest, record.received_at, record.decision, message.to_wire(), seconds=seconds
    )


def failed(record: TurnRecord, failure: Failure, error: LmosError, seconds: float) -> TurnRecord:
    """The Turn at its end; it may be repeated where it is certain that no Agent has begun it."""
    status = TurnStatus.CANCELLED if isinstance(error, TurnCancelled) else TurnStatus.FAILED
    is_handed_over = bool(record.decision.get("handed_over_by"))
    was_reached = is_handed_over or not isinstance(error, AgentUnavailable) or isinstance(error, AgentLost)
    return replace(
        record,
        turn=advance(record.turn, status, error=failure.code),
        failure=failure.to_json(),
        may_repeat=status is TurnStatus.FAILED
        and not (record.turn.status is TurnStatus.ASKED and was_reached),
        seconds=seconds,
    )
