"""What a language model is told of Agents, as data that cannot pass for instructions, and of the talk."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from lmos.core.conversation import ASSISTANT, USER, Message
from lmos.core.scoring import ngram_counts, unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lmos.router.decision import Candidate
    from lmos.router.request import RouteRequest
    from lmos.router.roster import Roster, RosterAgent, RosterCapability

Named = TypeVar("Named", "RosterAgent", "RosterCapability")

MOST_AGENTS = 8
MOST_UNWEIGHED_AGENTS = 50
"""Where the head is missing; more would not fit into any budget."""

MOST_CAPABILITIES = 5
MOST_EXAMPLES = 3
LONGEST_EXAMPLE = 200
LONGEST_DESCRIPTION = 400
LONGEST_NAME = 253

CHARACTERS_A_TOKEN = 4
"""An estimate that holds for English, and is a little high for German."""

_EXAMPLES_WEIGHED = 20
# No text of an Agent can close the tag that it stands in.
_BRACKETS = str.maketrans("<>", "()")


def plain(text: str, longest: int) -> str:
    """`text` on one line of bounded length, without control characters, angle brackets made round."""
    # Bounded before it is looked at; the rest would be cut off in any case.
    shown = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in text[: 4 * longest])
    return " ".join(shown.split()).translate(_BRACKETS)[:longest].rstrip()


def agents_as_told(
    roster: Roster, candidates: Sequence[Candidate], text: str, most_characters: int
) -> list[dict[str, Any]]:
    """
    The Agents that come into question, as JSON values, those of `candidates` first.

    Each with `id`, `name`, `description` and its `capabilities`, each of these with `id`, `description` and
    the `examples` that share most with `text`, where there are any.

    Args:
        roster: Whom the Turn may go to.
        candidates: What the head has weighed, best first; without any, all Agents come into question, as many
            as fit.
        text: The user's words.
        most_characters: How long all of it may be, written as JSON; it is made to fit by leaving out
            examples, then the last Agents.
    """
    ordered = _first(roster.agents, [candidate.agent for candidate in candidates])
    ordered = ordered[: MOST_AGENTS if candidates else MOST_UNWEIGHED_AGENTS]
    told = [_agent(agent, candidates, text) for agent in ordered]
    for most_examples in (MOST_EXAMPLES, 1, 0):
        for capability in (can for agent in told for can in agent["capabilities"]):
            del capability["examples"][most_examples:]
        if _length(told) <= most_characters:
            return told
    while len(told) > 1 and _length(told) > most_characters:
        told.pop()
    return told


def talk(request: RouteRequest) -> tuple[Message, ...]:
    """What user and Agents have said, the user's message last."""
    said = tuple(message for message in request.history if message.role in {USER, ASSISTANT})
    return (*said, Message(role=USER, content=request.text))


def _agent(agent: RosterAgent, candidates: Sequence[Candidate], text: str) -> dict[str, Any]:
    weighed = [candidate.capability for candidate in candidates if candidate.agent == agent.name]
    capabilities = _first(agent.capabilities, weighed)[:MOST_CAPABILITIES]
    name = plain(agent.name, LONGEST_NAME)
    return {
        "id": name,
        "name": name,
        "description": plain(agent.description, LONGEST_DESCRIPTION),
        "capabilities": [_capability(can, text) for can in capabilities],
    }


def _capability(can: RosterCapability, text: str) -> dict[str, Any]:
    return {
        "id": plain(can.name, LONGEST_NAME),
        "description": plain(can.description, LONGEST_DESCRIPTION),
        "examples": [plain(each, LONGEST_EXAMPLE) for each in _nearest(can.examples, text)],
    }


def _nearest(examples: Sequence[str], text: str) -> list[str]:
    """By the words and parts of words that they share: it needs no encoder, which may be what is missing."""
    if len(examples) <= MOST_EXAMPLES:
        return list(examples)
    weighed = examples[:_EXAMPLES_WEIGHED]
    rows = unit(ngram_counts([text, *weighed]))
    order = np.argsort(-(rows[1:] @ rows[0]), kind="stable")
    return [weighed[index] for index in order[:MOST_EXAMPLES]]


def _first(every: Iterable[Named], names: Sequence[str]) -> list[Named]:
    """Those of these names first, in the order of the names, then the others as they come."""
    return sorted(every, key=lambda each: names.index(each.name) if each.name in names else len(names))


def _length(told: list[dict[str, Any]]) -> int:
    return len(json.dumps(told, ensure_ascii=False))
