"""The device Agent, for Acme alone: instalments, the next phone, repairs."""

from __future__ import annotations

from telecom import TODAY, customer_of, months_later, speech_of

from lmos.arc import Agent, Turn

device = Agent(
    "device-agent",
    description="Answers questions about phones bought with a contract.",
    tenants=["acme"],
    channels=["web", "ivr"],
)


@device.capability(
    "view-instalments",
    description="Says how much of a phone is paid off and when the last instalment is due.",
    examples=[
        "How much do I still owe for my phone?",
        "How many instalments are left on my handset?",
        "When is my phone paid off?",
        "What is the remaining balance for the device?",
        "Can I pay off my smartphone all at once?",
        "I would like to clear the remaining instalments early",
        "How much is the monthly rate for my handset?",
        "When do I pay the last instalment?",
        "Is my phone fully paid?",
        "Wie viele Raten sind für mein Handy noch offen?",
        "Wann ist mein Smartphone abbezahlt?",
        "Wie hoch ist die Restschuld für das Gerät?",
        "Was muss ich für mein Handy noch zahlen?",
        "Kann ich mein Handy auf einmal abbezahlen?",
        "Ich möchte die Finanzierung vorzeitig ablösen",
        "Wie hoch ist meine monatliche Geräterate?",
        "Wann zahle ich die letzte Rate?",
        "Gehört mir das Handy schon ganz?",
    ],
)
def view_instalments(turn: Turn) -> str:
    say, phone = speech_of(turn), customer_of(turn).get("device")
    if phone is None:
        return say(en="You pay no instalments to us.", de="Sie zahlen bei uns keine Raten.")
    left = phone["of"] - phone["paid"]
    owed, last = say.money(left * phone["instalment"]), say.month(months_later(TODAY, left))
    return say(
        en=f"For your {phone['name']} {left} of {phone['of']} instalments are left, {owed} in all."
        f" The last one is in {last}.",
        de=f"Für Ihr {phone['name']} sind noch {left} von {phone['of']} Raten offen, zusammen {owed}."
        f" Die letzte ist im {last}.",
    )


@device.capability(
    "check-upgrade",
    description="Says when a customer may have a new phone.",
    examples=[
        "When can I get a new phone?",
        "Am I eligible for an upgrade to the latest handset?",
        "I'd like to swap my mobile for a newer model",
        "Can I have the new smartphone already?",
        "My phone is old, when do I get a replacement with my contract?",
        "Which date can I trade in my device?",
        "I want a new handset with my plan",
        "Is it possible to renew my phone early?",
        "Wann bekomme ich ein neues Handy?",
        "Kann ich mein Gerät gegen ein neueres tauschen?",
        "Steht mir schon ein neues Smartphone zu?",
        "Ab wann kann ich mein altes Handy eintauschen?",
        "Ich hätte gern das neueste Modell",
        "Mein Handy ist alt, wann gibt es Ersatz?",
        "Kann ich früher ein neues Telefon haben?",
        "Ich möchte ein neues Gerät zum Vertrag",
    ],
)
def check_upgrade(turn: Turn) -> str:
    say, phone = speech_of(turn), customer_of(turn).get("device")
    if phone is None or phone["upgrade_from"] <= TODAY:
        return say(en="You can choose a new phone today.", de="Sie können heute ein neues Handy aussuchen.")
    when, days = say.day(phone["upgrade_from"]), say.days((phone["upgrade_from"] - TODAY).days)
    return say(
        en=f"From {when}, in {days}, you can have a new phone in place of your {phone['name']}.",
        de=f"Ab dem {when}, in {days}, können Sie Ihr {phone['name']} gegen ein neues Handy tauschen.",
    )


@device.capability(
    "check-repair",
    version="1.1.0",
    description="Says how far the repair of a device is.",
    examples=[
        "Where is my phone that I sent in for repair?",
        "Is my repair finished?",
        "How long does the repair take?",
        "When do I get my watch back from the workshop?",
        "What is the status of my repair order?",
        "Has my broken display been replaced yet?",
        "I handed in my tablet last week, is it ready?",
        "Can I pick up my repaired device?",
        "Wo ist mein Handy, das ich zur Reparatur eingeschickt habe?",
        "Ist meine Reparatur fertig?",
        "Wie lange dauert die Reparatur noch?",
        "Wann bekomme ich meine Uhr aus der Werkstatt zurück?",
        "Wie ist der Stand meines Reparaturauftrags?",
        "Wurde das kaputte Display schon getauscht?",
        "Ich habe letzte Woche mein Tablet abgegeben, ist es so weit?",
        "Kann ich das reparierte Gerät abholen?",
    ],
)
def check_repair(turn: Turn) -> str:
    say, repair = speech_of(turn), customer_of(turn).get("repair")
    if repair is None:
        return say(en="We have no device of yours in repair.", de="Wir haben kein Gerät von Ihnen da.")
    ready, days = say.day(repair["ready"]), say.days((repair["ready"] - TODAY).days)
    return say(
        en=f"Your {repair['device']} gets {say.named(repair)}. It is ready on {ready}, in {days}.",
        de=f"Ihre {repair['device']} bekommt {say.named(repair)}. Sie ist am {ready} fertig, in {days}.",
    )
