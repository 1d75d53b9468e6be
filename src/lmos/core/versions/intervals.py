"""Intervals as Ivy and Maven write them: `[1.0,2.0)`, `]1.0,2.0[`, `[1.0]`, `[1.0,2.0],[3.0,)`."""

from __future__ import annotations

import re

from lmos.core.versions.bounds import Bound, Bounds, InvalidRange
from lmos.core.versions.version import Version

_INTERVAL = re.compile(
    r"""
    \s* (?P<opening>[\[\](])
    \s* (?P<lower>[^\[\](),\s]*)
    \s* (?: (?P<comma>,) \s* (?P<upper>[^\[\](),\s]*) \s* )?
    (?P<closing>[\[\])]) \s*
    """,
    re.VERBOSE,
)


def are_intervals(text: str) -> bool:
    """Whether `text` is written as intervals rather than as comparators."""
    return text.startswith(("[", "]", "("))


def parse_intervals(text: str) -> list[Bounds]:
    """
    Read one or several intervals, separated by commas.

    Raises:
        InvalidRange, InvalidVersion: It cannot be read, or an interval runs backwards.

    Source:
        Ivy "Version Matchers" (`]` and `[` exclude) and Maven "Dependency Version Requirement
        Specification" (`(` and `)` exclude, `[1.0]` is exact).
    """
    intervals: list[Bounds] = []
    position = -1
    while position < len(text):
        match = _INTERVAL.match(text, position + 1)
        if match is None or text[match.end() : match.end() + 1] not in {"", ","}:
            raise InvalidRange(text)
        intervals.append(_interval(match))
        position = match.end()
    return intervals


def _interval(match: re.Match[str]) -> Bounds:
    includes_lower, includes_upper = match["opening"] == "[", match["closing"] == "]"
    if match["comma"] is None:
        if not (includes_lower and includes_upper):
            raise InvalidRange(match[0])
        return (Bound("=", Version.parse(match["lower"])),)
    # Only beside an excluding bracket may the version be left out.
    lower = Version.parse(match["lower"]) if match["lower"] or includes_lower else None
    upper = Version.parse(match["upper"]) if match["upper"] or includes_upper else None
    if lower is not None and upper is not None and lower > upper:
        raise InvalidRange(match[0])
    return (
        *([Bound(">=" if includes_lower else ">", lower)] if lower is not None else []),
        *([Bound("<=" if includes_upper else "<", upper)] if upper is not None else []),
    )
