from __future__ import annotations

import pytest

from lmos.core.conversation import (
    MOST_HANDOVERS,
    AgentResult,
    AgentResultType,
    HandOverFailed,
    hand_over,
    message_result,
)

OFFERED = ("billing", "contracts", "network", "sales", "moving")


def result(status: str | None, text: str = "One moment.") -> AgentResult:
    return message_result(text).model_copy(update={"status": status})


@pytest.mark.parametrize(
    ("status", "to"),
    [
        (None, None),
        ("", None),
        ("UNRESOLVED", None),
        ("AGENT_HANDOVER", None),
        ("an AGENT_HANDOVER[network]", None),
        ("AGENT_HANDOVER[network]", "network"),
        ("AGENT_HANDOVER[ network ]", "network"),
    ],
)
def test_the_status_of_a_result_names_the_agent_that_shall_answer(status: str | None, to: str | None) -> None:
    assert hand_over(result(status), ["billing"], OFFERED) == to


@pytest.mark.parametrize(
    ("asked", "to", "says"),
    [
        (["billing"], "weather", r"billing handed the Turn over to 'weather', which is no Agent of this"),
        (["billing"], "", r"to '', which is no Agent"),
        (["billing"], "BILLING", r"which is no Agent"),
        (["billing"], "billing", r"which was asked already: billing\."),
        (["billing", "network"], "billing", r"network handed .* asked already: billing → network\."),
        (["billing", "contracts", "network", "sales"], "moving", r"sales handed .* one more than 3 Agents"),
    ],
)
def test_a_turn_is_not_handed_over_to_strangers_in_circles_or_for_ever(
    asked: list[str], to: str, says: str
) -> None:
    with pytest.raises(HandOverFailed, match=says):
        hand_over(result(f"AGENT_HANDOVER[{to}]"), asked, OFFERED)


def test_a_turn_may_be_handed_over_so_many_times() -> None:
    asked = ["billing"]
    for to in OFFERED[1 : MOST_HANDOVERS + 1]:
        assert hand_over(result(f"AGENT_HANDOVER[{to}]"), asked, OFFERED) == to
        asked.append(to)

    assert len(asked) == MOST_HANDOVERS + 1


def test_a_hand_over_needs_no_words() -> None:
    handed = AgentResult(messages=(), status="AGENT_HANDOVER[network]")

    assert handed.is_final
    assert not handed.model_copy(update={"type": AgentResultType.EVENT}).is_final
