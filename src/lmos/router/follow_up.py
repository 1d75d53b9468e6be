"""Whether a message goes on with what was just talked about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lmos.router.decision import agent_shares
from lmos.router.words import TOPICLESS

if TYPE_CHECKING:
    from lmos.core.scoring import Thresholds
    from lmos.router.vector import Judgement

_LONGEST_FOLLOW_UP = 8
"""In words. A longer message says by itself what it is about."""

_LONGEST_ANSWER = 10
"""In words. A longer message does more than answer a question."""

_CLEARLY_AHEAD = 4.0
"""How many times as probable as the current Agent another one must be to take a follow-up over."""

_ABOVE = 0.05
_FAR_ABOVE = 0.3
"""
What a message's familiarity must be above its threshold to be about something else: though it leans on what
was said; though it names no topic, or could answer what was asked. Short messages resemble some example by
one chance word.
"""

_OPENINGS = re.compile(
    r"(and|or|but|also|what about|how about|what if|yes|yeah|yep|no|nope|ok|okay|sure|fine|please|why|really"
    r"|then|so|even|not|neither|which one|the (other|first|second|last|later|one)"
    r"|und|oder|aber|auch|was ist mit|was,? wenn|wie (sieht|ist) es|wie sieht's|ja|nein|nee|doch|gerne?|bitte"
    r"|warum|wieso|wirklich|dann|also|eben|sogar|nicht|na|egal"
    r"|(der|die|das|den|dem) (andere|erste|zweite|dritte|letzte)[nrs]?)\b",
    re.IGNORECASE,
)
_BACK_REFERENCES = re.compile(
    r"\b(it|that|this|they|them|those|these|the same|the rest|again|else|before|previous|instead"
    r"|da|dafür|dagegen|damit|davon|davor|dazu|vorher|nochmal|sonst noch|stattdessen|dasselbe|die?selbe[nr]?"
    r"|den rest"
    # As an article it points to nothing; at the end it is a pronoun.
    r"|das(?=\W*$))\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(^|[.!:;\u2013-]\s+)((and|but|then|und|aber|dann)\s+)?"
    r"(what|when|where|which|who|whom|whose|why|how|can|could|do|does|is|are|will"
    r"|wann|warum|was|welche[mnrs]?|wer|wem|wen|weshalb|wie|wieso|wo|woher|wohin|kann|könn\w+|ist|gibt)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\W\d_]{2,}")


def reason_to_stay(
    text: str, alone: Judgement, wanted: Thresholds, *, current: str, last_reply: str = ""
) -> str | None:
    """
    Why a message goes on with the current Agent, in a sentence for people; None when it does not.

    Args:
        text: The user's message.
        alone: What the head makes of `text` by itself, among the Agents that may be chosen.
        wanted: What it takes to be familiar, and sure.
        current: The Agent that answered the Conversation's last Turn, one that may be chosen.
        last_reply: What it said; empty where that is not known.

    Source:
        docs/explanation/routing.md, Conversations
    """
    above = alone.familiarity - wanted.familiarity
    is_ahead = alone.probability > _CLEARLY_AHEAD * _share_of(current, alone)
    if not (is_ahead and above >= _FAR_ABOVE):
        if names_no_topic(text):
            return "It names no topic of its own."
        if could_answer(text, last_reply):
            return "It answers what this Agent asked."
    if reads_as_follow_up(text) and not (is_ahead and above >= _ABOVE):
        return "It leans on the last message, which this Agent answered."
    if alone.agent == current and above >= 0 and alone.probability < wanted.confidence:
        return "It could be meant for several Agents, and for this one most probably."
    return None


def names_no_topic(text: str) -> bool:
    """
    Whether `text` holds nothing but TOPICLESS words, numbers and codes.

    Such are “how much?”, “ja, gern”, “next Wednesday” and “LD-MO 12”, and also a text without any word.
    """
    tokens = [token for token in text.casefold().split() if not re.search(r"\d", token)]
    return all(word in TOPICLESS for token in tokens for word in _WORDS.findall(token))


def could_answer(text: str, last_reply: str) -> bool:
    """Whether the Agent asked something last, and `text` is an answer by its form."""
    return last_reply.rstrip().endswith("?") and is_plain_answer(text)


def is_plain_answer(text: str) -> bool:
    """Whether `text` is short and asks nothing itself."""
    return len(text.split()) <= _LONGEST_ANSWER and "?" not in text and not _ASKS.search(text)


def reads_as_follow_up(text: str) -> bool:
    """
    Whether `text` leans on what was said before.

    It does when it is short and opens as a continuation (“and for October?”, “ja, bitte”) or points
    back (“the same again”, “und davor?”).
    """
    if not 0 < len(text.split()) <= _LONGEST_FOLLOW_UP:
        return False
    return bool(_OPENINGS.match(text.strip()) or _BACK_REFERENCES.search(text))


def _share_of(agent: str, judged: Judgement) -> float:
    """The probability of `agent`, as far as its Capabilities are among the candidates."""
    if judged.agent == agent:
        return judged.probability
    return agent_shares(judged.candidates).get(agent, 0.0)
