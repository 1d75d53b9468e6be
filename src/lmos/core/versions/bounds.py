"""Plain bounds on versions: what every notation of a range comes down to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from lmos.core.errors import InvalidInput
from lmos.core.versions.version import Version, shortened


@dataclass(frozen=True, slots=True)
class Bound:
    """One side of a range, as `>= 1.2.0`."""

    operator: Literal["=", "<", "<=", ">", ">="]
    version: Version

    def admits(self, version: Version) -> bool:
        """Whether `version` is on the right side of the bound."""
        match self.operator:
            case "=":
                return version == self.version
            case "<":
                return version < self.version
            case "<=":
                return version <= self.version
            case ">":
                return version > self.version
            case ">=":
                return version >= self.version


Bounds = tuple[Bound, ...]
"""Bounds that hold together."""

EVERYTHING: Bounds = ()
NOTHING: Bounds = (Bound("<", Version(0, 0, 0, ("0",))),)


def satisfies(version: Version, bounds: Bounds) -> bool:
    """
    Whether `version` is within all `bounds`.

    A prerelease counts only where a bound names a prerelease of the same release (npm's rule).
    """
    if not all(bound.admits(version) for bound in bounds):
        return False
    return not version.is_prerelease or any(
        bound.version.is_prerelease and bound.version.release == version.release for bound in bounds
    )


class InvalidRange(InvalidInput):
    """A text that should be a version range cannot be read; nothing satisfies it."""

    code: ClassVar[str] = "InvalidRange"

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            f"{shortened(text)!r} is no version range.",
            hint="Write for example ^1.2.0, >=1.0.0 <2.0.0, 1.x, [1.0,2.0) or 1.0.0 || 2.0.0.",
        )
