"""What is found wrong with Agents' Capabilities and examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lmos.adapters.tfidf_encoder import TfidfEncoder
from lmos.core.resolver import explain
from lmos.core.resources import Agent, AgentSpec, ObjectMeta, ProvidedCapability
from lmos.router.linting import Finding, lint
from tests.core.builders import channel, requires
from tests.router.rosters import BILLS, FAULTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.core.resources import Channel

GERMAN_FAULTS = ("Warum geht das Internet nicht?", "Ich habe keinen Empfang", "Wann ist die Störung vorbei?")
GERMAN_BILLS = ("Wie hoch ist meine Rechnung?", "Zeig mir bitte die Rechnung", "Was muss ich zahlen?")


def can(name: str, *examples: str, version: str = "1.0.0") -> ProvidedCapability:
    return ProvidedCapability(name=name, version=version, examples=examples)


def agent(
    name: str, *capabilities: ProvidedCapability, tenants: Sequence[str] = (), subset: str = "stable"
) -> Agent:
    return Agent(
        metadata=ObjectMeta(name=name, namespace="default", labels={"subset": subset}),
        spec=AgentSpec(
            supported_channels=("web",),
            supported_tenants=tuple(tenants),
            provided_capabilities=capabilities,
        ),
    )


def linted(*agents: Agent, channels: Sequence[Channel] = (), is_complete: bool = True) -> tuple[Finding, ...]:
    explanations = [explain(each, agents) for each in channels]
    return lint(agents, explanations, TfidfEncoder, is_complete=is_complete)


def told(findings: Sequence[Finding]) -> list[tuple[str, str, str]]:
    return [
        (each.severity, each.rule, f"{each.subject.name} {each.subject.capability}".strip())
        for each in findings
        if each.subject
    ]


BILLING = agent("billing", can("view-bill", *BILLS))
NETWORK = agent("network", can("report-fault", *FAULTS))


@pytest.mark.parametrize(
    ("agents", "expected"),
    [
        pytest.param([BILLING, NETWORK], [], id="well kept Agents"),
        pytest.param(
            [BILLING, agent("payments", can("view-bill", *FAULTS))],
            [("error", "claimed-twice", "payments view-bill")],
            id="one Capability at one version of two Agents",
        ),
        pytest.param(
            [BILLING, agent("payments", can("view-bill", *FAULTS, version="1.1.0"))],
            [("warning", "claimed-twice", "billing view-bill")],
            id="one Capability at versions that a range usually admits together",
        ),
        pytest.param(
            [BILLING, agent("payments", can("view-bill", *FAULTS, version="2.0.0"))],
            [],
            id="one Capability at versions of which a range usually admits one",
        ),
        pytest.param(
            [BILLING, agent("billing-canary", can("view-bill", *BILLS), subset="canary")],
            [],
            id="one Capability in two Subsets",
        ),
        pytest.param(
            [
                agent("billing", can("view-bill", *BILLS), tenants=["acme"]),
                agent("payments", can("show-bill", *BILLS), tenants=["globex"]),
            ],
            [],
            id="the same examples for two Tenants",
        ),
        pytest.param(
            [BILLING, agent("network", can("report-fault", *FAULTS, "MY BILL  is wrong!"))],
            [("error", "duplicate-example", "billing view-bill")],
            id="an example at two Agents, written differently",
        ),
        pytest.param(
            [agent("billing", can("view-bill", "my bill", "pay"), can("pay-bill", "Pay!", "by card"))],
            [("warning", "duplicate-example", "billing view-bill")],
            id="an example at two Capabilities of one Agent",
        ),
        pytest.param(
            [agent("billing", can("view-bill", "my bill", "My bill?"))],
            [("note", "duplicate-example", "billing view-bill")],
            id="an example twice at one Capability",
        ),
        pytest.param(
            [BILLING, agent("network", can("report-fault"))],
            [("warning", "no-examples", "network report-fault")],
            id="a Capability without examples",
        ),
        pytest.param(
            [agent("all", can("view-bill", *BILLS, *GERMAN_BILLS), can("report-fault", *GERMAN_FAULTS))],
            [("warning", "one-language", "all report-fault")],
            id="one of two languages is missing",
        ),
        pytest.param(
            [agent("all", can("view-bill", *BILLS), can("report-fault", *GERMAN_FAULTS))],
            [],
            id="no Capability has two languages",
        ),
        pytest.param(
            [agent("one", can("view-bill", *BILLS[::2])), agent("two", can("show-bill", *BILLS[1::2]))],
            [("warning", "overlapping", "one view-bill")],
            id="two Agents for the same under different names",
        ),
    ],
)
def test_findings(agents: list[Agent], expected: list[tuple[str, str, str]]) -> None:
    assert [each for each in told(linted(*agents)) if each[1] != "sent-elsewhere"] == expected


def test_an_example_at_the_wrong_agent_is_found_with_what_it_is_like() -> None:
    misplaced = "my internet is down and there is no signal"
    found = linted(agent("billing", can("view-bill", *BILLS, misplaced)), NETWORK)

    stray = next(each for each in found if each.texts == (misplaced,))
    assert (stray.rule, stray.severity) == ("sent-elsewhere", "warning")
    assert stray.other
    assert (stray.other.name, stray.other.capability) == ("network", "report-fault")
    assert stray.other_texts[0] in {"my internet is down", "there is no signal"}
    assert stray.probability is not None
    assert stray.probability > 0.9
    assert "Move it to Agent network" in stray.suggestion


def test_an_example_that_is_merely_doubtful_is_a_note() -> None:
    doubtful = "is it broken or is it wrong"  # Both Agents have examples like this.
    found = linted(agent("billing", can("view-bill", *BILLS, doubtful)), NETWORK)

    assert [each.severity for each in found if each.texts == (doubtful,)] == ["note"]


def test_a_requirement_that_nobody_meets_is_an_error_with_what_would_help() -> None:
    wanted = channel(requires("view-bill", "^2.0"), requires("report-fault", "^1.0"))
    missing = linted(BILLING, NETWORK, channels=[wanted])[0]

    assert (missing.severity, missing.rule) == ("error", "unroutable")
    assert missing.subject
    assert (missing.subject.kind, missing.subject.name) == ("Channel", "acme-web")
    assert "view-bill ^2.0" in missing.message
    assert "1.0.0" in missing.suggestion


def test_where_agents_are_unknown_a_requirement_that_nobody_meets_is_a_note() -> None:
    wanted = channel(requires("travel", "^1.0"))

    assert told(linted(BILLING, channels=[wanted], is_complete=False)) == [
        ("note", "unroutable", "acme-web travel")
    ]


@pytest.mark.parametrize(
    ("version", "expected"),
    [("^1.0", [("warning", "claimed-twice")]), ("~1.0", []), (">=1.1 <2", [])],
)
def test_versions_collide_where_a_channels_range_admits_both(
    version: str, expected: list[tuple[str, str]]
) -> None:
    newer = agent("payments", can("view-bill", *BILLS, version="1.1.0"))
    found = linted(BILLING, newer, channels=[channel(requires("view-bill", version))])

    assert [each[:2] for each in told(found)] == expected


def test_what_is_found_in_several_channels_is_told_once() -> None:
    both = ("web", "app")
    one = BILLING.model_copy(update={"spec": BILLING.spec.model_copy(update={"supported_channels": both})})
    other = agent("payments", can("view-bill", "what does it cost"))
    third = Agent(
        metadata=ObjectMeta(name="third", namespace="default"),
        spec=AgentSpec(supported_channels=("app",), provided_capabilities=(can("view-bill", "tell me"),)),
    )
    claims = [each for each in linted(one, other, third) if each.rule == "claimed-twice"]

    assert sorted(each.subject.name for each in claims if each.subject) == ["payments", "third"]
