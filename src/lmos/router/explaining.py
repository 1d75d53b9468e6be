"""What mattered for a decision: the words without which it would be less sure, and the nearest examples."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from lmos.core.scoring import Texts, ngram_counts, unit
from lmos.router.vector import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lmos.core.scoring import Matrix
    from lmos.ports.models import Encoder
    from lmos.router.decision import RouteDecision
    from lmos.router.roster import Roster
    from lmos.router.vector import VectorHead, Weighed

    Side = tuple[str, str]

MOST_PIECES = 40
"""A text of more words is left out in runs of several, so that the batch of its variants is bounded."""

MOST_EXAMPLES = 3
"""Told of each Capability."""

_EXAMPLES_COMPARED = 200
# No encoder reads on.
_LONGEST_TEXT = 2000
_LEAST = np.float32(1e-30)


@dataclass(frozen=True, slots=True)
class WordEffect:
    """
    Words of the text, and by how much something is lower without them.

    Attributes:
        probability: Of the Agent.
        log_odds: The logarithm of the Agent's probability over that of all others, which also tells words
            apart where each of them may be missing.
        familiarity: Of the text.
    """

    words: str
    probability: float
    log_odds: float
    familiarity: float


@dataclass(frozen=True, slots=True)
class NearExample:
    """An example, whose it is (of no Agent: of a Capability not offered), and its similarity, -1 to 1."""

    agent: str
    capability: str
    text: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    What mattered for a decision.

    Attributes:
        agent: Whose probability it is about: the chosen Agent's, else the likeliest one's.
        capability: The Capability that speaks for it.
        decided_by: Version of the head that decided; empty where none was asked.
        head: Version of the head that explains.
        read_with: The user's message before, where the text was read together with that.
        probability: Of `agent`, by the whole text, 0 to 1.
        familiarity: Of the whole text.
        words: Of the text, in its order.
        examples: The nearest ones of `capability`, then of the best Capability of any other Agent.
        notes: What limits all this, in sentences for people.
    """

    agent: str = ""
    capability: str = ""
    decided_by: str = ""
    head: str = ""
    read_with: str = ""
    probability: float = 0.0
    familiarity: float = 0.0
    words: tuple[WordEffect, ...] = ()
    examples: tuple[NearExample, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "agent": self.agent,
            "capability": self.capability,
            "decidedBy": self.decided_by,
            "head": self.head,
            "readWith": self.read_with,
            "probability": self.probability,
            "familiarity": self.familiarity,
            "words": [
                {
                    "words": each.words,
                    "probabilityFall": each.probability,
                    "logOddsFall": each.log_odds,
                    "familiarityFall": each.familiarity,
                }
                for each in self.words
            ],
            "examples": [asdict(each) for each in self.examples],
            "notes": list(self.notes),
        }


def unweighed(decision: RouteDecision) -> Explanation:
    """The explanation of a decision for which no head weighed the text, or none is there any more."""
    why = {
        "explicit": "The caller named the Agent; the text was not weighed.",
        "choice": "The user chose among what was offered; the text was not weighed.",
    }.get(decision.stage, "There is no trained head for this Channel.")
    return Explanation(decided_by=decision.head, notes=(why,))


def explanation_of(
    text: str,
    decision: RouteDecision,
    head: VectorHead,
    encoder: Encoder,
    roster: Roster,
    read_with: str = "",
) -> Explanation:
    """
    What mattered for `decision`, as far as `head` can say: it weighs the text again, whole and in part.

    Args:
        text: The user's message.
        decision: Of this text, by `head` or one before it.
        head: Knows Agents of `roster`.
        encoder: The one that `head` was trained with.
        roster: Whom the Turn may go to.
        read_with: The user's message before, where the text goes on with that.
    """
    text = text[:_LONGEST_TEXT]
    pieces = _pieces(text)
    if len(pieces) == 1 and not read_with:
        # Without its only word nothing is left to weigh.
        pieces = []
    whole = _together(read_with, text)
    # All in one call: encoders are faster on many.
    weighed = head.weigh(
        _encoded([whole, *(_together(read_with, rest) for _, rest in pieces)], encoder), roster.names
    )
    chosen, rival = _sides(decision, head, roster, weighed)
    place = head.agents.index(chosen[0])
    shares, odds, familiarity = weighed.of_agents[:, place], _log_odds(weighed, place), weighed.familiarity
    return Explanation(
        *chosen,
        decided_by=decision.head,
        head=head.fingerprint,
        read_with=read_with,
        probability=_rounded(shares[0]),
        familiarity=_rounded(familiarity[0]),
        words=tuple(
            WordEffect(words, *(_rounded(of_all[0] - of_all[row]) for of_all in (shares, odds, familiarity)))
            for row, (words, _) in enumerate(pieces, start=1)
        ),
        examples=_nearest(whole, (chosen, *rival), head, encoder, roster),
        notes=tuple(_notes(decision, chosen[0], head)),
    )


def _pieces(text: str) -> list[tuple[str, str]]:
    """Each word, or run of words, with the text that is left without it."""
    words = text.split()
    count = min(len(words), MOST_PIECES)
    bounds = [len(words) * number // max(count, 1) for number in range(count + 1)]
    return [
        (" ".join(words[start:end]), " ".join((*words[:start], *words[end:])))
        for start, end in pairwise(bounds)
    ]


def _together(read_with: str, text: str) -> str:
    return f"{read_with} {text}" if read_with else text


def _encoded(texts: Sequence[str], encoder: Encoder) -> Texts:
    return Texts(encoder.encode(texts), ngram_counts(texts))


def _sides(
    decision: RouteDecision, head: VectorHead, roster: Roster, weighed: Weighed
) -> tuple[Side, tuple[Side, ...]]:
    """Agent and Capability that the explanation is about, and the best of any other Agent, if any."""
    order = np.argsort(-weighed.of_classes[0], kind="stable")
    ranked = [head.labels[index] for index in order if weighed.may_be_chosen[index]]
    wanted = _agent_of(decision)
    if wanted not in roster.names or wanted not in head.agents:
        wanted = head.agents[int(weighed.of_agents[0].argmax())]
    named = (wanted, decision.capability)
    chosen = named if named in ranked else next(side for side in ranked if side[0] == wanted)
    return chosen, tuple(side for side in ranked if side[0] != wanted)[:1]


def _log_odds(weighed: Weighed, place: int) -> Matrix:
    """Of one Agent against all others, for each text, shape (n,)."""
    ours = weighed.of_agents[:, place]
    # Not what is missing to one: beside a large share that is rounded away.
    others = np.delete(weighed.of_agents, place, axis=1).sum(axis=1)
    odds: Matrix = np.log(np.maximum(ours, _LEAST)) - np.log(np.maximum(others, _LEAST))
    return odds


def _agent_of(decision: RouteDecision) -> str | None:
    """The Agent that the router chose, whoever it handed over to."""
    return next(iter(decision.handed_over_by), decision.agent)


def _nearest(
    text: str, sides: Sequence[Side], head: VectorHead, encoder: Encoder, roster: Roster
) -> tuple[NearExample, ...]:
    """Of each side the examples that are most like `text`, as the head sees both."""
    told = [(side, example) for side in sides for example in _examples_of(side, roster)]
    rows = unit(head.features(_encoded([text, *(example for _, example in told)], encoder)))
    near = [
        NearExample(*side, example, _rounded(likeness))
        for (side, example), likeness in zip(told, rows[1:] @ rows[0], strict=True)
    ]
    near.sort(key=lambda each: -each.similarity)
    return tuple(
        each
        for side in sides
        for each in [each for each in near if (each.agent, each.capability) == side][:MOST_EXAMPLES]
    )


def _examples_of(side: Side, roster: Roster) -> tuple[str, ...]:
    agent, name = side
    if agent == ELSEWHERE:
        can = next((can for can in roster.elsewhere if can.name == name), None)
    else:
        can = roster.capability(agent, name)
    return can.examples[:_EXAMPLES_COMPARED] if can else ()


def _notes(decision: RouteDecision, about: str, head: VectorHead) -> Iterator[str]:
    if decision.head != head.fingerprint:
        yield f"Head {decision.head} has decided; this is by the head as it is now, {head.fingerprint}."
    chosen = _agent_of(decision)
    if chosen is None:
        yield "No Agent was chosen; this is about the likeliest one."
    elif chosen != about:
        yield f"{chosen} serves this Channel no longer; this is about the likeliest Agent now."
    if decision.stage == "llm":
        yield "A language model has decided; this is what the head makes of it."
    if decision.stage == "choice":
        yield "The reply was weighed for the offered Agents alone; this is among all of the Channel."


def _rounded(value: float) -> float:
    return round(float(value), 4)
