"""English or German."""

import json
from pathlib import Path

import pytest

from lmos.router.language import Language, language_of

DIALOGUES = Path(__file__).parents[2] / "benchmarks" / "dialogues"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How much is my bill?", "en"),
        ("Wie hoch ist meine Rechnung?", "de"),
        ("Störung", "de"),
        ("bill", "en"),
        ("kein Netz seit heute", "de"),
        ("wer ist zuständig", "de"),
        ("is anybody there", "en"),
        ("was it you", "en"),
        ("was ist das", "de"),
        ("trash wasnt picked up AGAIN", "en"),
    ],
)
def test_the_language_is_told_by_function_words(text: str, language: str) -> None:
    assert language_of(text) == language


def test_what_tells_nothing_keeps_the_language_of_the_conversation() -> None:
    assert language_of("Oktober 2026", otherwise="de") == "de"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Zweitwohnsitz aufgeben", "de"),
        ("perso verloren", "de"),
        ("Musikschule: Was kostet Geigenunterricht?", "de"),
        ("library opening hours", "en"),
        ("street light flickering", "en"),
    ],
)
def test_without_function_words_it_is_told_by_spelling(text: str, language: Language) -> None:
    assert language_of(text, otherwise="en" if language == "de" else "de") == language


@pytest.mark.parametrize("text", ["", "12345", "B-KL 4471", "\N{THINKING FACE}", "明日の天気"])
def test_a_text_in_neither_language_is_what_is_said_otherwise(text: str) -> None:
    assert (language_of(text), language_of(text, otherwise="de")) == ("en", "de")


@pytest.mark.parametrize("language", ["en", "de"])
def test_questions_as_users_type_them_are_told_apart(language: Language) -> None:
    lines = (DIALOGUES / f"questions.{language}.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]

    wrong = [text for text in texts if language_of(text) != language]

    assert len(wrong) <= len(texts) / 100, wrong
