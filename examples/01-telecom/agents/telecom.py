"""What the five Agents share: the data file, who is asking, and how to say amounts and dates."""

from __future__ import annotations

import calendar
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmos.arc import Turn

_FILE = Path(__file__).parent.parent / "data" / "telecom.toml"

DATA: dict[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"), parse_float=Decimal)
NOW: datetime = DATA["now"]
TODAY = NOW.date()

MONTHS = {
    "en": "January February March April May June July August September October November December".split(),
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
}


@dataclass(frozen=True)
class Speech:
    """Says things in one language: `say(en="Yes.", de="Ja.")`."""

    language: str

    def __call__(self, *, en: str, de: str) -> str:
        """The text in the user's language."""
        return de if self.language == "de" else en

    def money(self, amount: Decimal) -> str:
        """`€1,234.50` or `1.234,50 €`."""
        english = f"{amount:,.2f}"
        return self(en=f"€{english}", de=f"{english.translate(str.maketrans(',.', '.,'))} €")

    def month(self, day: date) -> str:
        """`May 2026` or `Mai 2026`."""
        return f"{MONTHS[self.language][day.month - 1]} {day.year}"

    def day(self, day: date) -> str:
        """`3 May 2026` or `3. Mai 2026`."""
        return f"{day.day}{self(en='', de='.')} {self.month(day)}"

    def days(self, count: int) -> str:
        """`1 day`, `2 days`; `1 Tag`, and `2 Tagen` as after in, seit and vor."""
        return f"{count} {self(en='day' if count == 1 else 'days', de='Tag' if count == 1 else 'Tagen')}"

    def named(self, names: Mapping[str, Any]) -> str:
        """The entry for the user's language."""
        return str(names[self.language])


def speech_of(turn: Turn) -> Speech:
    """The language of the user's words; the Tenant's own where the caller does not say."""
    language = turn.language or tenant_of(turn)["language"]
    return Speech(language if language in MONTHS else "en")


def tenant_of(turn: Turn) -> dict[str, Any]:
    """What the data file has for the Turn's Tenant."""
    found: dict[str, Any] = DATA["tenants"][turn.tenant]
    return found


def customer_of(turn: Turn) -> dict[str, Any]:
    """The Tenant's customer called like the user; anybody else is taken for its demo customer."""
    tenant = tenant_of(turn)
    customers: dict[str, dict[str, Any]] = tenant["customers"]
    return customers.get(turn.user or "") or customers[tenant["demo_customer"]]


def months_later(day: date, months: int) -> date:
    """The same day some months later, or earlier where negative; 31 May and one month is 30 June."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
