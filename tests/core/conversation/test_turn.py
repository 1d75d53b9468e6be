from __future__ import annotations

from dataclasses import replace

import pytest

from lmos.core.conversation import TRANSITIONS, IllegalTransition, Turn, TurnStatus, advance

RECEIVED = Turn(tenant="acme", channel="web", conversation="c1", id="t1", question="how much?")


def test_a_turn_goes_from_its_question_to_its_answer() -> None:
    routed = advance(RECEIVED, TurnStatus.ROUTED, agent="billing-agent")
    asked = advance(routed, TurnStatus.ASKED)
    answered = advance(asked, TurnStatus.ANSWERED, answer="42 euros")

    assert (answered.agent, answered.answer, answered.is_over) == ("billing-agent", "42 euros", True)
    assert RECEIVED.status is TurnStatus.RECEIVED


def test_a_clarifying_question_answers_a_turn_that_was_not_routed() -> None:
    clarified = advance(RECEIVED, TurnStatus.ANSWERED, answer="Bill or contract?")

    assert clarified.agent is None


@pytest.mark.parametrize("status", list(TurnStatus))
@pytest.mark.parametrize("to", list(TurnStatus))
def test_only_the_steps_of_the_table_can_be_taken(status: TurnStatus, to: TurnStatus) -> None:
    turn = replace(RECEIVED, status=status)

    if to in TRANSITIONS[status]:
        assert advance(turn, to).status is to
    else:
        with pytest.raises(IllegalTransition, match=f"is {status.value} and cannot become {to.value}"):
            advance(turn, to)


def test_an_unfinished_turn_can_always_fail_or_be_cancelled() -> None:
    for following in TRANSITIONS.values():
        assert not following or {TurnStatus.FAILED, TurnStatus.CANCELLED} <= following
