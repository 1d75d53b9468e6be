"""Turns of before, routed again."""

from __future__ import annotations

from dataclasses import replace as with_values
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.conversation import RecordText, TurnStatus, advance
from lmos.ports.past_turns import PastTurn
from lmos.ports.store import messages_of
from lmos.router import Candidate, Roster, RosterAgent, RouteDecision, Router, RouteRequest
from lmos.router.replay import Outcome, Skip, replay, request_of
from lmos.testing.clock import FrozenClock
from lmos.testing.encoder import WordEncoder
from tests.ports.turns import record
from tests.router.rosters import ROSTER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.ports.store import TurnRecord
    from lmos.router.replay import Replay

BILL = "why is my bill so high"
SWAPPED = Roster(
    "swapped",
    tuple(
        RosterAgent(agent.name, agent.description, other.capabilities)
        for agent, other in zip(ROSTER.agents, ROSTER.agents[::-1], strict=True)
    ),
)


@pytest.fixture
async def router() -> AsyncIterator[Router]:
    router = Router(WordEncoder(), FrozenClock())
    yield router
    await router.aclose()


def past(
    question: str, decision: RouteDecision | dict[str, Any], *earlier: TurnRecord, agent_before: str = ""
) -> PastTurn:
    kept = decision.to_json() if isinstance(decision, RouteDecision) else decision
    return PastTurn(with_values(record(question=question), decision=kept), "stable", agent_before, earlier)


def answered(question: str, agent: str, answer: str) -> TurnRecord:
    begun = record(question=question)
    turn = advance(advance(begun.turn, TurnStatus.ROUTED, agent=agent), TurnStatus.ASKED)
    over = advance(turn, TurnStatus.ANSWERED, answer=answer)
    return with_values(begun, turn=over, decision=RouteDecision(agent, "vector", "").to_json())


async def replayed(router: Router, roster: Roster | None, *turns: PastTurn) -> Replay:
    return await replay(turns, router, lambda _: roster)


@pytest.mark.parametrize(
    ("question", "before", "roster", "outcome"),
    [
        (BILL, "billing", ROSTER, Outcome.SAME),
        (BILL, "billing", SWAPPED, Outcome.MOVED),
        (BILL, None, ROSTER, Outcome.ANSWERED),
        ("grandmother", "billing", ROSTER, Outcome.ASKED_BACK),
        ("grandmother", None, ROSTER, Outcome.SAME),
    ],
)
async def test_what_becomes_of_a_turn(
    router: Router, question: str, before: str | None, roster: Roster, outcome: Outcome
) -> None:
    decision = RouteDecision(before, "vector" if before else "clarify", "")
    found = await replayed(router, roster, past(question, decision))

    assert found.outcomes == {outcome: 1}
    assert len(found.elsewhere) == (outcome is not Outcome.SAME)


@pytest.mark.parametrize(
    ("question", "decision", "reason"),
    [
        (BILL, {}, Skip.NOT_ROUTED),
        (BILL, RouteDecision("billing", "explicit", ""), Skip.EXPLICIT),
        (BILL, RouteDecision("billing", "vector", "").to_json() | {"text_kept": False}, Skip.NO_TEXT),
        ("", RouteDecision("billing", "vector", ""), Skip.NO_TEXT),
        ("grandmother", RouteDecision("billing", "llm", ""), Skip.MODEL),
    ],
)
async def test_what_cannot_be_routed_again_is_counted(
    router: Router, question: str, decision: RouteDecision | dict[str, Any], reason: Skip
) -> None:
    found = await replayed(router, ROSTER, past(question, decision))

    assert found.skipped == {reason: 1}
    assert not found.outcomes


async def test_a_turn_of_a_channel_that_is_gone_is_counted(router: Router) -> None:
    found = await replayed(router, None, past(BILL, RouteDecision("billing", "vector", "")))

    assert found.skipped == {Skip.NO_CHANNEL: 1}


async def test_a_turn_whose_history_may_not_be_used_is_not_routed_without_it(router: Router) -> None:
    before = answered(BILL, "billing", "42 euros")
    hidden = with_values(before, decision=before.decision | {"text_kept": False})
    found = await replayed(router, ROSTER, past("why", RouteDecision("billing", "follow-up", ""), hidden))

    assert found.skipped == {Skip.NO_TEXT: 1}


@pytest.mark.parametrize("kept", [{"text_masked": True}, {}])
async def test_words_that_may_only_be_told_masked_are_routed_and_told_so(
    router: Router, kept: dict[str, Any]
) -> None:
    told = f"{BILL} jane@example.com"
    before = answered(f"no signal {told}", "network", "Call 0171 2345678.")
    turn = past(told, RouteDecision("network", "vector", "").to_json() | kept, before)
    record_text = RecordText.parse("" if kept else "all,acme=masked")
    found = await replay([turn], router, lambda _: ROSTER, record_text)

    assert found.outcomes == {Outcome.MOVED: 1}
    assert found.to_json()["turns"][0]["question"] == f"{BILL} [e-mail]"


async def test_a_tenant_that_allows_no_words_now_is_left_out_and_counted(router: Router) -> None:
    turn = past(BILL, RouteDecision("billing", "vector", ""))
    found = await replay([turn], router, lambda _: ROSTER, RecordText.parse("all,acme=none"))

    assert (found.skipped, found.elsewhere) == ({Skip.NO_TEXT: 1}, ())


def test_a_follow_up_is_asked_as_it_was_then() -> None:
    before = answered(BILL, "billing", "Because of roaming.")
    turn = past("and why?", RouteDecision("billing", "follow-up", ""), before, agent_before="billing")

    assert request_of(turn) == RouteRequest(
        "and why?",
        current_agent="billing",
        history=messages_of([(BILL, "Because of roaming.")]),
        tenant="acme",
    )


async def test_a_follow_up_stays_as_it_did_then(router: Router) -> None:
    before = answered(BILL, "billing", "Because of roaming.")
    follow_up = RouteDecision("billing", "follow-up", "")
    stays = await replayed(router, ROSTER, past("and why?", follow_up, before, agent_before="billing"))
    alone = await replayed(router, ROSTER, past("and why?", follow_up))

    assert stays.outcomes == {Outcome.SAME: 1}
    assert alone.outcomes == {Outcome.ASKED_BACK: 1}


async def test_what_the_router_chose_counts_whoever_it_handed_over_to(router: Router) -> None:
    decision = RouteDecision("billing", "vector", "").handed_over("network")
    found = await replayed(router, ROSTER, past(BILL, decision))

    assert found.outcomes == {Outcome.SAME: 1}


async def test_decisions_of_before_newer_fields_are_read(router: Router) -> None:
    found = await replayed(router, SWAPPED, past(BILL, {"agent": "billing", "stage": "vector"}))

    assert found.to_json()["turns"][0]["before"] == {
        "agent": "billing",
        "capability": "",
        "likeliest": "billing",
        "probability": 0.0,
        "stage": "vector",
        "reason": "",
    }


async def test_lost_is_what_moves_or_is_asked_back_of_all_that_were_routed_again(router: Router) -> None:
    weighed = RouteDecision(
        "billing", "vector", "", probability=0.9, candidates=(Candidate("billing", "view-bill", 0.9),)
    )
    found = await replayed(
        router,
        ROSTER,
        past(BILL, weighed),
        past(BILL, with_values(weighed, agent="network")),
        past("grandmother", weighed),
        past(BILL, RouteDecision(None, "clarify", "")),
        past(BILL, {}),
    )

    assert found.lost_share == 0.5
    assert found.to_json() | {"turns": []} == {
        "replayed": 4,
        "same": 1,
        "moved": 1,
        "nowAnswered": 1,
        "nowAskedBack": 1,
        "lostShare": 0.5,
        "skipped": {"not routed": 1},
        "turns": [],
    }
