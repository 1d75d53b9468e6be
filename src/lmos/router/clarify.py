"""The one question that the user is asked back when no Agent is sure to fit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmos.core.conversation import Choice
from lmos.router.choosing import content_of, turned_down
from lmos.router.decision import agent_shares
from lmos.router.language import language_of
from lmos.router.roster import name_in_words
from lmos.router.told import plain
from lmos.router.vector import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lmos.router.decision import Candidate, RouteDecision
    from lmos.router.language import Language
    from lmos.router.request import RouteRequest
    from lmos.router.roster import Roster, RosterCapability

MOST_CHOICES = 3
LONGEST_WORDS = 90
"""In characters; what an Agent says of itself beyond that is cut off."""

CLOSE = 1 / 3
"""How probable an Agent must be, as a share of the most probable one, to be offered beside it."""

ENOUGH = 0.5
"""Where those that are close hold less probability than this, the next ones are offered too."""

_ONE = {"en": "Do you mean {}?", "de": "Meinen Sie {}?"}
_WHICH = {"en": "Which do you mean: {}?", "de": "Was meinen Sie: {}?"}
_WHICH_STILL = {"en": "I still cannot tell: {}?", "de": "Ich bin noch nicht sicher: {}?"}
_UNKNOWN = {
    "en": "I am not sure that I can help with that. Could you say in other words what it is about?",
    "de": "Ich bin nicht sicher, ob ich dabei helfen kann. Worum geht es, mit anderen Worten?",
}
_FOR_EXAMPLE = {
    "en": "You can ask me, for example: {}",
    "de": "Sie können mich zum Beispiel fragen: {}",
}
_STILL_UNKNOWN = {
    "en": "Sorry, I still do not understand.",
    "de": "Das verstehe ich leider noch nicht.",
}
_ON_OFFER = {"en": "I can help with this: {}.", "de": "Hierbei kann ich helfen: {}."}
_QUOTES = {"en": "“{}”", "de": "„{}“"}
_OR = {"en": " or ", "de": " oder "}


@dataclass(frozen=True, slots=True)
class ClarifyingQuestion:
    """A question for the user, and what it offers to choose from, in its order."""

    text: str
    choices: tuple[Choice, ...] = ()


def clarifying_question(
    request: RouteRequest, roster: Roster, weighed: RouteDecision, language: Language
) -> ClarifyingQuestion:
    """
    One question in the user's language, by what the stages have found.

    Where the message is familiar and a few Agents are close, it asks which of them is meant; else it asks
    for other words and shows examples. A user who was asked back before is asked more briefly, and is told
    what there is.

    Args:
        request: The Turn that nobody took.
        roster: Whom it may go to; nobody else is offered.
        weighed: What the stages have made of it.
        language: Of the user.

    Source:
        docs/explanation/routing.md, Clarifying question
    """
    is_familiar = weighed.familiarity >= weighed.familiarity_threshold
    close = close_agents(weighed.candidates) if is_familiar else ()
    likeliest = _likeliest(roster, weighed.candidates)
    is_asked_again = request.choices is not None
    among = sorted((can for can in likeliest if can.agent in close), key=lambda can: close.index(can.agent))
    if choices := _offered(among, request.text, language):
        wording = _WHICH_STILL if is_asked_again else _ONE if len(choices) == 1 else _WHICH
        *others, last = _quoted(choices, language)
        either = f"{', '.join(others)}{_OR[language]}{last}" if others else last
        return ClarifyingQuestion(wording[language].format(either), choices)
    if not is_asked_again:
        choices = _exemplified(likeliest, request.text, language)
        return _listing(_UNKNOWN[language], _FOR_EXAMPLE[language], choices, language)
    if turned_down(request.text):
        refused = {choice.agent for choice in request.choices or ()}
        likeliest = [can for can in likeliest if can.agent not in refused] or likeliest
    choices = _offered(likeliest[:MOST_CHOICES], request.text, language)
    return _listing(_STILL_UNKNOWN[language], _ON_OFFER[language], choices, language)


def close_agents(candidates: Sequence[Candidate]) -> tuple[str, ...]:
    """
    The Agents that a message may be meant for, most probable first, MOST_CHOICES at most.

    These are the most probable one and those at least CLOSE as probable, and the next ones until they hold
    ENOUGH together. None where a Capability that the Channel does not offer is the most probable.
    """
    ordered = sorted(agent_shares(candidates).items(), key=lambda each: (-each[1], each[0]))
    if not ordered or ordered[0][0] == ELSEWHERE:
        return ()
    close, held = [], 0.0
    for agent, share in ordered:
        if share >= CLOSE * ordered[0][1] or held < ENOUGH:
            close.append(agent)
        held += share
    return tuple(agent for agent in close if agent != ELSEWHERE)[:MOST_CHOICES]


@dataclass(frozen=True, slots=True)
class _Can:
    """A Capability of an Agent."""

    agent: str
    capability: RosterCapability


def _likeliest(roster: Roster, candidates: Iterable[Candidate]) -> list[_Can]:
    """Each Agent by its most probable Capability; where nothing was weighed, all by their first."""
    provided = {
        (agent.name, can.name): _Can(agent.name, can) for agent in roster.agents for can in agent.capabilities
    }
    weighed = [
        provided[each.agent, each.capability]
        for each in candidates
        if (each.agent, each.capability) in provided
    ]
    found: dict[str, _Can] = {}
    for can in weighed or provided.values():
        found.setdefault(can.agent, can)
    return list(found.values())


def _offered(cans: Sequence[_Can], text: str, language: Language) -> tuple[Choice, ...]:
    """In the user's terms; where these are the same for two Agents, with the Agents' names."""
    told = [(can, words) for can in cans if (words := _in_words(can, text, language))]
    alike = Counter(words.casefold() for _, words in told)
    return tuple(
        Choice(
            can.agent,
            can.capability.name,
            f"{words} ({_shown(name_in_words(can.agent))})" if alike[words.casefold()] > 1 else words,
        )
        for can, words in told
    )


def _exemplified(cans: Sequence[_Can], text: str, language: Language) -> tuple[Choice, ...]:
    """By examples in the user's language, each shown once; who has none is left out."""
    found: dict[str, Choice] = {}
    for can in cans:
        if words := _example(can, text, language):
            found.setdefault(words.casefold(), Choice(can.agent, can.capability.name, words))
    return tuple(found.values())[:MOST_CHOICES]


def _in_words(can: _Can, text: str, language: Language) -> str:
    """What a Capability does, in the user's language as far as it is said in it."""
    described, named = can.capability.description, name_in_words(can.capability.name)
    for told in (described, named):
        # Names of products and the like are of no language; an example of what users say is clearer.
        if language_of(told, otherwise="de" if language == "en" else "en") == language:
            return _shown(told)
    return _example(can, text, language).rstrip("?!") or _shown(described) or _shown(named)


def _example(can: _Can, text: str, language: Language) -> str:
    """The example in that language that shares most words with `text`, the first one of several."""
    said = content_of(text)
    fitting = [each for each in can.capability.examples if language_of(each) == language]
    best = max(fitting, key=lambda each: len(said & content_of(each)), default="")
    return _shown(best)


def _shown(told: str) -> str:
    """What an Agent says of itself, on one line of bounded length."""
    line = plain(told, 4 * LONGEST_WORDS).rstrip(" .;:,")
    if len(line) <= LONGEST_WORDS:
        return line
    return line[:LONGEST_WORDS].rpartition(" ")[0].rstrip(" .;:,") + "…"


def _quoted(choices: Sequence[Choice], language: Language) -> list[str]:
    return [_QUOTES[language].format(choice.words) for choice in choices]


def _listing(opening: str, offer: str, choices: tuple[Choice, ...], language: Language) -> ClarifyingQuestion:
    """`opening`, and where there is something to offer, `offer` with all of it."""
    listed = ", ".join(_quoted(choices, language))
    return ClarifyingQuestion(f"{opening} {offer.format(listed)}" if choices else opening, choices)
