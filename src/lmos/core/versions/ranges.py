"""A version range: what a Channel asks of a Capability, in npm's or in Ivy's and Maven's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from lmos.core.errors import InvalidInput
from lmos.core.versions.bounds import EVERYTHING, Bounds, InvalidRange, satisfies
from lmos.core.versions.comparators import parse_comparators
from lmos.core.versions.intervals import are_intervals, parse_intervals
from lmos.core.versions.version import MAX_LENGTH

if TYPE_CHECKING:
    from lmos.core.versions.version import Version

_WORDS_FOR_EVERYTHING = frozenset({"", "latest", "latest.integration"})


@dataclass(frozen=True, slots=True)
class Range:
    """
    A set of versions: any of its alternatives, each of which is a set of bounds that hold together.

    `version in Range.parse(text)` asks whether a version satisfies it.
    """

    text: str
    alternatives: tuple[Bounds, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a range.

        Args:
            text: npm's comparators, x-ranges, tilde, caret and hyphen ranges; or intervals as `[1.0,2.0)`,
                `]1.0,2.0[`, `(,2.0]`, `[1.0]` and lists of them; `||` joins alternatives. Empty, `*`, `x`
                and `latest` mean every release.

        Raises:
            InvalidRange: It is none of these, or longer than 256 characters. Nothing satisfies it.

        Source:
            Contract §1.4c; its rows marked [Q] as npm, Ivy and Maven define them (DESIGN).
        """
        if len(text) > MAX_LENGTH:
            raise InvalidRange(text)
        try:
            return cls(text, tuple(bounds for part in text.split("||") for bounds in _alternatives(part)))
        except InvalidInput as error:
            raise InvalidRange(text) from error

    def __contains__(self, version: Version) -> bool:
        return any(satisfies(version, bounds) for bounds in self.alternatives)

    def __str__(self) -> str:
        return self.text


def _alternatives(part: str) -> list[Bounds]:
    text = part.strip()
    if text in _WORDS_FOR_EVERYTHING:
        return [EVERYTHING]
    return parse_intervals(text) if are_intervals(text) else [parse_comparators(text)]
