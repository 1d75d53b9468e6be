"""Which of the offered things a reply means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.core.conversation import Choice
from lmos.router import RosterCapability
from lmos.router.choosing import Offer, reading_of, turned_down

BILL = Offer.of(
    Choice("billing", "view-bill", "Shows a bill"),
    RosterCapability(
        "view-bill",
        "Shows a bill",
        (
            "why is my invoice so high",
            "is this amount right",
            "wie hoch ist meine Rechnung",
            "wann wird der Betrag abgebucht",
        ),
    ),
)
FAULT = Offer.of(
    Choice("network", "report-fault", "Reports a fault of the connection"),
    RosterCapability(
        "report-fault",
        "Reports a fault of the connection",
        ("my internet is down", "no signal", "mein Internet geht nicht", "es gibt eine Störung"),
    ),
)
CONTRACT = Offer.of(
    Choice("contract", "end-contract", "Verträge kündigen"),
    RosterCapability("end-contract", "Verträge kündigen", ("when does my tariff end",)),
)


def chosen(reply: str, *offers: Offer) -> str | None:
    """The Agent of the choice; None where none is chosen."""
    reading = reading_of(reply, offers or (BILL, FAULT))
    return reading.choice.agent if reading and reading.choice else None


@pytest.mark.parametrize(
    ("reply", "agent"),
    [
        ("the first", "billing"),
        ("The first one, please!", "billing"),
        ("first", "billing"),
        ("1st", "billing"),
        ("1", "billing"),
        ("1.", "billing"),
        ("(1)", "billing"),
        ("1️⃣", "billing"),
        ("one", "billing"),
        ("number one", "billing"),
        ("a)", "billing"),
        ("option a", "billing"),
        ("the former", "billing"),
        ("I mean the first one", "billing"),
        ("das erste", "billing"),
        ("Ersteres", "billing"),
        ("die erste Sache bitte", "billing"),
        ("eins", "billing"),
        ("Nr. 1", "billing"),
        ("ich meinte das Erste", "billing"),
        ("the second", "network"),
        ("the second one", "network"),
        ("2nd", "network"),
        ("2", "network"),
        ("2.", "network"),
        ("two please", "network"),
        ("b)", "network"),
        ("B", "network"),
        ("Option B", "network"),
        ("the latter", "network"),
        ("the last one", "network"),
        ("das zweite", "network"),
        ("zweiteres", "network"),
        ("letzteres", "network"),
        ("Letzteres natürlich nicht, ersteres", None),
        ("das letzte", "network"),
        ("zwei", "network"),
        ("Antwort b", "network"),
        ("eher das zweite", "network"),
        ("the second: since Monday nothing works", "network"),
        ("the second one, the fault", "network"),
        ("not the first", "network"),
        ("nicht das erste", "network"),
        ("not the first but the second", "network"),
        ("nicht das zweite sondern das erste", "billing"),
        ("no, not the bill", "network"),
    ],
)
def test_positions_are_understood(reply: str, agent: str | None) -> None:
    assert chosen(reply) == agent


@pytest.mark.parametrize(
    ("reply", "agent"),
    [
        ("the bill", "billing"),
        ("Bill!", "billing"),
        ("my bills", "billing"),
        ("it's about my invoice", "billing"),
        ("show me the bill please", "billing"),
        ("invoices", "billing"),
        ("Rechnung", "billing"),
        ("die Rechnungen", "billing"),
        ("meine Stromrechnung", "billing"),
        ("um die Rechnung", "billing"),
        ("der Betrag", "billing"),
        ("ich meine die Rechnung von Oktober", "billing"),
        ("both bills", "billing"),
        ("the fault", "network"),
        ("a fault of my connection", "network"),
        ("report it", "network"),
        ("connection", "network"),
        ("internet is down", "network"),
        ("my internet is not right", "network"),
        ("Störung", "network"),
        ("es ist eine Störung", "network"),
        ("kein Internet", "network"),
        ("no signal", "network"),
        ("yes, the fault", "network"),
        ("nein, das Internet", "network"),
    ],
)
def test_words_of_an_offer_are_understood(reply: str, agent: str) -> None:
    assert chosen(reply) == agent


@pytest.mark.parametrize(
    "reply",
    [
        "neither",
        "neither of them",
        "none of these",
        "None",
        "something else",
        "it's about something completely different",
        "keins von beiden",
        "keine von beiden",
        "weder noch",
        "etwas anderes",
        "was ganz anderes",
        "nichts davon",
        "both",
        "both of them please",
        "beides",
        "alle beide",
        "no",
        "nope",
        "nein danke",
        "yes",
        "ja",
    ],
)
def test_what_says_of_the_offers_that_none_is_chosen_is_a_reply_without_a_choice(reply: str) -> None:
    reading = reading_of(reply, (BILL, FAULT))

    assert reading is not None
    assert reading.choice is None
    assert reading.reason.startswith("The user ")


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "?",
        "🤷",
        "I don't know",
        "keine Ahnung",
        "book me a flight to Rome",
        "the bill or the fault",
        "the internet bill",
        "first of all my tv is broken",
        "just a second",
        "one moment please",
        "the two of us live here",
        "the third one",
        "c)",
        "4",
        "not sure",
        "the first time I called nobody answered",
        "my dog ate the bill of fare",
        "wie wird das Wetter",
        "I have had trouble with the bill for three weeks now and nobody ever calls me back",
        "bill " * 1000,
    ],
)
def test_where_the_words_do_not_decide_nothing_is_read(reply: str) -> None:
    assert reading_of(reply, (BILL, FAULT)) is None


@pytest.mark.parametrize(
    ("reply", "agent"),
    [
        ("yes", "billing"),
        ("Yes please", "billing"),
        ("that's right", "billing"),
        ("ja genau", "billing"),
        ("stimmt", "billing"),
        ("👍", "billing"),
        ("yes, my bill", "billing"),
        ("no", None),
        ("nein, nicht", None),
        ("no, my tv", None),
        ("yes but the tv too", None),
        ("the first", None),
        ("hm", None),
    ],
)
def test_where_one_thing_was_offered_yes_and_no_are_understood(reply: str, agent: str | None) -> None:
    assert chosen(reply, BILL) == agent


@pytest.mark.parametrize(
    ("reply", "agent"),
    [
        ("the third", "contract"),
        ("3", "contract"),
        ("das dritte", "contract"),
        ("the last one", "contract"),
        ("den Vertrag", "contract"),
        ("kündigen", "contract"),
        ("my tariff", "contract"),
        ("the second", "network"),
        ("not the second", None),
    ],
)
def test_of_three_each_can_be_chosen(reply: str, agent: str | None) -> None:
    assert chosen(reply, BILL, FAULT, CONTRACT) == agent


def test_a_word_of_both_offers_speaks_for_neither() -> None:
    old = Offer.of(Choice("old", "bill", "the old bill"), None)
    new = Offer.of(Choice("new", "bill", "the new bill"), None)

    assert chosen("the bill", old, new) is None
    assert chosen("the new bill", old, new) == "new"


def test_turning_down_is_told_from_having_none() -> None:
    assert turned_down("keins von beiden")
    assert not turned_down("kein Internet")


@given(st.text(max_size=60))
def test_a_choice_is_one_of_those_offered(reply: str) -> None:
    assert chosen(reply, BILL, FAULT) in {None, "billing", "network"}
