"""What a language model is told of the Agents."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from lmos.router import Candidate, Roster, RosterAgent, RosterCapability
from lmos.router.told import MOST_AGENTS, agents_as_told, plain
from tests.router.rosters import ROSTER

ALL = 100_000


def crowd(count: int, *, examples: int = 0) -> Roster:
    said = tuple(f"example {number} of a question " + "x" * 100 for number in range(examples))
    return Roster(
        "default/crowd",
        tuple(
            RosterAgent(f"agent-{number}", "Does things", (RosterCapability("can", "Can", said),))
            for number in range(count)
        ),
    )


def ids(told: list[dict[str, object]]) -> list[object]:
    return [agent["id"] for agent in told]


def test_the_agents_that_the_head_weighed_come_first() -> None:
    told = agents_as_told(ROSTER, [Candidate("network", "report-fault", 0.5)], "hello", ALL)

    assert ids(told) == ["network", "billing"]


def test_at_most_eight_agents_are_told_of_where_the_head_has_weighed_some() -> None:
    weighed = [Candidate("agent-30", "can", 0.3), Candidate("", "elsewhere", 0.2)]
    told = agents_as_told(crowd(40), weighed, "hello", ALL)

    assert ids(told) == ["agent-30", *(f"agent-{number}" for number in range(MOST_AGENTS - 1))]


def test_all_agents_are_told_of_where_the_head_knows_none() -> None:
    assert len(agents_as_told(crowd(40), [], "hello", ALL)) == 40


def test_the_examples_that_share_most_with_the_message_are_told() -> None:
    told = agents_as_told(ROSTER, [], "is my bill wrong?", ALL)

    assert told[0]["capabilities"][0]["examples"][0] == "my bill is wrong"
    assert len(told[0]["capabilities"][0]["examples"]) == 3


def test_of_very_many_agents_as_many_are_told_of_as_fit() -> None:
    told = agents_as_told(crowd(500), [], "hello", 4_000)

    assert 20 < len(told) < 50
    assert len(json.dumps(told)) <= 4_000


def test_examples_are_left_out_before_agents_are() -> None:
    every = agents_as_told(crowd(20, examples=9), [], "hello", 20_000)
    few = agents_as_told(crowd(20, examples=9), [], "hello", 6_000)
    hardly = agents_as_told(crowd(20, examples=9), [], "hello", 500)

    assert [len(told[0]["capabilities"][0]["examples"]) for told in (every, few, hardly)] == [3, 1, 0]
    assert len(every) == len(few) == 20
    assert 1 <= len(hardly) < 20


@given(st.text(max_size=300), st.integers(1, 100))
def test_plain_text_is_one_bounded_line_that_closes_no_tag(text: str, longest: int) -> None:
    shown = plain(text, longest)

    assert len(shown) <= longest
    assert not set(shown) & set("<>\n")
    assert all(unicodedata.category(each)[0] != "C" for each in shown)
    assert plain(shown, longest) == shown


@given(st.text(max_size=300))
def test_nothing_that_an_agent_says_of_itself_leaves_the_data(said: str) -> None:
    agent = RosterAgent("a", said, (RosterCapability(said, said, (said,)),))
    data = json.dumps(agents_as_told(Roster("default/a", (agent,)), [], said, ALL), ensure_ascii=False)

    assert "<" not in data
    assert "\n" not in data
