"""Words with a mark in place of what names a person or an account: addresses, phones, IBANs, long numbers."""

from __future__ import annotations

import re

EMAIL, IBAN, PHONE, CARD, NUMBER = "[e-mail]", "[IBAN]", "[phone]", "[card]", "[number]"

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]++(?:\.[\w-]++)+")
# Behind the country, letters must be capitals: words that follow in a sentence are none of it.
_IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?!\w)")
_SMALL_IBAN = re.compile(r"(?<!\w)[a-z]{2}\d{2}[a-z0-9]{11,30}(?!\w)")
# A date is found first, or it would pass for a phone.
_DATE_OR_DIGITS = re.compile(
    r"(?P<date>(?<!\d)(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2})(?!\d))"
    r"|[+(]{0,2}\d++(?:[ /()-]{1,2}\d++)*"
)
_NORTH_AMERICAN = re.compile(r"(?:\+?1[ -])?\(?\d{3}\)?[ -]?\d{3}-\d{4}")
_STRETCH = re.compile(r"\d+")

_SHORTEST_PHONE = 7
_CARD_DIGITS = range(13, 20)
_LONG_IN_ONE = 6
_LONG_IN_GROUPS = 9


def masked(text: str) -> str:
    """
    `text` with a mark for each e-mail address, IBAN, phone, card or other long number in it.

    Long are six digits in one stretch, and nine in groups with blanks, hyphens or slashes between them.
    Dates, years, prices with points and postcodes stay, and so do names and streets, which nothing tells from
    other words without a model.
    """
    for pattern, mark in ((_EMAIL, EMAIL), (_IBAN, IBAN), (_SMALL_IBAN, IBAN)):
        text = pattern.sub(mark, text)
    return _DATE_OR_DIGITS.sub(_mark_of, text)


def _mark_of(found: re.Match[str]) -> str:
    """What stands for some digits: themselves, where they are few or a date."""
    said = found[0]
    if found["date"]:
        return said
    stretches = _STRETCH.findall(said)
    digits = "".join(stretches)
    is_dialled = said[0] == "+" or digits[0] == "0"
    if (is_dialled and len(digits) >= _SHORTEST_PHONE) or _NORTH_AMERICAN.fullmatch(said):
        return PHONE
    if len(digits) in _CARD_DIGITS:
        return CARD
    is_long = len(digits) >= _LONG_IN_GROUPS or max(map(len, stretches)) >= _LONG_IN_ONE
    return NUMBER if is_long else said
