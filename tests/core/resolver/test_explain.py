"""How a resolution is explained to people."""

from lmos.core.resolver import Miss, explain, explanation_to_json, near_misses, render
from lmos.core.resources import Agent
from tests.core.builders import agent, channel, provides, requires

VIEW = requires("view-bill", "^1.0.0")


def misses(*agents: Agent) -> list[tuple[str, list[str]]]:
    found = near_misses(VIEW, channel(VIEW), agents)
    return [(miss.agent.name, [str(one) for one in miss.misses]) for miss in found]


def test_near_misses_come_in_the_documented_order() -> None:
    assert misses(
        agent("both", provides("view-bill", "2.0.0"), tenants=["globex"]),
        agent("unreadable", provides("view-bill", "one")),
        agent("other-subset", provides("view-bill", "1.0.0"), subset="canary"),
        agent("other-channel", provides("view-bill", "1.0.0"), channels=["ivr"]),
        agent("other-tenant", provides("view-bill", "1.0.0"), tenants=["globex"]),
        agent("older", provides("view-bill", "0.9.0")),
        agent("newer", provides("view-bill", "2.0.0")),
        agent("unrelated", provides("pay-bill", "1.0.0")),
    ) == [
        ("newer", ["Version"]),
        ("older", ["Version"]),
        ("other-tenant", ["Tenant"]),
        ("other-channel", ["Channel"]),
        ("other-subset", ["Subset"]),
        ("unreadable", ["UnreadableVersion"]),
        ("both", ["Version", "Tenant"]),
    ]


def test_agents_of_other_namespaces_are_no_near_miss() -> None:
    explanation = explain(
        channel(VIEW), [agent("elsewhere", provides("view-bill", "1.0.0"), namespace="elsewhere")]
    )

    assert explanation.findings[0].near_misses == ()


def test_similar_names_come_last() -> None:
    explanation = explain(
        channel(VIEW),
        [
            agent("typo", provides("view-bills", "1.0.0")),
            agent("newer", provides("view-bill", "2.0.0")),
            agent("unlike", provides("reset-router", "1.0.0")),
        ],
    )

    (finding,) = explanation.findings
    assert [(miss.agent.name, miss.misses) for miss in finding.near_misses] == [
        ("newer", (Miss.VERSION,)),
        ("typo", (Miss.NAME,)),
    ]


def test_the_choice_among_candidates_is_explained() -> None:
    explanation = explain(
        channel(VIEW, requires("pay-bill", "*")),
        [
            agent("billing-a", provides("view-bill", "1.0.0"), provides("pay-bill", "3.0.0")),
            agent("billing-b", provides("view-bill", "1.4.0")),
        ],
    )

    assert render(explanation) == [
        "Channel default/acme-web (Tenant acme, Channel web, Subset stable) is RESOLVED.",
        "2 of 2 required Capabilities are wired:",
        "  ✓ view-bill ^1.0.0 → Agent billing-b at 1.4.0, the highest of 2 candidates.",
        "  ✓ pay-bill * → Agent billing-a at 3.0.0, the only candidate.",
    ]


def test_an_unresolved_channel_is_told_what_would_help() -> None:
    explanation = explain(
        channel(VIEW, requires("pay-bill", "^1"), requires("show-tariff", "^1")),
        [
            agent("billing", provides("view-bill", "2.1.0")),
            agent("contract", provides("show-tariff", "1.0.0"), tenants=["globex"]),
        ],
    )

    assert render(explanation) == [
        "Channel default/acme-web (Tenant acme, Channel web, Subset stable) is UNRESOLVED.",
        "0 of 3 required Capabilities are wired:",
        ("  ✗ view-bill ^1.0.0: the Agents that may serve this Channel provide it in other versions only."),
        "      near: Agent billing provides view-bill 2.1.0, but that is outside the range",
        "  ✗ pay-bill ^1: no Agent that may serve this Channel provides it.",
        "  ✗ show-tariff ^1: no Agent that may serve this Channel provides it.",
        "      near: Agent contract provides show-tariff 1.0.0, but serves Tenant globex, not acme",
        "To resolve it:",
        "  1. Add Tenant acme to supportedTenants of Agent contract.",
        (
            "  2. Let view-bill ^1.0.0 admit 2.1.0, which Agent billing provides, "
            "or release that Agent with a version within the range."
        ),
        "  3. Install an Agent that provides pay-bill ^1 (Tenant acme, Channel web, Subset stable).",
    ]


def test_an_explanation_is_json_with_one_entry_a_requirement() -> None:
    report = explanation_to_json(
        explain(channel(VIEW), [agent("billing", provides("view-bill", "1.0.0", with_id="urn:bill"))])
    )

    assert report == {
        "namespace": "default",
        "name": "acme-web",
        "resolveStatus": "RESOLVED",
        "requirements": [
            {
                "required": {"id": "", "name": "view-bill", "version": "^1.0.0", "strategy": "HIGHEST"},
                "resolved": True,
                "reason": "Wired",
                "message": "view-bill ^1.0.0 → Agent billing at 1.0.0, the only candidate.",
                "wire": {"agent": "billing", "capability": "view-bill", "version": "1.0.0"},
                "candidates": [{"agent": "billing", "capability": "view-bill", "version": "1.0.0"}],
                "nearMisses": [],
                "remedies": [],
            }
        ],
        "remedies": [],
    }
