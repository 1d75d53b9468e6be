"""Whether a message goes on with what was just talked about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.core.scoring import Thresholds
from lmos.router.decision import Candidate
from lmos.router.follow_up import could_answer, names_no_topic, reads_as_follow_up, reason_to_stay
from lmos.router.vector import Judgement

WANTED = Thresholds(confidence=0.6, familiarity=0.35)


def judged(agent: str, probability: float, familiarity: float, current: float = 0.0) -> Judgement:
    """What the head makes of a message while `billing` is talked to, which gets the share `current`."""
    candidates = (Candidate(agent, "any", probability), Candidate("billing", "view-bill", current))
    return Judgement(agent, "any", probability, familiarity, candidates)


UNFAMILIAR = judged("network", 0.5, 0.3, current=0.2)
BY_CHANCE = judged("network", 0.9, 0.5)
CLEARLY_ELSEWHERE = judged("network", 0.99, 0.9)
UNDECIDED = judged("billing", 0.5, 0.45)
BILLED = "Your bill is 42 euros."
ASKED = "For which month?"


@pytest.mark.parametrize(
    ("text", "last_reply", "alone"),
    [
        ("yes please", BILLED, UNFAMILIAR),
        ("how much?", BILLED, BY_CHANCE),
        ("und im Oktober?", BILLED, BY_CHANCE),
        ("next Wednesday at 10", ASKED, BY_CHANCE),
        ("LD-MO 12", ASKED, BY_CHANCE),
        ("🤷", BILLED, UNFAMILIAR),
        ("Tom Hartley", ASKED, BY_CHANCE),
        ("Das Schild war hinter einem Baum versteckt", ASKED, BY_CHANCE),
        ("der andere Vertrag", BILLED, UNFAMILIAR),
        ("what about my wife's?", BILLED, UNFAMILIAR),
        ("nein, das meinte ich nicht", BILLED, UNFAMILIAR),
        ("can a neighbour read that", BILLED, UNFAMILIAR),
        ("is the meter reading on the invoice", BILLED, UNDECIDED),
    ],
)
def test_a_message_that_goes_on_stays(text: str, last_reply: str, alone: Judgement) -> None:
    assert reason_to_stay(text, alone, WANTED, current="billing", last_reply=last_reply)


@pytest.mark.parametrize(
    ("text", "last_reply", "alone"),
    [
        ("my internet is down", BILLED, CLEARLY_ELSEWHERE),
        ("and the internet is down", BILLED, CLEARLY_ELSEWHERE),
        ("and my router?", BILLED, BY_CHANCE),
        ("ok. kein Netz seit gestern", BILLED, CLEARLY_ELSEWHERE),
        ("my internet is down", ASKED, CLEARLY_ELSEWHERE),
        ("forget it. Why is the internet down", ASKED, BY_CHANCE),
        ("is the internet down?", ASKED, BY_CHANCE),
        ("who won the cup final", BILLED, UNFAMILIAR),
        ("Welches Gericht soll ich heute kochen?", BILLED, UNFAMILIAR),
    ],
)
def test_a_message_with_a_topic_of_its_own_does_not(text: str, last_reply: str, alone: Judgement) -> None:
    assert reason_to_stay(text, alone, WANTED, current="billing", last_reply=last_reply) is None


def test_an_example_of_another_agent_moves_though_it_names_no_topic() -> None:
    booking = judged("booking", 0.99, 0.9)

    assert reason_to_stay("book an appointment", booking, WANTED, current="billing") is None


def test_a_message_that_the_current_agent_is_sure_to_be_meant_by_is_left_to_the_head() -> None:
    sure = judged("billing", 0.95, 0.8)

    assert reason_to_stay("my invoice is too high", sure, WANTED, current="billing") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes",
        "Ja!",
        "wie lange dauert das?",
        "the second one",
        "3.5.",
        "48213",
        "ok danke",
        "große",
        "I don't know",
    ],
)
def test_some_messages_name_no_topic(text: str) -> None:
    assert names_no_topic(text)


@pytest.mark.parametrize(
    "text", ["my bill", "Hund", "and the compost?", "ich bin umgezogen", "ja, den Vertrag"]
)
def test_one_word_of_its_own_is_a_topic(text: str) -> None:
    assert not names_no_topic(text)


@pytest.mark.parametrize(
    ("text", "last_reply", "can"),
    [
        ("Beech Street 14", "In which street?", True),
        ("keine Ahnung, wo der liegt", "Haben Sie den Code? ", True),
        ("Beech Street 14", "Noted.", False),
        ("Beech Street 14", "", False),
        ("do you mean the code?", "And the code?", False),
        ("wo steht der denn", "Und der Code?", False),
        ("I have been looking for the code for three hours and found nothing", "And the code?", False),
    ],
)
def test_an_answer_is_short_and_asks_nothing(text: str, last_reply: str, can: bool) -> None:
    assert could_answer(text, last_reply) is can


@pytest.mark.parametrize(
    "text",
    ["and the month before?", "yes please", "und davor?", "der andere Vertrag", "What about October", "ja"],
)
def test_a_short_continuation_leans_on_the_last_question(text: str) -> None:
    assert reads_as_follow_up(text)


@pytest.mark.parametrize(
    "text",
    [
        "how much is my bill",
        "mein Internet geht nicht",
        "wie wird das Wetter",
        "",
        "and then I would like to know whether my contract can be moved to another address",
    ],
)
def test_a_question_of_its_own_does_not(text: str) -> None:
    assert not reads_as_follow_up(text)


@given(text=st.text(), last_reply=st.text(), familiarity=st.floats(0, 1))
def test_any_message_clearly_meant_for_another_agent_is_let_go(
    text: str, last_reply: str, familiarity: float
) -> None:
    alone = judged("network", 1.0, WANTED.familiarity + 0.31 + familiarity)

    assert reason_to_stay(text, alone, WANTED, current="billing", last_reply=last_reply) is None
