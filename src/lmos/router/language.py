"""English or German: enough to ask back in the user's language."""

from __future__ import annotations

import re
from typing import Literal

from lmos.router.words import ENGLISH, GERMAN

Language = Literal["en", "de"]

_GERMAN_SPELLING = re.compile(
    r"sch(?!ool|ed|em|ol)|cht|tz|pf|zw|kt|lle\b|ieren\b|(?<=\w{3})en\b|ungs?|keit|heit|lich\b|ie[bgt]"
)
_ENGLISH_SPELLING = re.compile(r"sh(?!eit)|wh|ght|oo|ou|(?<!\bb)ea|ay|ck\b|ment\b|ing\b|[a-z]{2}y\b|ed\b")


def language_of(text: str, otherwise: Language = "en") -> Language:
    """
    The language of `text`, by its function words and umlauts, and where these tell nothing by its spelling.

    Words that both languages have (was, am, an, in) count for neither. A text in a third language, or of
    numbers and names, is what `otherwise` says unless chance words or endings speak for one of the two.
    """
    folded = text.casefold()
    words = re.findall(r"\w+", folded)
    german = sum(word in GERMAN and word not in ENGLISH for word in words)
    german += sum(character in "äöüß" for character in text.lower())
    english = sum(word in ENGLISH and word not in GERMAN for word in words)
    if german == english:
        german, english = len(_GERMAN_SPELLING.findall(folded)), len(_ENGLISH_SPELLING.findall(folded))
    if german == english:
        return otherwise
    return "de" if german > english else "en"
