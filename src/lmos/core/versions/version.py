"""A semantic version: what an Agent says that its Capability is at."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import total_ordering
from typing import ClassVar, Self

from lmos.core.errors import InvalidInput

MAX_LENGTH = 256

_NUMBER = r"(?:0|[1-9][0-9]*)"
_IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"""
    \s* v?
    (?P<major>{_NUMBER})
    (?: \.(?P<minor>{_NUMBER})
        (?: \.(?P<patch>{_NUMBER})
            (?: -(?P<prerelease>{_IDENTIFIER}(?:\.{_IDENTIFIER})*) )?
            (?: \+(?P<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*) )?
        )?
    )?
    \s*
    """,
    re.VERBOSE,
)


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """
    `major.minor.patch[-prerelease][+build]`, ordered by the precedence of semver 2.0.0.

    Build metadata takes no part in precedence, and therefore none in equality and hash either, so that
    order, equality and hash agree: `1.0.0+a == 1.0.0+b`. `str()` still shows it.
    """

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()
    build: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a version.

        Args:
            text: `x.y.z[-prerelease][+build]`; a leading `v`, surrounding spaces, and `x` or `x.y` for
                `x.0.0` and `x.y.0` are fine.

        Raises:
            InvalidVersion: It is none, or longer than 256 characters.

        Source:
            semver.org 2.0.0; contract §1.4c with the tolerance that DESIGN settles.
        """
        match = _VERSION.fullmatch(text) if len(text) <= MAX_LENGTH else None
        if match is None:
            raise InvalidVersion(text)
        return cls(
            int(match["major"]),
            int(match["minor"] or 0),
            int(match["patch"] or 0),
            tuple(match["prerelease"].split(".")) if match["prerelease"] else (),
            match["build"] or "",
        )

    @property
    def is_prerelease(self) -> bool:
        """Whether it comes before the release of the same number."""
        return bool(self.prerelease)

    @property
    def release(self) -> tuple[int, int, int]:
        """The number without prerelease and build."""
        return self.major, self.minor, self.patch

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Version):
            return NotImplemented
        return self._precedence() < other._precedence()

    def __str__(self) -> str:
        prerelease = f"-{'.'.join(self.prerelease)}" if self.prerelease else ""
        build = f"+{self.build}" if self.build else ""
        return f"{self.major}.{self.minor}.{self.patch}{prerelease}{build}"

    def _precedence(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
        """A release comes after its prereleases, a word after a number."""
        identifiers = tuple(
            (False, int(part), "") if part.isdigit() else (True, 0, part) for part in self.prerelease
        )
        return self.release, not self.prerelease, identifiers


class InvalidVersion(InvalidInput):
    """A text that should be a semantic version is none."""

    code: ClassVar[str] = "InvalidVersion"

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            f"{shortened(text)!r} is no semantic version.",
            hint="Write MAJOR.MINOR.PATCH, for example 1.2.0 or 2.0.0-rc.1.",
        )


def shortened(text: str) -> str:
    """`text`, or how it begins where it is too long to be shown."""
    return text if len(text) <= MAX_LENGTH else f"{text[:40]}… ({len(text)} characters)"
