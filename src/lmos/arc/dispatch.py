"""Which Capability answers a Turn when the caller does not say: overlap of words and letters, no model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.arc.capability import Capability

CERTAIN_ENOUGH = 0.25
"""Below this overlap a text is taken for a follow-up rather than for a question of its own."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A Capability and how much of the text it shares, from 0.0 to 1.0."""

    capability: Capability
    overlap: float

    @property
    def is_certain(self) -> bool:
        """Whether the text itself points at the Capability."""
        return self.overlap >= CERTAIN_ENOUGH


def closest(text: str, capabilities: Sequence[Capability]) -> Choice | None:
    """
    The Capability whose examples share most with `text`; the earlier one of equals, None without any.

    The overlap of two texts is the Dice coefficient of their sets of words and letter triples; a
    Capability's is that of its best example, its name and description counting as examples too.
    """
    choices = [Choice(capability, _overlap(text, capability)) for capability in capabilities]
    return max(choices, key=lambda choice: choice.overlap, default=None)


def _overlap(text: str, capability: Capability) -> float:
    asked = features(text)
    known = (*capability.examples, capability.name.replace("-", " "), capability.description)
    return max(_dice(asked, features(example)) for example in known)


def _dice(left: frozenset[str], right: frozenset[str]) -> float:
    total = len(left) + len(right)
    return 2 * len(left & right) / total if total else 0.0


@lru_cache(maxsize=4096)
def features(text: str) -> frozenset[str]:
    """The words of a text and the letter triples of each word, edges marked by spaces."""
    words = re.findall(r"\w+", text.casefold())
    triples = {f" {word} "[at : at + 3] for word in words for at in range(len(word))}
    return frozenset(words) | triples
