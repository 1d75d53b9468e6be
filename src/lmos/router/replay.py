"""What a change of Agents would have done: Turns of before, routed again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lmos.core.conversation import TELL_ALL, TextLevel
from lmos.ports.store import messages_of
from lmos.router.decision import RouteDecision
from lmos.router.recording import as_told, level_of
from lmos.router.request import RouteRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lmos.core.conversation import RecordText
    from lmos.ports.past_turns import PastTurn
    from lmos.ports.store import TurnRecord
    from lmos.router.pipeline import Router
    from lmos.router.roster import Roster


class Outcome(StrEnum):
    """What would become of a Turn now."""

    SAME = "same"
    MOVED = "moved"
    ANSWERED = "now answered"
    ASKED_BACK = "now asked back"


class Skip(StrEnum):
    """Why a Turn cannot be routed again."""

    NO_TEXT = "no text kept"
    NOT_ROUTED = "not routed"
    EXPLICIT = "Agent named by the caller"
    NO_CHANNEL = "Channel gone"
    MODEL = "decided by a language model"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A Turn that was routed again, with the decision of then and the one of now."""

    record: TurnRecord
    before: RouteDecision
    after: RouteDecision

    @property
    def agent_before(self) -> str | None:
        """The Agent that the router chose, whoever it handed over to."""
        return next(iter(self.before.handed_over_by), self.before.agent)

    @property
    def outcome(self) -> Outcome:
        """What would become of it now."""
        if self.after.agent == self.agent_before:
            return Outcome.SAME
        if self.after.agent is None:
            return Outcome.ASKED_BACK
        return Outcome.ANSWERED if self.agent_before is None else Outcome.MOVED

    def to_json(self) -> dict[str, Any]:
        """Which Turn, its question, and before and after the Agent, null where the user is asked back."""
        turn = self.record.turn
        return {
            "turn": turn.id,
            "tenant": turn.tenant,
            "channel": turn.channel,
            "conversation": turn.conversation,
            "receivedAt": self.record.received_at.isoformat(),
            "question": turn.question,
            "outcome": str(self.outcome),
            "before": _side(self.agent_before, self.before),
            "after": _side(self.after.agent, self.after),
        }


@dataclass(frozen=True, slots=True)
class Replay:
    """
    Turns of before, routed again.

    Attributes:
        outcomes: How many Turns had each outcome.
        skipped: How many could not be routed again, and why.
        elsewhere: Those whose outcome is another one than `SAME`, oldest first.
    """

    outcomes: Counter[Outcome]
    skipped: Counter[Skip]
    elsewhere: tuple[Replayed, ...]

    @property
    def lost_share(self) -> float:
        """The share of Turns routed again that their Agent would not get any more, 0 to 1."""
        lost = self.outcomes[Outcome.MOVED] + self.outcomes[Outcome.ASKED_BACK]
        return lost / max(self.outcomes.total(), 1)

    def to_json(self) -> dict[str, Any]:
        """The counts and `lostShare`, those of each reason under `skipped`, and `turns` that go elsewhere."""
        return {
            "replayed": self.outcomes.total(),
            "same": self.outcomes[Outcome.SAME],
            "moved": self.outcomes[Outcome.MOVED],
            "nowAnswered": self.outcomes[Outcome.ANSWERED],
            "nowAskedBack": self.outcomes[Outcome.ASKED_BACK],
            "lostShare": round(self.lost_share, 4),
            "skipped": {str(reason): count for reason, count in sorted(self.skipped.items())},
            "turns": [each.to_json() for each in self.elsewhere],
        }


async def replay(
    turns: Iterable[PastTurn],
    router: Router,
    roster_of: Callable[[PastTurn], Roster | None],
    record_text: RecordText = TELL_ALL,
) -> Replay:
    """
    Route Turns of before again, each in its Conversation as it was then.

    Args:
        turns: In any order; what Turns now would become of one has no influence on the next.
        router: Decides as it would now.
        roster_of: The Agents of a Turn's Channel; None where there is none any more.
        record_text: What may be used of what was said, beside what each Turn itself says about that; words
            that may only be told masked are routed so.
    """
    outcomes, skipped = Counter[Outcome](), Counter[Skip]()
    elsewhere: list[Replayed] = []
    for past in turns:
        replayed = await _replayed(_as_told(past, record_text), router, roster_of)
        if isinstance(replayed, Skip):
            skipped[replayed] += 1
            continue
        outcomes[replayed.outcome] += 1
        if replayed.outcome is not Outcome.SAME:
            elsewhere.append(replayed)
    return Replay(outcomes, skipped, tuple(elsewhere))


def request_of(past: PastTurn) -> RouteRequest:
    """What the router was asked then: the message, and what had been said and offered before it."""
    said = ((each.turn.question, each.turn.answer or "") for each in past.earlier)
    last = past.earlier[-1].decision if past.earlier else {}
    asked_back = _decision(last) if last.get("stage") == "clarify" else None
    return RouteRequest(
        past.record.turn.question,
        current_agent=past.agent_before,
        history=messages_of(said),
        choices=asked_back.choices if asked_back else None,
        tenant=past.record.turn.tenant,
    )


def _as_told(past: PastTurn, record_text: RecordText) -> PastTurn | None:
    """A Turn with its history as far as may be told; None where nothing may."""
    records = past.record, *past.earlier
    levels = [level_of(each, record_text) for each in records]
    if TextLevel.NONE in levels:
        return None
    record, *earlier = map(as_told, records, levels)
    return replace(past, record=record, earlier=tuple(earlier))


async def _replayed(
    past: PastTurn | None, router: Router, roster_of: Callable[[PastTurn], Roster | None]
) -> Replayed | Skip:
    if past is None:
        return Skip.NO_TEXT
    if skip := _unusable(past):
        return skip
    before, roster = _decision(past.record.decision), roster_of(past)
    if roster is None:
        return Skip.NO_CHANNEL
    after = await router.route(request_of(past), roster)
    if before.stage == "llm" and after.agent is None:
        # What the model would say now is not known: no model is asked here.
        return Skip.MODEL
    return Replayed(past.record, before, after)


def _unusable(past: PastTurn) -> Skip | None:
    decision = past.record.decision
    if "stage" not in decision:
        return Skip.NOT_ROUTED
    if decision["stage"] == "explicit":
        return Skip.EXPLICIT
    return None if past.record.turn.question else Skip.NO_TEXT


def _decision(kept: dict[str, Any]) -> RouteDecision:
    return RouteDecision.from_json({"agent": None, "reason": "", **kept})


def _side(agent: str | None, decision: RouteDecision) -> dict[str, Any]:
    return {
        "agent": agent,
        "capability": decision.capability,
        "likeliest": decision.likeliest.agent if decision.likeliest else agent,
        "probability": round(decision.probability, 4),
        "stage": decision.stage,
        "reason": decision.reason,
    }
