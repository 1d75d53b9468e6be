"""What the demo asks: four Channels, two languages, and what should become of each question."""

from __future__ import annotations

from dataclasses import dataclass

ASKED_BACK = ""
"""In the place of an Agent: no Agent answers, and the user is asked back."""


@dataclass(frozen=True)
class Line:
    """
    One question.

    Attributes:
        text: What the user says.
        agent: The Agent that should answer, or `ASKED_BACK`.
        says: What the answer must contain.
        note: What this question shows, if it is not plain.
    """

    text: str
    agent: str
    says: str
    note: str = ""


@dataclass(frozen=True)
class Talk:
    """One Conversation: its lines lean on one another."""

    tenant: str
    channel: str
    lines: tuple[Line, ...]


BILLING, CONTRACT, DEVICE = "billing-agent", "contract-agent", "device-agent"
NETWORK, ROAMING = "network-fault-agent", "roaming-agent"

STORY = (
    Talk(
        "acme",
        "web",
        (
            Line("How much is my bill?", BILLING, "€49.98"),
            Line("And the month before?", BILLING, "€57.39", "a follow-up: the Agent remembers the month"),
            Line("Why was that one so high?", BILLING, "Roaming: €0.00 → €12.40"),
            Line("When can I get a new phone?", DEVICE, "31 January 2027", "a change of topic"),
            Line("Do you know a good recipe for pancakes?", ASKED_BACK, "You can ask me", "out of scope"),
        ),
    ),
    Talk(
        "acme",
        "web",
        (
            Line("What would 500 MB cost me in Switzerland?", ROAMING, "€20.00"),
            Line("And in Japan?", ROAMING, "€60.00", "still 500 MB"),
            Line("I'm going there for 10 days, which travel pass do I need?", ROAMING, "€50.96"),
        ),
    ),
    Talk(
        "acme",
        "ivr",
        (
            Line("Is there an outage in my area?", NETWORK, "10115: a cable was cut"),
            Line("and in 80331?", NETWORK, "21 November 2026"),
            Line(
                "What is my notice period?",
                ASKED_BACK,
                "You can ask me",
                "the web offers this, the phone does not",
            ),
        ),
    ),
    Talk(
        "globex",
        "web",
        (
            Line("Wie hoch ist meine Rechnung?", BILLING, "34,99 €"),
            Line("Und im Monat davor?", BILLING, "36,79 €", "a follow-up in German"),
            Line("Ist die schon bezahlt?", BILLING, "23. Oktober 2026"),
            Line("Wann komme ich frühestens aus meinem Vertrag?", CONTRACT, "20. Dezember 2026"),
            Line("Gibt es einen günstigeren Tarif für mich?", CONTRACT, "Flat S: 19,99 €"),
            Line("Wie wird morgen das Wetter in Berlin?", ASKED_BACK, "Sie können mich", "out of scope"),
            Line(
                "Is my bill for November paid?",
                BILLING,
                "Please transfer €34.99",
                "English at a German Tenant",
            ),
        ),
    ),
    Talk(
        "globex",
        "ivr",
        (
            Line("Mein Internet ist so langsam", NETWORK, "Schritt 1"),
            Line("Nein, das hat nicht geholfen", NETWORK, "Schritt 2", "the next step, from memory"),
            Line("Was kostet ein Anruf aus der Schweiz?", ROAMING, "0,35 €"),
            Line(
                "Welchen Tarif habe ich?",
                ASKED_BACK,
                "Sie können mich",
                "the web offers this, the phone does not",
            ),
        ),
    ),
)
