"""
The billing Agent: what a bill comes to, why it changed, whether it is paid. Read this one first.

An Agent is a name, Capabilities and functions that answer. A Capability's `examples` are what users say; the
router learns from them which questions belong here. `turn.memory` keeps what the Conversation is about.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from telecom import DATA, MONTHS, TODAY, Speech, customer_of, months_later, speech_of

from lmos.arc import Agent, Turn

if TYPE_CHECKING:
    from datetime import date

billing = Agent(
    "billing-agent",
    description="Answers questions about bills and payments.",
    tenants=["acme", "globex"],
    channels=["web", "ivr"],
)


@billing.capability(
    "view-bill",
    version="1.2.0",
    description="Says what the bill of a month comes to, item by item.",
    examples=[
        "How much is my bill?",
        "What do I have to pay this month?",
        "Show me my latest invoice",
        "I'd like to see the bill for October",
        "what was on last month's invoice",
        "Can you give me the total of my phone bill please",
        "Which items are on my September bill?",
        "Send me a breakdown of this month's charges",
        "And the month before?",
        "and what about the bill for August?",
        "Wie hoch ist meine Rechnung?",
        "Was muss ich diesen Monat zahlen?",
        "Zeig mir bitte meine letzte Rechnung",
        "Ich möchte die Rechnung vom Oktober sehen",
        "Was stand auf der Rechnung vom letzten Monat?",
        "Was hat mich der September gekostet?",
        "Welche Posten sind auf meiner Handyrechnung?",
        "Rechnungsbetrag für August",
        "Und im Monat davor?",
        "und wie war es im Juli?",
    ],
)
def view_bill(turn: Turn) -> str:
    customer, say = customer_of(turn), speech_of(turn)
    month = turn.memory["month"] = month_meant(turn, otherwise=customer["invoices"][-1]["month"])
    invoice = invoice_of(customer, month)
    if invoice is None:
        return no_invoice(month, customer, say)
    total, lines = say.money(sum(invoice["items"].values())), "\n".join(lines_of(invoice, say))
    return say(
        en=f"Your bill for {say.month(month)} comes to {total}:\n{lines}",
        de=f"Ihre Rechnung für {say.month(month)} beträgt {total}:\n{lines}",
    )


@billing.capability(
    "explain-bill",
    description="Compares a bill with the one before and says which items made the difference.",
    examples=[
        "Why is my bill so high?",
        "Why did I pay more than usual?",
        "What changed compared to the previous bill?",
        "My invoice is higher than last month, how come?",
        "Why is there an extra charge on my bill?",
        "The amount is different this time, please explain",
        "I don't understand why the bill went up",
        "What is this additional cost on my invoice?",
        "Why am I being charged more than before?",
        "Explain the difference between my last two bills",
        "Warum ist meine Rechnung so hoch?",
        "Wieso zahle ich mehr als sonst?",
        "Was hat sich gegenüber der letzten Rechnung geändert?",
        "Die Rechnung ist höher als im Vormonat, woran liegt das?",
        "Warum steht da ein zusätzlicher Betrag auf der Rechnung?",
        "Der Betrag ist diesmal anders, bitte erklären",
        "Ich verstehe nicht, weshalb die Rechnung gestiegen ist",
        "Was sind das für Mehrkosten auf meiner Rechnung?",
        "Wie kommt der Unterschied zwischen den letzten beiden Rechnungen zustande?",
        "Weshalb wurde mir mehr berechnet als vorher?",
    ],
)
def explain_bill(turn: Turn) -> str:
    customer, say = customer_of(turn), speech_of(turn)
    latest = customer["invoices"][-1]["month"]
    month = turn.memory["month"] = month_meant(turn, otherwise=turn.memory.get("month", latest))
    now, before = invoice_of(customer, month), invoice_of(customer, months_later(month, -1))
    if now is None or before is None:
        return no_invoice(months_later(month, -1) if now else month, customer, say)
    changes = [
        f"- {say.named(DATA['items'][item])}: {say.money(before['items'].get(item, 0))}"
        f" → {say.money(now['items'].get(item, 0))}"
        for item in dict.fromkeys([*now["items"], *before["items"]])
        if now["items"].get(item) != before["items"].get(item)
    ]
    if not changes:
        return say(
            en=f"Your bill for {say.month(month)} is the same as the one before, item by item.",
            de=f"Ihre Rechnung für {say.month(month)} ist Posten für Posten die gleiche wie die davor.",
        )
    more = sum(now["items"].values()) - sum(before["items"].values())
    difference, listed = say.money(abs(more)), "\n".join(changes)
    return say(
        en=f"Your bill for {say.month(month)} is {difference} {'higher' if more > 0 else 'lower'}"
        f" than the one before:\n{listed}",
        de=f"Ihre Rechnung für {say.month(month)} ist um {difference} {'höher' if more > 0 else 'niedriger'}"
        f" als die davor:\n{listed}",
    )


@billing.capability(
    "check-payment",
    version="1.1.0",
    description="Says whether a bill is paid, when it is due and how it is paid.",
    examples=[
        "Is my bill paid?",
        "Has the bill for October been paid?",
        "When is the payment due?",
        "Did you receive my money?",
        "Do I have any unpaid invoices?",
        "When will you debit my account?",
        "When is the money taken from my bank account?",
        "Do I owe you anything at the moment?",
        "Has my bank transfer arrived yet?",
        "Is there an outstanding balance on my account?",
        "By what date do I have to transfer the amount?",
        "I got a payment reminder but I already paid",
        "and is it paid already?",
        "Ist meine Rechnung schon bezahlt?",
        "Wurde die Rechnung vom August bezahlt?",
        "Bis wann muss ich überweisen?",
        "Ist meine Zahlung bei euch eingegangen?",
        "Habe ich noch offene Rechnungen?",
        "Wann wird der Betrag abgebucht?",
        "Wann zieht ihr das Geld ein?",
        "An welchem Tag wird abgebucht?",
        "Habe ich Schulden bei euch?",
        "Wann ist die Rechnung fällig?",
        "Ist meine Überweisung angekommen?",
        "Ich habe eine Mahnung bekommen, obwohl ich gezahlt habe",
        "Bin ich mit einer Zahlung im Rückstand?",
        "und ist die schon bezahlt?",
    ],
)
def check_payment(turn: Turn) -> str:
    customer, say = customer_of(turn), speech_of(turn)
    latest = customer["invoices"][-1]["month"]
    month = turn.memory["month"] = month_meant(turn, otherwise=turn.memory.get("month", latest))
    invoice = invoice_of(customer, month)
    if invoice is None:
        return no_invoice(month, customer, say)
    name = say(en=f"Your bill for {say.month(month)}", de=f"Ihre Rechnung für {say.month(month)}")
    total, due, days = (
        say.money(sum(invoice["items"].values())),
        invoice["due"],
        (invoice["due"] - TODAY).days,
    )
    if "paid" in invoice:
        paid = say.day(invoice["paid"])
        return say(
            en=f"{name} ({total}) was paid on {paid}.", de=f"{name} ({total}) wurde am {paid} bezahlt."
        )
    if days < 0:
        return say(
            en=f"{name} is overdue by {say.days(-days)}. Please transfer {total} now.",
            de=f"{name} ist seit {say.days(-days)} überfällig. Bitte überweisen Sie {total} jetzt.",
        )
    if customer["direct_debit"]:
        return say(
            en=f"{name} is open. We debit {total} on {say.day(due)}; there is nothing to do for you.",
            de=f"{name} ist offen. Wir buchen {total} am {say.day(due)} ab; Sie müssen nichts tun.",
        )
    return say(
        en=f"{name} is open. Please transfer {total} by {say.day(due)}, in {say.days(days)}.",
        de=f"{name} ist offen. Bitte überweisen Sie {total} bis {say.day(due)}, also in {say.days(days)}.",
    )


def month_meant(turn: Turn, otherwise: date) -> date:
    """The month that the user names, or counts back to from the one just talked about."""
    # What a bill is compared with is not the bill that is meant: “higher than in May”.
    text = re.sub(r"\b(than|compared|als|gegenüber)\b.*", "", turn.text.casefold())
    named = number_of_month(text)
    if named:
        return latest_month(named, text)
    if re.search(r"\b(before|previous|davor|vorher|vormonat|vorherigen|vorigen)\b", text):
        return months_later(turn.memory.get("month", otherwise), -1)
    if re.search(r"\blast month|\b(letzten|letzter) monat", text):
        return months_later(TODAY.replace(day=1), -1)
    return otherwise


def number_of_month(text: str) -> int:
    """The month that a text names, from 1 to 12, or 0."""
    words = set(re.findall(r"\w+", text))
    if not re.search(r"\b(in|for|of|about|from) may\b", text):
        # “May I see my bill?” speaks of no month.
        words.discard("may")
    numbered = (pair for names in MONTHS.values() for pair in enumerate(names, start=1))
    return next((number for number, name in numbered if name.casefold() in words), 0)


def latest_month(number: int, text: str) -> date:
    """The latest month of that number up to now, or of the year that `text` names."""
    year = re.search(r"\b20\d\d\b", text)
    if year:
        return TODAY.replace(year=int(year.group()), month=number, day=1)
    return TODAY.replace(year=TODAY.year - (number > TODAY.month), month=number, day=1)


def invoice_of(customer: dict[str, Any], month: date) -> dict[str, Any] | None:
    return next((invoice for invoice in customer["invoices"] if invoice["month"] == month), None)


def lines_of(invoice: dict[str, Any], say: Speech) -> list[str]:
    return [
        f"- {say.named(DATA['items'][item])}: {say.money(cost)}" for item, cost in invoice["items"].items()
    ]


def no_invoice(month: date, customer: dict[str, Any], say: Speech) -> str:
    oldest = say.month(customer["invoices"][0]["month"])
    return say(
        en=f"I have no bill for {say.month(month)}. The oldest that I have is of {oldest}.",
        de=f"Für {say.month(month)} habe ich keine Rechnung. Die älteste ist vom {oldest}.",
    )
