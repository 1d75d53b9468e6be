"""Which of the things that the user was offered a reply means."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from lmos.router.roster import name_in_words
from lmos.router.words import ENGLISH, GERMAN, TOPICLESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.core.conversation import Choice
    from lmos.router.roster import RosterCapability

LONGEST_REPLY = 12
"""In words. A longer message says by itself what it is about."""

_PAIR = 2
_LOOKED_AT = 1000
_EXAMPLES_LOOKED_AT = 50
_SHORTEST_STEM = 4
_LONGEST_ENDING = 3
_SHORTEST_PART = 5

_WORD = re.compile(r"\w+")
_REFUSES = re.compile(
    r"\b(neither|nothing of|something (completely |entirely )?(else|different)"
    r"|none of (it|them|these|those|the)"
    r"|another (topic|question|matter)|keine?[rs]? (von|der) (beiden|beidem|denen|den|diesen|dreien)|weder"
    r"|keins|keines|nichts (davon|von|dergleichen)"
    r"|(et)?was (ganz |völlig |komplett )?anderes|um (et)?was anderes|ein anderes (thema|anliegen))\b"
    r"|^\W*(none|nothing|nichts)\W*$"
)
_YES = re.compile(
    r"\W*(yes|yeah|yep|yup|yea|sure|exactly|right|correct|that'?s (it|right)|ja+|jo|jap|jep|genau|stimmt"
    r"|richtig|klar|korrekt|👍)(\b|$|\W)"
)
_NO = re.compile(r"\W*(no|nope|nah|nein|nee|nö|not really|wrong|falsch|👎)(\b|$|\W)")
_NOT = re.compile(r"\b(not|nicht)\b|n't\b")
_NOT_AT_FIRST = re.compile(r"^\W*((no|nein)\W+)?(not|nicht)\b")
_INSTEAD = re.compile(r"\b(?:sondern|but rather|but|rather)\b")
_BOTH = frozenset("both all beide beides beiden alle".split())
_AMOUNTS = re.compile(r"\b(the two|die zwei|just a second|a second|one second)\b")
_ALONE = re.compile(
    r"\W*(?:(?:number|no|option|answer|choice|nummer|nr|antwort|möglichkeit)\W+)?"
    r"(?:(?P<a>1|one|eins|a)|(?P<b>2|two|zwei|b)|(?P<c>3|three|drei|c))\W*(?:(?:please|bitte)\W*)?"
)
_PLACES = {
    word: place
    for place, words in enumerate(
        (
            "first 1st former erste ersten erster erstes ersteres erstere ersterer ersterem",
            "second 2nd zweite zweiten zweiter zweites zweiteres zweitere zweiterer",
            "third 3rd dritte dritten dritter drittes dritteres",
        )
    )
    for word in words.split()
}
_LAST = frozenset("last latter letzte letzten letzter letztes letztere letzteren letzterer letzteres".split())
_FUNCTION_WORDS = ENGLISH | GERMAN
_CHOOSING = frozenset(
    "option answer choice pick choose definitely probably antwort möglichkeit nummer nehme wähle eher wohl"
    " natürlich definitiv".split()
)
_FILLING = TOPICLESS | _CHOOSING | _LAST | _BOTH | _PLACES.keys()


@dataclass(frozen=True, slots=True)
class Offer:
    """
    Something that the user was offered, with the words by which it may be meant.

    Attributes:
        choice: What was offered.
        told: Words in which it was offered, and of the Capability's name and description.
        said: Words of the Capability's examples that any topic could not have.
    """

    choice: Choice
    told: frozenset[str]
    said: frozenset[str]

    @classmethod
    def of(cls, choice: Choice, capability: RosterCapability | None) -> Self:
        """A choice with what its Capability says of itself; None where that is gone."""
        told = [choice.words, name_in_words(choice.capability)]
        examples: Sequence[str] = ()
        if capability is not None:
            told.append(capability.description)
            examples = capability.examples[:_EXAMPLES_LOOKED_AT]
        return cls(choice, content_of(" ".join(told)), content_of(" ".join(examples)) - TOPICLESS)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply means: one of the choices or clearly none, and why, in a sentence for people."""

    choice: Choice | None
    reason: str


def reading_of(reply: str, offers: Sequence[Offer]) -> Reading | None:
    """
    What `reply` says of the things that the user was offered.

    Positions (“the second one”, “letzteres”, “b)”) and the words of an offer decide, yes and no where there
    is one offer, and what turns all of them down.

    Args:
        reply: The user's message.
        offers: At least one, in the order in which they were offered.

    Returns:
        None where the words do not decide: they name no offer, or more than one, or speak mostly of
        something else.
    """
    text = _folded(reply)
    if not 0 < len(text.split()) <= LONGEST_REPLY:
        return None
    if turned_down(reply):
        return Reading(None, "The user wants nothing of what was offered.")
    meant = _meant(text, offers)
    if meant is not None:
        choice = offers[meant].choice
        return Reading(choice, f"The user chose “{choice.words}”.")
    words = _WORD.findall(text)
    is_about_all = not _unknown(words, offers) and not _voted(words, offers)
    why = _why_none(text) if is_about_all else None
    return Reading(None, why) if why else None


def turned_down(reply: str) -> bool:
    """Whether `reply` wants something else than was offered: “neither”, “was anderes”."""
    return bool(_REFUSES.search(_folded(reply)))


def content_of(text: str) -> frozenset[str]:
    """The words of a text that are no function words, in a form in which they compare."""
    words = _WORD.findall(_folded(text, 4 * _LOOKED_AT))
    return frozenset(_plain(word) for word in words if word not in _FUNCTION_WORDS)


def _why_none(text: str) -> str | None:
    if not _BOTH.isdisjoint(_WORD.findall(text)):
        return "The user wants more than one of what was offered."
    if _NO.match(text):
        return "The user says no to what was offered."
    return "The user says yes without saying to which." if _YES.match(text) else None


def _meant(text: str, offers: Sequence[Offer]) -> int | None:
    """Which offer is meant, as an index."""
    before, *instead = _INSTEAD.split(text)
    if instead and _NOT.search(before):
        return _pointed_at(instead[-1], offers)
    pointed = _pointed_at(text, offers)
    if _NOT_AT_FIRST.match(text):
        if pointed is None or len(offers) != _PAIR or _unknown(_WORD.findall(text), offers):
            return None
        # “not the bill” leaves the other one.
        return 1 - pointed
    if pointed is None and len(offers) == 1 and _YES.match(text):
        return None if _unknown(_WORD.findall(text), offers) else 0
    return pointed


def _pointed_at(text: str, offers: Sequence[Offer]) -> int | None:
    words = _WORD.findall(text)
    place, votes = _place(text, len(offers)), _voted(words, offers)
    if len(votes) > 1 or (place is not None and votes and place not in votes):
        return None
    if place is not None and not _unknown(words, offers):
        return place
    opening = re.split(r"[,.:;!\u2013-]", text, maxsplit=1)[0]
    if len(opening.split()) > 1 and opening != text and not _unknown(_WORD.findall(opening), offers):
        place = _place(opening, len(offers))
        if place is not None:
            return place
    ((voted, count),) = votes.items() or ((None, 0),)
    return voted if count > len(_unknown(words, offers)) else None


def _place(text: str, count: int) -> int | None:
    """The one position that is named, such as “the second one”, “letzteres” and “2.”."""
    if alone := _ALONE.fullmatch(text):
        named = {place for place, group in enumerate("abc") if alone[group]}
    elif _AMOUNTS.search(text) or _NOT.search(_NOT_AT_FIRST.sub("", text)):
        return None
    else:
        words = set(_WORD.findall(text))
        named = {_PLACES[word] for word in words if word in _PLACES}
        if words & _LAST:
            named.add(count - 1)
    place = named.pop() if len(named) == 1 else None
    return place if place is not None and place < count and count > 1 else None


def _voted(words: Sequence[str], offers: Sequence[Offer]) -> dict[int, int]:
    """How many of the words speak for an offer and for no other, by index."""
    votes: dict[int, int] = {}
    for word in words:
        if word in _FUNCTION_WORDS:
            continue
        weights = [2 * _is_among(word, offer.told) or _is_among(word, offer.said) for offer in offers]
        best = max(weights)
        if best and weights.count(best) == 1:
            votes[weights.index(best)] = votes.get(weights.index(best), 0) + 1
    return votes


def _unknown(words: Sequence[str], offers: Sequence[Offer]) -> list[str]:
    """The words that name a topic, and not one of what was offered."""
    return [
        word
        for word in words
        if len(word) > 1
        and word not in _FILLING
        and not any(_is_among(word, offer.told | offer.said) for offer in offers)
    ]


def _is_among(word: str, others: frozenset[str]) -> bool:
    plain = _plain(word)
    return plain in others or any(_is_alike(plain, other) for other in others)


def _is_alike(word: str, other: str) -> bool:
    """Whether one is the other with an ending, or a compound that ends with it (Stromrechnung, Rechnung)."""
    short, long = sorted((word, other), key=len)
    has_ending = len(short) >= _SHORTEST_STEM and len(long) - len(short) <= _LONGEST_ENDING
    return (has_ending and long.startswith(short)) or (len(short) >= _SHORTEST_PART and long.endswith(short))


def _folded(text: str, longest: int = _LOOKED_AT) -> str:
    return text[:longest].casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def _plain(word: str) -> str:
    """Without the dots of Verträge, so that it is like Vertrag."""
    return "".join(each for each in unicodedata.normalize("NFKD", word) if not unicodedata.combining(each))
