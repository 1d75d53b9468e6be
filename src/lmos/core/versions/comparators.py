"""Comparators as npm writes them: `^1.2.0`, `~1.2`, `>=1.0.0 <2.0.0`, `1.x`, `1.0.0 - 2.0.0`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lmos.core.versions.bounds import EVERYTHING, NOTHING, Bound, Bounds, InvalidRange
from lmos.core.versions.version import Version

_OPERATOR = r"~>|[<>]=?|[=~^]"
_SPACE_AFTER_OPERATOR = re.compile(rf"({_OPERATOR})\s+(?=[\dvxX*])")
_COMPARATOR = re.compile(
    rf"""
    (?P<operator>{_OPERATOR})? v?
    (?P<major>\d+|[xX*])
    (?: \.(?P<minor>\d+|[xX*])
        (?: \.(?P<patch>\d+|[xX*]) (?P<tail>[-+].+)? )?
    )?
    """,
    re.VERBOSE,
)
_HYPHEN_RANGE = re.compile(r"(\S+)\s+-\s+(\S+)")


def parse_comparators(text: str) -> Bounds:
    """
    Read comparators that hold together.

    Raises:
        InvalidRange, InvalidVersion: One of them cannot be read.

    Source:
        node-semver, "Ranges" and "Advanced Range Syntax".
    """
    hyphen = _HYPHEN_RANGE.fullmatch(text)
    if hyphen:
        return _bounds(f">={hyphen[1]}") + _bounds(f"<={hyphen[2]}")
    words = _SPACE_AFTER_OPERATOR.sub(r"\1", text).split()
    return tuple(bound for word in words for bound in _bounds(word))


@dataclass(frozen=True, slots=True)
class _Partial:
    """A version of which only the first numbers may be given; in `floor` the others are zero."""

    floor: Version
    given: int

    @property
    def is_complete(self) -> bool:
        return self.given == len(self.floor.release)

    def next_after(self, place: int) -> Version:
        """The least version, prereleases included, that is greater at `place` (1 is major)."""
        major, minor, patch = self.floor.release
        following = {1: (major + 1, 0, 0), 2: (major, minor + 1, 0), 3: (major, minor, patch + 1)}
        return Version(*following[place], prerelease=("0",))


def _partial(match: re.Match[str]) -> _Partial:
    numbers: list[str] = []
    for number in match.group("major", "minor", "patch"):
        if number is None or number in "xX*":
            break
        numbers.append(number)
    partial = _Partial(Version.parse(".".join(numbers or ["0"])), len(numbers))
    # Behind a wildcard, npm ignores whatever follows.
    if partial.is_complete and match["tail"]:
        return _Partial(Version.parse(".".join(numbers) + match["tail"]), partial.given)
    return partial


def _bounds(comparator: str) -> Bounds:
    match = _COMPARATOR.fullmatch(comparator)
    if match is None:
        raise InvalidRange(comparator)
    operator, partial = match["operator"] or "=", _partial(match)
    if partial.given == 0:
        return NOTHING if operator in {"<", ">"} else EVERYTHING
    match operator:
        case "^":
            return _between(partial, _caret_place(partial))
        case "~" | "~>":
            return _between(partial, min(partial.given, 2))
        case "=" if not partial.is_complete:
            return _between(partial, partial.given)
        case _:
            return (_one_bound(operator, partial),)


def _between(partial: _Partial, place: int) -> Bounds:
    """From the floor to where the number at `place` changes."""
    return Bound(">=", partial.floor), Bound("<", partial.next_after(place))


def _caret_place(partial: _Partial) -> int:
    """The place of the first number that is not zero: it must stay."""
    given = enumerate(partial.floor.release[: partial.given], start=1)
    return next((place for place, number in given if number), partial.given)


def _one_bound(operator: str, partial: _Partial) -> Bound:
    """`>1.2` means beyond every 1.2.x, `<=1.2` up to the last of them, `<1.2` below the first."""
    match operator:
        case ">" if not partial.is_complete:
            return Bound(">=", Version(*partial.next_after(partial.given).release))
        case "<=" if not partial.is_complete:
            return Bound("<", partial.next_after(partial.given))
        case "<" if not partial.is_complete:
            return Bound("<", Version(*partial.floor.release, prerelease=("0",)))
        case "=" | "<" | "<=" | ">":
            return Bound(operator, partial.floor)
        case _:
            return Bound(">=", partial.floor)
