"""How much of what was said may be told of single Turns: for all Tenants, and otherwise for some."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Self

from lmos.core.conversation.masking import masked
from lmos.core.conversation.tenants import by_tenant
from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

WITHHELD = "[withheld]"
"""Stands for words that a Tenant does not allow to be told."""


class TextLevel(StrEnum):
    """What may be told of words, the strictest last."""

    ALL = "all"
    MASKED = "masked"
    NONE = "none"

    def tell(self, text: str) -> str:
        """As much of `text` as may be told; nothing needs to be withheld of an empty one."""
        if self is TextLevel.MASKED:
            return masked(text)
        return WITHHELD if text and self is TextLevel.NONE else text

    def or_stricter(self, other: TextLevel) -> TextLevel:
        """The stricter one of two."""
        return max(self, other, key=list(TextLevel).index)


class InvalidRecordText(InvalidInput):
    """What shall say how much may be told of single Turns cannot be read."""

    code: ClassVar[str] = "InvalidRecordText"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"How much may be told of single Turns cannot be read: {problem}.",
            hint=f"Write one of {', '.join(TextLevel)} for all Tenants, then others for some:"
            " all,acme=masked,umbrella=none",
        )


@dataclass(frozen=True, slots=True)
class RecordText:
    """
    How much of what was said may be told of single Turns.

    Attributes:
        default: For every Tenant that is not in `of_tenants`.
        of_tenants: By the Tenant's name.
    """

    default: TextLevel = TextLevel.ALL
    of_tenants: Mapping[str, TextLevel] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read `all,acme=masked,umbrella=none`; an empty text allows everything.

        Raises:
            InvalidRecordText: A level is none, or is said twice of the same Tenants.
        """
        levels = by_tenant(text, "level", _level_in, InvalidRecordText)
        return cls(levels.pop("", TextLevel.ALL), levels)

    def of(self, tenant: str) -> TextLevel:
        """What may be told of a Tenant's Turns."""
        return self.of_tenants.get(tenant, self.default)


TELL_ALL = RecordText()


def _level_in(text: str) -> TextLevel:
    try:
        return TextLevel(text)
    except ValueError:
        raise InvalidRecordText(f"{text[:80]!r} is no level") from None
