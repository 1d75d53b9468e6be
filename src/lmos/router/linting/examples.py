"""Examples as they are written: missing, doubled, or in one language only."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple, get_args

from lmos.router.language import Language, language_of
from lmos.router.linting.findings import Finding, Rule, Severity, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lmos.core.resources import Agent, ProvidedCapability

_LANGUAGE_NAMES = {"en": "English", "de": "German"}
_ENOUGH_TO_TELL = 2
"""So many examples of a language say that a Capability is meant to be asked for in it."""


class _Standing(NamedTuple):
    """An example where it stands."""

    agent: Agent
    capability: str
    example: str


def folded(text: str) -> str:
    """A text without what makes no difference: case, punctuation and white space."""
    return " ".join(re.findall(r"\w+", text.casefold())) or text.strip()


def weak_examples(agent: Agent) -> Iterator[Finding]:
    """What one Agent's Capabilities lack, and which of their examples stand twice."""
    for provided in agent.spec.provided_capabilities:
        if not provided.examples:
            yield _without_examples(agent, provided)
        yield from _twice_at_one(agent, provided)
    yield from _in_one_language(agent)


def shared_examples(meeting: Sequence[Agent]) -> Iterator[Finding]:
    """
    Examples that two Capabilities have in common, of one Agent or of two.

    Where two Agents share the Capability too, that is another finding already.
    """
    standing: defaultdict[str, list[_Standing]] = defaultdict(list)
    for agent in meeting:
        for provided in agent.spec.provided_capabilities:
            for text, example in {folded(example): example for example in provided.examples}.items():
                standing[text].append(_Standing(agent, provided.name, example))
    for alike in standing.values():
        for one, other in combinations(alike, 2):
            if one.capability != other.capability:
                yield _at_both(one, other)


def _without_examples(agent: Agent, provided: ProvidedCapability) -> Finding:
    return Finding(
        Rule.NO_EXAMPLES,
        Severity.WARNING,
        f"{provided.name} of Agent {agent.name} has no examples; its name and description must do.",
        "Write ten things that users say when they want it, in each of their languages.",
        Subject.of(agent, provided.name),
    )


def _twice_at_one(agent: Agent, provided: ProvidedCapability) -> Iterator[Finding]:
    counted = Counter(map(folded, provided.examples))
    for text, count in counted.items():
        if count > 1:
            written = tuple(example for example in provided.examples if folded(example) == text)
            yield Finding(
                Rule.DUPLICATE_EXAMPLE,
                Severity.NOTE,
                f"“{written[0]}” stands {count} times at {provided.name} of Agent {agent.name}.",
                "Keep it once; other words teach the router more.",
                Subject.of(agent, provided.name),
                texts=written,
            )


def _at_both(one: _Standing, other: _Standing) -> Finding:
    is_between_agents = one.agent is not other.agent
    whose = f"{other.capability} of Agent {other.agent.name}" if is_between_agents else other.capability
    return Finding(
        Rule.DUPLICATE_EXAMPLE,
        Severity.ERROR if is_between_agents else Severity.WARNING,
        f"“{one.example}” is an example of {one.capability} of Agent {one.agent.name} and of {whose}.",
        "Leave it to the Capability that should answer it.",
        Subject.of(one.agent, one.capability),
        Subject.of(other.agent, other.capability),
        (one.example,),
        (other.example,),
    )


def _in_one_language(agent: Agent) -> Iterator[Finding]:
    counted = {provided: _languages(provided) for provided in agent.spec.provided_capabilities}
    spoken = {
        language
        for counts in counted.values()
        for language, count in counts.items()
        if count >= _ENOUGH_TO_TELL and len(counts) > 1
    }
    for provided, counts in counted.items():
        missing = sorted(spoken - counts.keys())
        if len(counts) == 1 and counts.total() >= _ENOUGH_TO_TELL and missing:
            has, lacks = (_LANGUAGE_NAMES[each] for each in (next(iter(counts)), missing[0]))
            yield Finding(
                Rule.ONE_LANGUAGE,
                Severity.WARNING,
                f"{provided.name} of Agent {agent.name} has examples in {has} only; others of its"
                f" Capabilities have {lacks} ones too.",
                f"Add what users say in {lacks}.",
                Subject.of(agent, provided.name),
            )


def _languages(provided: ProvidedCapability) -> Counter[Language]:
    """How many examples are certainly of each language."""
    languages: tuple[Language, ...] = get_args(Language)
    guesses = ({language_of(text, otherwise=each) for each in languages} for text in provided.examples)
    return Counter(found.pop() for found in guesses if len(found) == 1)
