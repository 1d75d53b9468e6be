"""What the example's Agents answer, asked without a router."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lmos.arc.answering import answer
from lmos.arc.testing import ask
from lmos.core.conversation import AgentRequest, AgentUserContext, ConversationContext, KeyValue, Message
from lmos.router.language import language_of

if TYPE_CHECKING:
    from lmos.arc import Agent

FEWEST_EXAMPLES = 8


@pytest.mark.parametrize(
    ("agent", "tenant", "language", "talk"),
    [
        pytest.param(
            "billing-agent",
            "acme",
            "en",
            [
                ("view-bill", "How much is my bill?", "November 2026 comes to €49.98"),
                ("view-bill", "and the month before?", "October 2026 comes to €57.39"),
                ("view-bill", "and before that?", "September 2026 comes to €44.99"),
                ("explain-bill", "why is it the same?", "the same as the one before"),
                ("view-bill", "show me the bill for October", "Roaming: €12.40"),
                ("explain-bill", "why is that higher than in September?", "€12.40 higher"),
                ("check-payment", "is it paid?", "was paid on 25 October 2026"),
                ("check-payment", "and the one for November?", "We debit €49.98 on 25 November 2026"),
                ("view-bill", "what about May?", "The oldest that I have is of June 2026"),
            ],
            id="bills-in-english",
        ),
        pytest.param(
            "billing-agent",
            "globex",
            "de",
            [
                ("view-bill", "Wie hoch ist meine Rechnung?", "November 2026 beträgt 34,99 €"),
                ("view-bill", "und im Monat davor?", "Servicerufnummern: 6,80 €"),
                ("explain-bill", "Warum ist die so hoch?", "um 6,80 € höher"),
                ("check-payment", "Ist die schon bezahlt?", "am 23. Oktober 2026 bezahlt"),
                ("check-payment", "und die im November?", "Bitte überweisen Sie 34,99 € bis 24. November"),
                ("view-bill", "Zeig mir die vom März", "Für März 2026 habe ich keine Rechnung"),
                ("view-bill", "und vom Dezember?", "Dezember 2025"),
                ("view-bill", "letzter Monat", "Oktober 2026"),
            ],
            id="bills-in-german",
        ),
        pytest.param(
            "roaming-agent",
            "acme",
            "en",
            [
                ("roaming-prices", "What does roaming cost?", "Which country is it about?"),
                ("roaming-prices", "in Switzerland", "a minute costs €0.35"),
                ("roaming-prices", "what would 2 GB cost there?", "2000 MB in Switzerland cost €80.00"),
                ("roaming-prices", "and in the USA?", "2000 MB in the USA cost €240.00"),
                ("roaming-prices", "and for Spain?", "without extra cost"),
                ("travel-passes", "a pass for two weeks in Japan", "2 x week pass for €59.98"),
                ("travel-passes", "and for 3 days?", "3 x day pass for €20.97"),
                ("travel-passes", "and for Italy?", "You need no pass there"),
            ],
            id="abroad-in-english",
        ),
        pytest.param(
            "roaming-agent",
            "globex",
            "de",
            [
                ("roaming-prices", "Was kostet ein Anruf aus der Türkei?", "0,35 €"),
                ("roaming-prices", "und in Kanada?", "1,49 €"),
                ("travel-passes", "Ich fliege 10 Tage dorthin", "1 x Wochenpass + 3 x Tagespass für 50,96 €"),
                ("travel-passes", "und übers Wochenende?", "2 Tage: Am günstigsten ist 2 x Tagespass"),
                ("travel-passes", "und nach Österreich?", "schon enthalten"),
            ],
            id="abroad-in-german",
        ),
        pytest.param(
            "contract-agent",
            "acme",
            "en",
            [
                ("view-contract", "What tariff am I on?", "Smart M (€24.99 a month, 25 GB, 100 Mbit/s)"),
                ("check-cancellation", "When can I cancel?", "by 28 February 2027"),
                ("compare-tariffs", "Is there a cheaper one?", "- Smart S: €14.99 a month"),
                ("compare-tariffs", "and one with 100 GB?", "- Smart XL: €49.99 a month"),
                ("compare-tariffs", "and one with 900 GB?", "We have none like that"),
            ],
            id="contracts-in-english",
        ),
        pytest.param(
            "contract-agent",
            "globex",
            "de",
            [
                ("view-contract", "Welchen Tarif habe ich?", "seit dem 15. Dezember 2024 Flat M"),
                ("check-cancellation", "Wann kann ich kündigen?", "endet er am 20. Dezember 2026"),
                ("compare-tariffs", "Ich brauche mehr Datenvolumen", "- Flat L: 39,99 € im Monat, 100 GB"),
            ],
            id="contracts-in-german",
        ),
        pytest.param(
            "network-fault-agent",
            "globex",
            "de",
            [
                ("check-outage", "Gibt es eine Störung bei mir?", "In 50667 ist keine Störung bekannt"),
                ("check-outage", "und in 80331?", "ein Mobilfunkmast ist ohne Strom"),
                ("troubleshoot-internet", "Mein WLAN ist langsam", "Schritt 1:"),
                ("troubleshoot-internet", "hat nicht geholfen", "Schritt 2:"),
                ("troubleshoot-internet", "geht immer noch nicht", "Schritt 3:"),
                ("troubleshoot-internet", "nein", "am 23. November 2026 um 10:00 Uhr"),
                ("troubleshoot-internet", "jetzt läuft es, danke", "Schön, dass es wieder läuft"),
                ("troubleshoot-internet", "Mein WLAN ist wieder langsam", "Schritt 1:"),
            ],
            id="faults-in-german",
        ),
        pytest.param(
            "network-fault-agent",
            "acme",
            "en",
            [
                ("troubleshoot-internet", "My Wi-Fi is slow", "There is an outage in 10115"),
                ("check-outage", "when is it fixed?", "at 16:00, in about 6 hours"),
                ("check-outage", "and in 99999?", "There is no known outage in 99999"),
            ],
            id="faults-in-english",
        ),
        pytest.param(
            "device-agent",
            "acme",
            "en",
            [
                ("view-instalments", "What do I still owe?", "5 of 24 instalments are left, €100.00 in all"),
                ("check-upgrade", "When can I get a new phone?", "From 31 January 2027, in 72 days"),
                ("check-repair", "Is my watch repaired?", "It is ready on 24 November 2026, in 4 days"),
            ],
            id="devices-in-english",
        ),
        pytest.param(
            "device-agent",
            "acme",
            "de",
            [
                ("view-instalments", "Wie viele Raten noch?", "5 von 24 Raten offen, zusammen 100,00 €"),
                ("check-upgrade", "Wann ein neues Handy?", "Ab dem 31. Januar 2027, in 72 Tagen"),
                ("check-repair", "Ist die Uhr fertig?", "am 24. November 2026 fertig, in 4 Tagen"),
            ],
            id="devices-in-german",
        ),
    ],
)
async def test_an_agent_computes_its_answers_and_remembers_the_conversation(
    telecom: dict[str, Agent], agent: str, tenant: str, language: str, talk: list[tuple[str, str, str]]
) -> None:
    for capability, text, expected in talk:
        reply = await ask(telecom[agent], text, tenant=tenant, language=language, capability=capability)

        assert expected in reply.text


async def test_without_a_router_a_follow_up_stays_with_its_capability(telecom: dict[str, Agent]) -> None:
    billing = telecom["billing-agent"]

    await ask(billing, "How much is my bill?")
    reply = await ask(billing, "And the month before?")

    assert reply.capability == "view-bill"
    assert "October 2026" in reply.text


async def test_conversations_do_not_remember_each_other(telecom: dict[str, Agent]) -> None:
    billing = telecom["billing-agent"]
    await ask(billing, "How much was my bill in July?", conversation="one")

    reply = await ask(billing, "and the month before?", conversation="two", capability="view-bill")

    assert "October 2026" in reply.text


async def test_without_a_language_an_agent_speaks_the_tenants(telecom: dict[str, Agent]) -> None:
    billing = telecom["billing-agent"]

    assert "Ihre Rechnung" in (await ask(billing, "?", tenant="globex", capability="view-bill")).text
    assert "Your bill" in (await ask(billing, "?", tenant="acme", capability="view-bill")).text


async def test_a_language_that_nobody_speaks_is_answered_in_english(telecom: dict[str, Agent]) -> None:
    reply = await ask(telecom["billing-agent"], "combien ?", tenant="globex", language="fr")

    assert reply.text.startswith("Your bill for November 2026")


async def test_may_is_a_month_only_where_it_is_meant_as_one(telecom: dict[str, Agent]) -> None:
    billing = telecom["billing-agent"]

    asked = await ask(billing, "May I see my bill?", capability="view-bill")
    named = await ask(billing, "the bill of May 2025", capability="view-bill")

    assert "November 2026" in asked.text
    assert "May 2025" in named.text


@pytest.mark.parametrize(
    ("tenant", "user", "expected"),
    [
        ("acme", "sam", "€53.59"),
        ("globex", "jonas", "19,99 €"),
        ("acme", "a-stranger", "€49.98"),
        ("acme", None, "€49.98"),
        # A customer of the other Tenant is a stranger here.
        ("globex", "sam", "34,99 €"),
    ],
)
async def test_users_see_their_own_bill_and_strangers_that_of_the_tenants_demo_customer(
    telecom: dict[str, Agent], tenant: str, user: str | None, expected: str
) -> None:
    context = {"tenantId": tenant, "capability": "view-bill"}
    request = AgentRequest(
        messages=(Message(role="user", content="?"),),
        conversation_context=ConversationContext(conversation_id="test"),
        system_context=tuple(KeyValue(key=key, value=value) for key, value in context.items()),
        user_context=AgentUserContext(user_id=user),
    )

    results = [result async for result in answer(telecom["billing-agent"], request)]

    assert expected in results[-1].text


@pytest.mark.parametrize(
    "text", ["", "?", "xyzzy", "🦊" * 50, "10115 " * 500, "32.13.2026", "-1 GB in 0 days"]
)
async def test_nonsense_is_answered_all_the_same(telecom: dict[str, Agent], text: str) -> None:
    for agent in telecom.values():
        for capability in agent.capabilities:
            for language in ("en", "de"):
                reply = await ask(agent, text, language=language, capability=capability.name)
                assert reply.text


async def test_a_client_that_streams_hears_that_the_line_is_measured(telecom: dict[str, Agent]) -> None:
    fault = telecom["network-fault-agent"]

    reply = await ask(fault, "My Wi-Fi is slow", tenant="globex", streaming=True, language="en")

    assert reply.remarks == ("I am measuring your line …",)


def test_every_capability_has_natural_examples_in_both_languages(telecom: dict[str, Agent]) -> None:
    for agent in telecom.values():
        for capability in agent.capabilities:
            german = [example for example in capability.examples if language_of(example) == "de"]
            assert len(german) >= FEWEST_EXAMPLES, capability.name
            assert len(capability.examples) - len(german) >= FEWEST_EXAMPLES, capability.name


def test_no_example_belongs_to_two_capabilities(telecom: dict[str, Agent]) -> None:
    examples = [
        example.casefold()
        for agent in telecom.values()
        for capability in agent.capabilities
        for example in capability.examples
    ]

    assert len(examples) == len(set(examples))
