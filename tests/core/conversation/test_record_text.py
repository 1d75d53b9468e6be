"""How much may be told of single Turns, read from one line of text."""

from __future__ import annotations

import pytest

from lmos.core.conversation import WITHHELD, InvalidRecordText, RecordText, TextLevel

ALL, MASKED, NONE = TextLevel.ALL, TextLevel.MASKED, TextLevel.NONE


@pytest.mark.parametrize(
    ("text", "acme", "anybody_else"),
    [
        ("", ALL, ALL),
        ("all", ALL, ALL),
        ("none", NONE, NONE),
        ("all,acme=masked,umbrella=none", MASKED, ALL),
        (" acme = none , masked ,", NONE, MASKED),
    ],
)
def test_a_level_is_for_all_tenants_or_for_one(text: str, acme: TextLevel, anybody_else: TextLevel) -> None:
    record_text = RecordText.parse(text)

    assert (record_text.of("acme"), record_text.of("globex")) == (acme, anybody_else)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("some", "'some' is no level"),
        ("acme=", "'' is no level"),
        ("=none", "'=none' names no Tenant"),
        ("all,none", "'none' is the second level"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidRecordText) as caught:
        RecordText.parse(text)

    assert says in caught.value.message
    assert "acme=masked" in caught.value.hint


@pytest.mark.parametrize(
    ("level", "told"),
    [(ALL, "I am jane@example.com"), (MASKED, "I am [e-mail]"), (NONE, WITHHELD)],
)
def test_a_level_says_what_is_told_of_words(level: TextLevel, told: str) -> None:
    assert level.tell("I am jane@example.com") == told
    assert level.tell("") == ""


def test_of_two_levels_the_stricter_one_holds() -> None:
    assert ALL.or_stricter(MASKED) is MASKED.or_stricter(ALL) is MASKED
    assert NONE.or_stricter(MASKED) is MASKED.or_stricter(NONE) is NONE
