"""English or German."""

import pytest

from lmos.router.follow_up import reads_as_follow_up
from lmos.router.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How much is my bill?", "en"),
        ("Wie hoch ist meine Rechnung?", "de"),
        ("Störung", "de"),
        ("bill", "en"),
        ("kein Netz seit heute", "de"),
        ("", "en"),
        ("12345", "en"),
    ],
)
def test_the_language_is_told_by_function_words(text: str, language: str) -> None:
    assert language_of(text) == language


def test_what_tells_nothing_keeps_the_language_of_the_conversation() -> None:
    assert language_of("Oktober 2026", otherwise="de") == "de"


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
        "",
        "and then I would like to know whether my contract can be moved to another address",
    ],
)
def test_a_question_of_its_own_does_not(text: str) -> None:
    assert not reads_as_follow_up(text)
