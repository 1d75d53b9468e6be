"""The roaming Agent: what phone and data cost abroad, and which travel pass is the cheapest."""

from __future__ import annotations

import re
from typing import Any

from telecom import DATA, Speech, speech_of

from lmos.arc import Agent, Turn

roaming = Agent(
    "roaming-agent",
    description="Answers questions about phone and data abroad.",
    tenants=["acme", "globex"],
    channels=["web", "ivr"],
)

COUNTRIES: dict[str, dict[str, Any]] = DATA["roaming"]["countries"]
MB_PER_GB = 1000
DAYS_PER_WEEK = 7


@roaming.capability(
    "roaming-prices",
    version="1.4.0",
    description="Says what a minute and a megabyte cost in a country, or what a given amount comes to.",
    examples=[
        "What does roaming cost in Switzerland?",
        "How much is a call from the USA?",
        "Can I use my phone in Spain without extra cost?",
        "Price per MB in Turkey",
        "What would 500 MB cost me in Japan?",
        "Is the EU included when I travel?",
        "What am I charged for browsing abroad?",
        "I'm on holiday in Greece, is mobile data free there?",
        "Phoning home from London, how expensive is that?",
        "And for Spain?",
        "and what about Canada?",
        "Was kostet Roaming in der Schweiz?",
        "Wie teuer ist ein Anruf aus den USA?",
        "Kann ich mein Handy in Spanien ohne Aufpreis nutzen?",
        "Preis pro MB in der Türkei",
        "Was kosten 500 MB in Japan?",
        "Ist das EU-Ausland inklusive?",
        "Was zahle ich fürs Surfen im Ausland?",
        "Ich mache Urlaub in Griechenland, sind mobile Daten dort frei?",
        "Nach Hause telefonieren aus London, was kostet das?",
        "Und für Spanien?",
        "und wie ist es in Kanada?",
    ],
)
def roaming_prices(turn: Turn) -> str:
    say, country = speech_of(turn), country_meant(turn)
    if country is None:
        return which_country(say)
    zone, name = DATA["roaming"]["zones"][country["zone"]], say.named(country)
    if not zone["mb"]:
        return say(
            en=f"In {name} you phone and surf as at home, without extra cost.",
            de=f"Hier telefonieren und surfen Sie wie zu Hause, ohne Aufpreis: {name}.",
        )
    megabytes = turn.memory["megabytes"] = amount_meant(turn)
    if megabytes:
        cost = say.money(megabytes * zone["mb"])
        return say(en=f"{megabytes} MB in {name} cost {cost}.", de=f"{megabytes} MB kosten {cost} ({name}).")
    minute, each = say.money(zone["minute"]), say.money(zone["mb"])
    return say(
        en=f"In {name} a minute costs {minute} and a megabyte {each}.",
        de=f"Eine Minute kostet {minute} und ein Megabyte {each} ({name}).",
    )


@roaming.capability(
    "travel-passes",
    version="1.0.2",
    description="Works out the cheapest travel passes for a stay abroad of some days.",
    examples=[
        "I'm going to the USA for 10 days, which pass do I need?",
        "Do you have a data package for travelling?",
        "Book me a travel pass for Switzerland",
        "What is the cheapest option for two weeks in Japan?",
        "Is there a week pass for Turkey?",
        "I need internet on my trip to Thailand for 5 days",
        "How much is a day pass abroad?",
        "Which travel option is best for a weekend in London?",
        "I want to buy a holiday package for my trip",
        "And for 3 days?",
        "Ich fliege 10 Tage in die USA, welchen Pass brauche ich?",
        "Habt ihr ein Datenpaket für Reisen?",
        "Buche mir eine Reiseoption für die Schweiz",
        "Was ist für zwei Wochen Japan am günstigsten?",
        "Gibt es einen Wochenpass für die Türkei?",
        "Ich brauche 5 Tage lang Internet in Thailand",
        "Was kostet ein Tagespass im Ausland?",
        "Welche Reiseoption lohnt sich für ein Wochenende in London?",
        "Ich möchte ein Urlaubspaket dazubuchen",
        "Und für 3 Tage?",
    ],
)
def travel_passes(turn: Turn) -> str:
    say, country = speech_of(turn), country_meant(turn)
    if country is None:
        return which_country(say)
    zone, name = DATA["roaming"]["zones"][country["zone"]], say.named(country)
    if not zone["day_pass"]:
        return say(en=f"You need no pass there: {name} is included.", de=f"{name}: Das ist schon enthalten.")
    days = turn.memory["days"] = days_in(turn.text) or turn.memory.get("days", DAYS_PER_WEEK)
    weeks, single = cheapest(days, zone)
    total = say.money(weeks * zone["week_pass"] + single * zone["day_pass"])
    passes = [f"{weeks} x {say(en='week pass', de='Wochenpass')}"] if weeks else []
    passes += [f"{single} x {say(en='day pass', de='Tagespass')}"] if single else []
    return say(
        en=f"{name}, {say.days(days)}: {' + '.join(passes)} for {total} is the cheapest.",
        de=f"{name}, {days} {'Tag' if days == 1 else 'Tage'}: Am günstigsten ist"
        f" {' + '.join(passes)} für {total}.",
    )


def country_meant(turn: Turn) -> dict[str, Any] | None:
    """The country that the user names, or the one just talked about."""
    text = turn.text.casefold()
    named = (
        code
        for code, country in COUNTRIES.items()
        if any(re.search(rf"\b{re.escape(word)}\b", text) for word in country["words"])
    )
    code = turn.memory["country"] = next(named, turn.memory.get("country"))
    return COUNTRIES.get(code or "")


def which_country(say: Speech) -> str:
    known = ", ".join(sorted(say.named(country) for country in COUNTRIES.values()))
    return say(
        en=f"Within the EU you pay as at home. Which country is it about? I know {known}.",
        de=f"In der EU zahlen Sie wie zu Hause. Um welches Land geht es? Ich kenne {known}.",
    )


def amount_meant(turn: Turn) -> int:
    """The megabytes that the user names, 0 for none; “and in Japan?” still means those before."""
    text = turn.text.casefold()
    amount = re.search(r"(\d+) ?(mb|gb|megabyte|gigabyte)", text)
    if amount:
        return int(amount.group(1)) * (MB_PER_GB if amount.group(2).startswith("g") else 1)
    goes_on = re.match(r"(and|what about|und|was ist mit)\b", text)
    return int(turn.memory.get("megabytes", 0)) if goes_on else 0


def days_in(text: str) -> int:
    """How many days a text speaks of, 0 if of none: `10 days`, `zwei Wochen`, `a weekend`."""
    words = {"a": 1, "one": 1, "eine": 1, "two": 2, "zwei": 2, "three": 3, "drei": 3, "ein": 1}
    span = re.search(r"(\w+)[ -](day|tag|week(?!end)|woche(?!nende))", text.casefold())
    if span is None:
        return 2 if re.search(r"weekend|wochenende", text.casefold()) else 0
    count = int(span.group(1)) if span.group(1).isdecimal() else words.get(span.group(1), 0)
    return count * (DAYS_PER_WEEK if span.group(2).startswith("w") else 1)


def cheapest(days: int, zone: dict[str, Any]) -> tuple[int, int]:
    """How many week and day passes cover `days` for the least money."""
    most_weeks = -(-days // DAYS_PER_WEEK)
    covers = ((weeks, max(0, days - weeks * DAYS_PER_WEEK)) for weeks in range(most_weeks + 1))
    return min(covers, key=lambda cover: cover[0] * zone["week_pass"] + cover[1] * zone["day_pass"])
