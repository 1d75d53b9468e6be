"""One message of a user and its answer: a value, and a table of the ways it may take."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from lmos.core.errors import Conflict


class TurnStatus(StrEnum):
    """How far a Turn has come."""

    RECEIVED = "received"
    ROUTED = "routed"
    ASKED = "asked"
    ANSWERED = "answered"
    FAILED = "failed"
    CANCELLED = "cancelled"


TRANSITIONS: dict[TurnStatus, frozenset[TurnStatus]] = {
    # A Turn that no Agent fits is answered with a clarifying question, without being routed.
    TurnStatus.RECEIVED: frozenset(
        {TurnStatus.ROUTED, TurnStatus.ANSWERED, TurnStatus.FAILED, TurnStatus.CANCELLED}
    ),
    TurnStatus.ROUTED: frozenset({TurnStatus.ASKED, TurnStatus.FAILED, TurnStatus.CANCELLED}),
    # An Agent may hand the Turn over to another one.
    TurnStatus.ASKED: frozenset(
        {TurnStatus.ASKED, TurnStatus.ANSWERED, TurnStatus.FAILED, TurnStatus.CANCELLED}
    ),
    TurnStatus.ANSWERED: frozenset(),
    TurnStatus.FAILED: frozenset(),
    TurnStatus.CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """
    A Turn of a Conversation.

    `agent` is set once it is routed, `answer` once answered, `error` (a code) once failed.
    """

    tenant: str
    channel: str
    conversation: str
    id: str
    question: str
    status: TurnStatus = TurnStatus.RECEIVED
    agent: str | None = None
    answer: str | None = None
    error: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more can happen to the Turn."""
        return not TRANSITIONS[self.status]


class IllegalTransition(Conflict):
    """A Turn cannot go this way from where it stands."""

    code: ClassVar[str] = "IllegalTransition"

    def __init__(self, turn: Turn, status: TurnStatus) -> None:
        super().__init__(
            f"Turn {turn.id!r} is {turn.status.value} and cannot become {status.value}.",
            hint="Send the message again as a new Turn, with another x-turn-id.",
        )


def advance(
    turn: Turn,
    status: TurnStatus,
    *,
    agent: str | None = None,
    answer: str | None = None,
    error: str | None = None,
) -> Turn:
    """
    The Turn one step further; what is not given stays as it was.

    Raises:
        IllegalTransition: `TRANSITIONS` has no such step.
    """
    if status not in TRANSITIONS[turn.status]:
        raise IllegalTransition(turn, status)
    return Turn(
        turn.tenant,
        turn.channel,
        turn.conversation,
        turn.id,
        turn.question,
        status,
        turn.agent if agent is None else agent,
        turn.answer if answer is None else answer,
        turn.error if error is None else error,
    )
