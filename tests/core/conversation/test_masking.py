"""What names a person or an account has a mark in its place, in English and in German."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.core.conversation.masking import masked


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("write to jane.doe+bills@mail.example.co.uk, please", "write to [e-mail], please"),
        ("meine Adresse ist müller@beispiel.de.", "meine Adresse ist [e-mail]."),
        ("my IBAN is GB82 WEST 1234 5698 7654 32 from now on", "my IBAN is [IBAN] from now on"),
        ("die IBAN AT61 1904 3002 3457 3201 bitte ändern", "die IBAN [IBAN] bitte ändern"),
        ("de89370400440532013000 stimmt nicht", "[IBAN] stimmt nicht"),
        ("call me at +44 20 7946 0958 tonight", "call me at [phone] tonight"),
        ("call me at (555) 010-1234", "call me at [phone]"),
        ("ruf mich unter 0171/2345678 an", "ruf mich unter [phone] an"),
        ("meine Nummer: 0049 (221) 123-456", "meine Nummer: [phone]"),
        ("my card 4111 1111 1111 1111 was refused", "my card [card] was refused"),
        ("Karte 4111-1111-1111-1111 gesperrt", "Karte [card] gesperrt"),
        ("Kundennummer KD123456 fehlt", "Kundennummer KD[number] fehlt"),
        ("my meter is 123 456 789", "my meter is [number]"),
    ],
)
def test_what_names_somebody_has_a_mark_in_its_place(said: str, shown: str) -> None:
    assert masked(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "",
        "why is my bill of 42.50 euros so high?",
        "what did I pay from 2024 to 2026?",
        "on 01/11/2026 at 08:30",
        "am 01.11.2026 um 8 Uhr 30",
        "since 2026-11-01",
        "1.250.000 Euro, 12 % Zinsen",
        "Ich wohne in 50667 Köln, Domstraße 12",
        "@home, room 12345",
    ],
)
def test_anything_else_stays_as_it_is(said: str) -> None:
    assert masked(said) == said


@given(st.text(alphabet="ab@.+ ()-/0123456789DE", max_size=60))
def test_what_is_masked_already_stays_so(said: str) -> None:
    assert masked(masked(said)) == masked(said)


@given(st.from_regex(r"[1-9][0-9]{5,30}", fullmatch=True), st.text(alphabet="abc äöü,?!"))
def test_no_long_number_is_left(number: str, around: str) -> None:
    assert number not in masked(f"{around}{number}{around}")
