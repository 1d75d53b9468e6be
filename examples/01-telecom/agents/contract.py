"""The contract Agent: what the contract says, when it can end, which tariff would fit better."""

from __future__ import annotations

import re
from typing import Any

from telecom import TODAY, Speech, customer_of, months_later, speech_of, tenant_of

from lmos.arc import Agent, Turn

contract = Agent(
    "contract-agent",
    description="Answers questions about contracts and tariffs.",
    tenants=["acme", "globex"],
    channels=["web"],
)


@contract.capability(
    "view-contract",
    version="2.1.0",
    description="Says which tariff a customer has, what it includes and how long it runs.",
    examples=[
        "What tariff am I on?",
        "How long does my contract run?",
        "Which plan do I have at the moment?",
        "How much data is included in my plan?",
        "Show me my contract details",
        "What is my monthly data allowance?",
        "Tell me about the plan that I booked",
        "What is the monthly base price of my plan?",
        "Since when have I been your customer?",
        "When does my contract end?",
        "Do I have a flat rate in my current tariff?",
        "What speed does my plan come with?",
        "Welchen Tarif habe ich?",
        "Wie lange läuft mein Vertrag noch?",
        "Wie viel Datenvolumen ist bei mir inklusive?",
        "Zeig mir meine Vertragsdaten",
        "Wie viel GB pro Monat sind in meinem Vertrag?",
        "Welche Laufzeit habe ich vereinbart?",
        "Was kostet mein Tarif im Monat?",
        "Seit wann bin ich bei euch Kunde?",
        "Wann endet mein Vertrag?",
        "Was ist in meinem Vertrag alles enthalten?",
        "Welche Geschwindigkeit gehört zu meinem Tarif?",
        "Habe ich eine Flatrate?",
    ],
)
def view_contract(turn: Turn) -> str:
    customer, say = customer_of(turn), speech_of(turn)
    agreed = customer["contract"]
    tariff, since, ends = agreed["tariff"], say.day(agreed["since"]), say.day(agreed["ends"])
    offer = described(tenant_of(turn)["tariffs"][tariff], say)
    if agreed["ends"] < TODAY:
        return say(
            en=f"You have been on {tariff} ({offer}) since {since}. The minimum term ended on {ends}.",
            de=f"Sie haben seit dem {since} {tariff} ({offer}). Die Mindestlaufzeit endete am {ends}.",
        )
    return say(
        en=f"You have been on {tariff} ({offer}) since {since}. The minimum term ends on {ends}.",
        de=f"Sie haben seit dem {since} {tariff} ({offer}). Die Mindestlaufzeit endet am {ends}.",
    )


@contract.capability(
    "check-cancellation",
    version="1.0.3",
    description="Works out when a contract ends if notice is given today, and until when to give it.",
    examples=[
        "How can I cancel my contract?",
        "When can I leave at the earliest?",
        "What is my notice period?",
        "I want to terminate my plan",
        "Until when do I have to give notice?",
        "I'd like to switch to another provider, when am I free?",
        "Cancel my subscription please",
        "If I quit today, when does it end?",
        "What's the deadline for cancelling?",
        "Can I get out of my contract early?",
        "Wie kann ich meinen Vertrag kündigen?",
        "Wann komme ich frühestens raus?",
        "Wie lang ist meine Kündigungsfrist?",
        "Ich möchte kündigen",
        "Bis wann muss ich die Kündigung schicken?",
        "Ich will zu einem anderen Anbieter wechseln, wann geht das?",
        "Wenn ich heute kündige, wann ist Schluss?",
        "Kann ich vorzeitig aus dem Vertrag?",
        "Verlängert sich der Vertrag, wenn ich nicht kündige?",
        "Wann ist der nächste Kündigungstermin?",
    ],
)
def check_cancellation(turn: Turn) -> str:
    customer, say = customer_of(turn), speech_of(turn)
    agreed = customer["contract"]
    deadline = months_later(agreed["ends"], -agreed["notice_months"])
    if deadline >= TODAY:
        return say(
            en=f"If you give notice by {say.day(deadline)}, your contract ends on {say.day(agreed['ends'])}.",
            de=f"Wenn Sie bis zum {say.day(deadline)} kündigen, endet Ihr Vertrag am"
            f" {say.day(agreed['ends'])}.",
        )
    # After the minimum term a contract runs on from month to month.
    ends = max(agreed["ends"], months_later(TODAY, 1))
    return say(
        en=f"The deadline for the minimum term has passed ({say.day(deadline)}). Your contract now runs from"
        f" month to month: if you give notice today, it ends on {say.day(ends)}.",
        de=f"Die Frist zur Mindestlaufzeit ist vorbei ({say.day(deadline)}). Ihr Vertrag läuft jetzt von"
        f" Monat zu Monat: Wenn Sie heute kündigen, endet er am {say.day(ends)}.",
    )


@contract.capability(
    "compare-tariffs",
    version="1.3.0",
    description="Compares the tariffs on offer with the customer's own: cheaper, faster, more data.",
    examples=[
        "Is there a cheaper tariff for me?",
        "Which plans do you offer?",
        "I need more data, what can I switch to?",
        "Compare the tariffs for me",
        "What other offers are there?",
        "Is there a plan with more GB for the same money?",
        "I'd like a plan with at least 50 GB",
        "What would a faster plan cost?",
        "Can I upgrade my tariff?",
        "My data is always used up, which plan fits better?",
        "Show me something less expensive",
        "And a cheaper one?",
        "Gibt es einen günstigeren Tarif für mich?",
        "Welche Tarife habt ihr?",
        "Ich brauche mehr Datenvolumen",
        "Vergleiche bitte eure Tarife",
        "Was habt ihr sonst noch im Angebot?",
        "Geht es auch billiger?",
        "Ich hätte gern einen Tarif mit mindestens 50 GB",
        "Was kostet ein schnellerer Tarif?",
        "Kann ich in einen größeren Tarif wechseln?",
        "Mein Datenvolumen ist ständig aufgebraucht, was passt besser?",
        "Was ist euer billigstes Angebot?",
        "Und ein billigerer?",
    ],
)
def compare_tariffs(turn: Turn) -> str:
    say, tariffs = speech_of(turn), tenant_of(turn)["tariffs"]
    own = customer_of(turn)["contract"]["tariff"]
    fitting = {name: tariff for name, tariff in tariffs.items() if name != own and fits(turn, tariff)}
    if not fitting:
        return say(
            en=f"We have none like that; yours is {own} ({described(tariffs[own], say)}).",
            de=f"So einen haben wir nicht; Ihrer ist {own} ({described(tariffs[own], say)}).",
        )
    listed = "\n".join(f"- {name}: {described(tariff, say)}" for name, tariff in fitting.items())
    return say(
        en=f"You have {own} ({described(tariffs[own], say)}). You could switch to:\n{listed}",
        de=f"Sie haben {own} ({described(tariffs[own], say)}). Sie könnten wechseln zu:\n{listed}",
    )


def fits(turn: Turn, tariff: dict[str, Any]) -> bool:
    """Whether a tariff is what the user asks for: cheaper, bigger, or with at least so many GB."""
    text, own = turn.text.casefold(), tenant_of(turn)["tariffs"][customer_of(turn)["contract"]["tariff"]]
    amount = re.search(r"(\d+) ?gb", text)
    if amount and tariff["data_gb"] < int(amount.group(1)):
        return False
    if re.search(r"cheap|less expensive|save|günstig|billig|sparen", text):
        return bool(tariff["price"] < own["price"])
    if re.search(r"more data|faster|upgrade|bigger|used up|mehr|schneller|größer|aufgebraucht", text):
        return bool(tariff["data_gb"] > own["data_gb"])
    return True


def described(tariff: dict[str, Any], say: Speech) -> str:
    price, data, speed = say.money(tariff["price"]), tariff["data_gb"], tariff["mbit"]
    return say(
        en=f"{price} a month, {data} GB, {speed} Mbit/s", de=f"{price} im Monat, {data} GB, {speed} Mbit/s"
    )
