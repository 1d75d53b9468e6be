"""Whether a message goes on with what was just talked about."""

from __future__ import annotations

import re

_LONGEST_FOLLOW_UP = 8
"""In words. A longer message says by itself what it is about."""

_OPENINGS = re.compile(
    r"(and|or|but|also|what about|how about|yes|yeah|yep|no|nope|ok|okay|sure|please|why|really|then"
    r"|the (other|first|second|last)"
    r"|und|oder|aber|auch|was ist mit|wie (sieht|ist) es|wie sieht's|ja|nein|doch|gerne?|bitte|warum"
    r"|wieso|wirklich|dann"
    r"|(der|die|das|den) (andere|erste|zweite|letzte)n?)\b",
    re.IGNORECASE,
)
_BACK_REFERENCES = re.compile(
    r"\b(it|that one|this one|those|them|the same|again|before( that)?|previous|instead"
    r"|davor|vorher|nochmal|dasselbe|die?selbe[nr]?|stattdessen|dafür|davon|damit|dazu)\b",
    re.IGNORECASE,
)


def reads_as_follow_up(text: str) -> bool:
    """
    Whether `text` leans on what was said before.

    It does when it is short and opens as a continuation (“and for October?”, “ja, bitte”) or points
    back (“the same again”, “und davor?”).
    """
    words = text.split()
    if not 0 < len(words) <= _LONGEST_FOLLOW_UP:
        return False
    return bool(_OPENINGS.match(text.strip()) or _BACK_REFERENCES.search(text))
