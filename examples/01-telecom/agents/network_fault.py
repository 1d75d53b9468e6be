"""The network fault Agent: known outages by postcode, and first aid step by step."""

from __future__ import annotations

import re
from datetime import date, timedelta

from telecom import DATA, NOW, TODAY, Speech, customer_of, speech_of

from lmos.arc import Agent, Turn

network_fault = Agent(
    "network-fault-agent",
    description="Finds outages and helps when the connection does not work.",
    tenants=["acme", "globex"],
    channels=["web", "ivr"],
)

SATURDAY = 5

STEPS = (
    {
        "en": "Please unplug the router for 30 seconds, plug it in again and wait two minutes.",
        "de": "Bitte ziehen Sie den Stecker des Routers für 30 Sekunden und warten Sie danach zwei Minuten.",
    },
    {
        "en": "Please connect a computer to the router by cable. Is it still too slow?",
        "de": "Bitte verbinden Sie einen Computer per Kabel mit dem Router. Ist es immer noch zu langsam?",
    },
    {
        "en": "Please reset the router: press the small button at its back for ten seconds.",
        "de": "Bitte setzen Sie den Router zurück: Drücken Sie den kleinen Knopf hinten zehn Sekunden lang.",
    },
)


@network_fault.capability(
    "check-outage",
    version="1.1.0",
    description="Says whether there is a known outage at a postcode, why, and when it will be over.",
    examples=[
        "Is there an outage in my area?",
        "Is the network down in 10115?",
        "I have no signal at all",
        "No service on my mobile since last night",
        "Is there a disruption in Hamburg?",
        "There is no reception on my phone, is something broken on your side?",
        "When will the outage be fixed?",
        "Are there any problems with the network here today?",
        "Everything is dead since this morning, no internet and no phone",
        "How long will the disruption last?",
        "My neighbours have no internet either",
        "and in 80331?",
        "Gibt es gerade eine Störung bei mir?",
        "Ist das Netz in 10115 ausgefallen?",
        "Ich habe überhaupt keinen Empfang",
        "Kein Signal seit gestern Abend",
        "Gibt es einen Ausfall in Hamburg?",
        "Wann ist die Störung behoben?",
        "Gibt es heute Probleme mit dem Netz in meiner Gegend?",
        "Seit heute früh geht nichts mehr, weder Internet noch Telefon",
        "Wie lange dauert der Ausfall noch?",
        "Meine Nachbarn haben auch kein Internet",
        "Ist bei euch ein Mast kaputt?",
        "Und wie sieht es in 50667 aus?",
    ],
)
def check_outage(turn: Turn) -> str:
    say, given = speech_of(turn), re.search(r"\b\d{5}\b", turn.text)
    place = given.group() if given else turn.memory.get("place", customer_of(turn)["postcode"])
    turn.memory["place"] = place
    return outage_at(place, say) or say(
        en=f"There is no known outage in {place}.", de=f"In {place} ist keine Störung bekannt."
    )


@network_fault.capability(
    "troubleshoot-internet",
    description="First aid for a slow or broken connection at home, one step at a time.",
    examples=[
        "My internet is so slow",
        "The Wi-Fi keeps dropping",
        "Videos are buffering all the time, what can I do?",
        "My router has a red light",
        "I can't get online at home",
        "How do I restart my router?",
        "The connection is unstable in the evening",
        "My laptop does not find the wireless network",
        "No, that did not help",
        "it still doesn't work",
        "Mein Internet ist so langsam",
        "Das WLAN bricht ständig ab",
        "Videos ruckeln dauernd, was kann ich tun?",
        "An meinem Router leuchtet eine rote Lampe",
        "Ich komme zu Hause nicht ins Internet",
        "Wie starte ich den Router neu?",
        "Abends ist die Verbindung instabil",
        "Mein Laptop findet das WLAN nicht",
        "Nein, das hat nicht geholfen",
        "es geht immer noch nicht",
    ],
)
def troubleshoot_internet(turn: Turn) -> str:
    say, at = speech_of(turn), turn.memory.get("step", -1) + 1
    if re.search(r"\b(works|solved|thanks|läuft|wieder|danke)\b", turn.text.casefold()) and at > 0:
        turn.memory["step"] = -1
        return say(en="I am glad that it works again.", de="Schön, dass es wieder läuft.")
    outage = outage_at(customer_of(turn)["postcode"], say)
    if at == 0 and outage:
        return outage
    turn.memory["step"] = at
    # Shown at once by clients that stream; the others get the answer alone.
    turn.emit(say(en="I am measuring your line …", de="Ich messe Ihre Leitung …"))
    if at < len(STEPS):
        return say(en=f"Step {at + 1}: ", de=f"Schritt {at + 1}: ") + say.named(STEPS[at])
    visit = say.day(next_working_day())
    return say(
        en=f"Then a technician has to look at it. The next free appointment is on {visit} at 10:00.",
        de=f"Dann muss ein Techniker danach sehen. Der nächste freie Termin ist am {visit} um 10:00 Uhr.",
    )


def outage_at(place: str, say: Speech) -> str:
    """What is known about an outage at a postcode; empty where there is none."""
    outage = DATA["outages"].get(place)
    if outage is None:
        return ""
    cause, until = say.named(outage), outage["until"]
    hours = round((until - NOW).total_seconds() / 3600)
    return say(
        en=f"There is an outage in {place}: {cause}. It should be over on {say.day(until)} at {until:%H:%M},"
        f" in about {hours} hours.",
        de=f"In {place} gibt es eine Störung: {cause}. Sie ist voraussichtlich am {say.day(until)} um"
        f" {until:%H:%M} Uhr behoben, in etwa {hours} Stunden.",
    )


def next_working_day() -> date:
    """The first day from tomorrow on that is no Saturday or Sunday."""
    days = (TODAY + timedelta(days=ahead) for ahead in range(1, 4))
    return next(day for day in days if day.weekday() < SATURDAY)
