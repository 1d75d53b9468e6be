"""How long Conversations are kept: one age for all Tenants, and others for some."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from lmos.core.conversation.tenants import by_tenant
from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

FOREVER = "forever"

_AGE = re.compile(r"([1-9][0-9]{0,3})([mhdw])")
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


class InvalidRetention(InvalidInput):
    """What shall say how long Conversations are kept cannot be read."""

    code: ClassVar[str] = "InvalidRetention"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"The retention of Conversations cannot be read: {problem}.",
            hint="Write an age for all Tenants, then others for some: 30d,acme=7d,umbrella=forever",
        )


@dataclass(frozen=True, slots=True)
class Retention:
    """
    How long a Conversation is kept after its last Turn; None means for ever.

    Attributes:
        default: For every Tenant that is not in `of_tenants`.
        of_tenants: By the Tenant's name.
    """

    default: timedelta | None = None
    of_tenants: Mapping[str, timedelta | None] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read `30d,acme=7d,umbrella=forever`; an empty text keeps everything for ever.

        An age is a number up to 9999 of minutes (`m`), hours (`h`), days (`d`) or weeks (`w`), or `forever`.

        Raises:
            InvalidRetention: An age is none, or is said twice of the same Tenants.
        """
        ages = by_tenant(text, "age", _age_in, InvalidRetention)
        return cls(ages.pop("", None), ages)

    @property
    def is_limited(self) -> bool:
        """Whether anything is ever removed."""
        return any(age is not None for age in (self.default, *self.of_tenants.values()))

    def of(self, tenant: str) -> timedelta | None:
        """The age at which a Tenant's Conversations are removed; None if never."""
        return self.of_tenants.get(tenant, self.default)


def _age_in(text: str) -> timedelta | None:
    if text == FOREVER:
        return None
    found = _AGE.fullmatch(text)
    if found is None:
        raise InvalidRetention(f"{text[:80]!r} is no age")
    return int(found[1]) * _UNITS[found[2]]
