"""What the user is asked back, and what that offers."""

from __future__ import annotations

import unicodedata

import pytest

from lmos.core.conversation import Choice
from lmos.router import Candidate, Roster, RosterAgent, RosterCapability, RouteDecision, RouteRequest
from lmos.router.clarify import clarifying_question, close_agents

BILL = RosterCapability("view-bill", "Shows a bill.", ("is my bill right?", "ist meine Rechnung richtig?"))
FAULT = RosterCapability(
    "report-fault", "Meldet eine Störung", ("there is no signal", "my internet is down", "kein Empfang")
)
TARIFF = RosterCapability("tariff", "", ("I want a cheaper tariff",))
ROSTER = Roster(
    "default/web",
    (
        RosterAgent("billing", "", (BILL,)),
        RosterAgent("network", "", (FAULT,)),
        RosterAgent("contract", "", (TARIFF,)),
    ),
)
ENGLISH, GERMAN = "my internet bill", "meine Internetrechnung"


def weighed(*shares: tuple[str, str, float], familiarity: float = 0.9) -> RouteDecision:
    candidates = tuple(Candidate(*share) for share in shares)
    return RouteDecision(
        None, "vector", "", familiarity=familiarity, familiarity_threshold=0.3, candidates=candidates
    )


BOTH = weighed(("network", "report-fault", 0.55), ("billing", "view-bill", 0.4))
UNFAMILIAR = weighed(("network", "report-fault", 0.6), ("billing", "view-bill", 0.4), familiarity=0.1)


@pytest.mark.parametrize(
    ("shares", "close"),
    [
        ([], ()),
        ([("a", 0.9), ("b", 0.1)], ("a",)),
        ([("a", 0.6), ("b", 0.3), ("c", 0.1)], ("a", "b")),
        ([("a", 0.6), ("b", 0.1), ("c", 0.1)], ("a",)),
        ([("a", 0.3), ("b", 0.05), ("a", 0.2)], ("a",)),
        ([("b", 0.3), ("a", 0.2), ("a", 0.2)], ("a", "b")),
        ([("b", 0.5), ("a", 0.5)], ("a", "b")),
        ([("a", 0.25), ("b", 0.25), ("c", 0.25), ("d", 0.25)], ("a", "b", "c")),
        ([("a", 0.4), ("b", 0.12), ("c", 0.04)], ("a", "b")),
        ([("", 0.6), ("a", 0.4)], ()),
        ([("a", 0.6), ("", 0.4)], ("a",)),
    ],
)
def test_close_agents_are_those_that_the_message_may_be_meant_for(
    shares: list[tuple[str, float]], close: tuple[str, ...]
) -> None:
    assert close_agents([Candidate(agent, "any", share) for agent, share in shares]) == close


def test_between_two_agents_the_user_is_asked_which_in_terms_of_what_they_do() -> None:
    asked = clarifying_question(RouteRequest(ENGLISH), ROSTER, BOTH, "en")

    # What is said in another language is shown by an example instead.
    assert asked.text == "Which do you mean: “my internet is down” or “Shows a bill”?"
    assert asked.choices == (
        Choice("network", "report-fault", "my internet is down"),
        Choice("billing", "view-bill", "Shows a bill"),
    )


def test_german_users_are_asked_in_german() -> None:
    asked = clarifying_question(RouteRequest(GERMAN), ROSTER, BOTH, "de")

    assert asked.text == "Was meinen Sie: „Meldet eine Störung“ oder „ist meine Rechnung richtig“?"


def test_the_one_agent_that_comes_into_question_is_asked_for() -> None:
    one = weighed(("billing", "view-bill", 0.9), ("network", "report-fault", 0.1))

    asked = clarifying_question(RouteRequest(ENGLISH), ROSTER, one, "en")

    assert asked.text == "Do you mean “Shows a bill”?"
    assert asked.choices == (Choice("billing", "view-bill", "Shows a bill"),)


def test_an_unfamiliar_message_is_asked_for_other_words_with_examples_to_choose_from() -> None:
    asked = clarifying_question(RouteRequest("roman emperors"), ROSTER, UNFAMILIAR, "en")

    assert asked.text == (
        "I am not sure that I can help with that. Could you say in other words what it is about?"
        " You can ask me, for example: “there is no signal”, “is my bill right?”"
    )
    assert [choice.agent for choice in asked.choices] == ["network", "billing"]


def test_examples_in_the_other_language_are_left_out() -> None:
    roster = Roster("default/web", (RosterAgent("contract", "", (TARIFF,)),))

    asked = clarifying_question(RouteRequest("Kaiser"), roster, weighed(), "de")

    assert asked.text.endswith("Worum geht es, mit anderen Worten?")
    assert asked.choices == ()


def test_who_was_asked_back_before_is_asked_more_briefly() -> None:
    again = RouteRequest(ENGLISH, choices=())

    assert clarifying_question(again, ROSTER, BOTH, "en").text.startswith("I still cannot tell: ")
    unknown = clarifying_question(again, ROSTER, UNFAMILIAR, "en")
    assert unknown.text == (
        "Sorry, I still do not understand. I can help with this: “my internet is down”, “Shows a bill”."
    )


def test_what_the_user_has_turned_down_is_not_offered_again_while_there_is_something_else() -> None:
    offered = (Choice("network", "report-fault", ""), Choice("billing", "view-bill", ""))
    request = RouteRequest("neither", choices=offered)
    three = weighed(
        ("network", "report-fault", 0.5),
        ("billing", "view-bill", 0.4),
        ("contract", "tariff", 0.1),
        familiarity=0,
    )

    assert [each.agent for each in clarifying_question(request, ROSTER, three, "en").choices] == ["contract"]
    assert len(clarifying_question(request, ROSTER, UNFAMILIAR, "en").choices) == 2


def test_agents_that_say_the_same_of_themselves_are_told_apart_by_name() -> None:
    roster = Roster(
        "default/web", (RosterAgent("billing-north", "", (BILL,)), RosterAgent("billing-south", "", (BILL,)))
    )
    equal = weighed(("billing-south", "view-bill", 0.5), ("billing-north", "view-bill", 0.5))

    asked = clarifying_question(RouteRequest("my bill"), roster, equal, "en")

    assert asked.text == (
        "Which do you mean: “Shows a bill (billing north)” or “Shows a bill (billing south)”?"
    )


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("found", [BOTH, UNFAMILIAR, weighed()])
def test_nobody_outside_the_routing_is_offered(found: RouteDecision, language: str) -> None:
    without = Roster("default/web", ROSTER.agents[1:])

    asked = clarifying_question(
        RouteRequest(ENGLISH, choices=()), without, found, "de" if language == "de" else "en"
    )

    assert {choice.agent for choice in asked.choices} <= {"network", "contract"}


def test_what_the_channel_does_not_offer_is_not_offered() -> None:
    elsewhere = weighed(("", "book-flight", 0.6), ("billing", "view-bill", 0.4))

    asked = clarifying_question(RouteRequest(ENGLISH), ROSTER, elsewhere, "en")

    assert [choice.agent for choice in asked.choices] == ["billing"]
    assert asked.text.startswith("I am not sure")


def test_agents_words_are_shown_on_one_line_of_bounded_length() -> None:
    loud = RosterCapability(
        "loud", "Shows\n\x1b[31m the \u202ebill\x00 <script>" + "and the rest " * 5000, ("ring\x07 the bell",)
    )
    roster = Roster("default/web", (RosterAgent("loud", "", (loud,)), ROSTER.agents[0]))
    found = weighed(("loud", "loud", 0.5), ("billing", "view-bill", 0.5))

    for request in (RouteRequest(ENGLISH), RouteRequest(ENGLISH, choices=())):
        asked = clarifying_question(request, roster, found, "en")

        assert "Shows [31m the bill (script)and the rest" in asked.text
        assert len(asked.text) < 300
        assert not any(unicodedata.category(each)[0] == "C" for each in asked.text)


def test_without_agents_the_question_stands_alone() -> None:
    nobody = Roster("default/empty", ())

    first = clarifying_question(RouteRequest("hello"), nobody, weighed(), "en")
    second = clarifying_question(RouteRequest("hello?", choices=()), nobody, weighed(), "en")

    assert first.text.startswith("I am not sure")
    assert second.text == "Sorry, I still do not understand."
