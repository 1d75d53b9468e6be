"""Talking to Agents of a running LMOS: ask, chat, why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Said
    from tests.e2e.running import Up

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("up")]


def test_a_question_is_answered_with_the_agent_and_why(lmos: Callable[..., Said]) -> None:
    said = lmos("ask", "how much is my bill", "-t", "demo", "-c", "web")

    assert (said.status, said.out) == (0, "Your bill is 42 euros.\n")
    assert "billing-agent (vector" in said.err
    turn = said.err.strip().rpartition(" ")[2]
    assert lmos("why", turn).out.startswith(f"Turn         {turn} of Conversation ")


def test_an_answer_for_programs_is_the_whole_record(lmos: Callable[..., Said]) -> None:
    asked = lmos("ask", "will it rain tomorrow", "-t", "demo", "-c", "web", "-o", "json")
    why = lmos("why", asked.json["turn"], "-o", "json")

    assert asked.json == {name: told for name, told in why.json.items() if name != "explanation"}
    assert (why.json["agent"], why.json["answer"]) == ("weather-agent", "Sunny.")
    assert why.json["decision"]["candidates"]


def test_the_only_channel_needs_no_name_and_an_agent_can_be_named(lmos: Callable[..., Said]) -> None:
    said = lmos("ask", "how much is my bill", "-t", "demo", "--agent", "weather-agent")

    assert said.out == "Sunny.\n"
    assert "explicit" in said.err


def test_why_tells_the_words_and_examples_that_mattered(lmos: Callable[..., Said]) -> None:
    asked = lmos("ask", "how much is my bill", "-t", "demo", "-c", "web", "-o", "json")
    shown = lmos("why", asked.json["turn"]).out
    told = lmos("why", asked.json["turn"], "-o", "json").json["explanation"]

    assert "Words that mattered: what changes for billing-agent without them" in shown
    assert "Examples that mattered" in shown
    assert f"hash {asked.json['decision']['input_hash']}, en" in shown
    assert {each["words"] for each in told["words"]} == {"how", "much", "is", "my", "bill"}
    assert told["examples"][0]["agent"] == told["agent"] == "billing-agent"


def test_why_says_where_nothing_was_weighed(lmos: Callable[..., Said]) -> None:
    asked = lmos("ask", "hello", "-t", "demo", "-c", "web", "--agent", "weather-agent", "-o", "json")
    shown = lmos("why", asked.json["turn"]).out

    assert "Note         The caller named the Agent; the text was not weighed." in shown
    assert "that mattered" not in shown


@pytest.mark.parametrize(
    ("command", "status", "says"),
    [
        (["ask", "hi", "-t", "nobody"], 2, "No Channel fits -t nobody"),
        (["ask", "hi", "-t", "no/body", "-c", "web"], 2, "holds a slash"),
        (["ask", "hi", "-t", "nobody", "-c", "web"], 4, "No routing info found"),
        (["ask", "hi", "-t", "demo", "-c", "web", "--agent", "nobody"], 4, "nobody"),
        (["why", "no-such-turn"], 4, "no Turn 'no-such-turn'"),
        (["why", "../../health"], 2, "holds a slash"),
    ],
)
def test_what_cannot_be_asked_is_told(
    lmos: Callable[..., Said], command: list[str], status: int, says: str
) -> None:
    said = lmos(*command)

    assert said.status == status
    assert says in said.err
    assert said.out == ""


def test_a_chat_goes_on_until_its_input_ends(lmos: Callable[..., Said]) -> None:
    said = lmos(
        "chat", "-t", "demo", "-c", "web", given="how much is my bill\n\n/why\nwill it rain tomorrow\n"
    )

    assert said.status == 0
    assert "Your bill is 42 euros." in said.out
    assert "Decision     billing-agent" in said.out
    assert "Sunny." in said.out
    assert "[weather-agent]" in said.err


def test_the_runtime_can_be_named(lmos: Callable[..., Said], up: Up) -> None:
    given = ("-t", "demo", "-c", "web", "--runtime", up.endpoints["runtime"])

    assert lmos("ask", "how much is my bill", *given).out == "Your bill is 42 euros.\n"
