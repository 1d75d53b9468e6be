"""The one question that the user is asked back when no Agent fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.router.language import language_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.router.decision import Candidate
    from lmos.router.language import Language
    from lmos.router.roster import Roster

_UNKNOWN = {
    "en": "I am not sure that I can help with that. Could you say in other words what it is about?",
    "de": "Ich bin nicht sicher, ob ich dabei helfen kann. Worum geht es, mit anderen Worten?",
}
_FOR_EXAMPLE = {
    "en": "You can ask me, for example: {examples}",
    "de": "Sie können mich zum Beispiel fragen: {examples}",
}
_QUOTES = {"en": "“{}”", "de": "„{}“"}
_MOST_EXAMPLES = 3


def clarifying_question(roster: Roster, candidates: Sequence[Candidate], language: Language) -> str:
    """
    One question in the user's language, with an example of what each of the likeliest Agents can do.

    Examples in the other language are left out; without any, the question stands alone.
    """
    likeliest: dict[str, str] = {}
    for candidate in candidates:
        if candidate.agent and candidate.agent not in likeliest:
            example = _example(roster, candidate, language)
            if example:
                likeliest[candidate.agent] = _QUOTES[language].format(example)
    quoted = list(likeliest.values())[:_MOST_EXAMPLES]
    if not quoted:
        return _UNKNOWN[language]
    return f"{_UNKNOWN[language]} {_FOR_EXAMPLE[language].format(examples=', '.join(quoted))}"


def _example(roster: Roster, candidate: Candidate, language: Language) -> str:
    """The first example of the Capability in that language."""
    examples = roster.examples_of(candidate.agent, candidate.capability)
    return next((example for example in examples if language_of(example) == language), "")
