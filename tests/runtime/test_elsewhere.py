"""What a Channel does not offer."""

from __future__ import annotations

from typing import Any

from lmos.ports.informer import Key
from lmos.router import RosterCapability
from lmos.runtime.elsewhere import MOST_ELSEWHERE, Elsewhere

BILLING, DEVICE = Key("default", "billing"), Key("default", "device")


def agent(**examples: list[str]) -> dict[str, Any]:
    provided = [{"name": name, "version": "1.0.0", "examples": said} for name, said in examples.items()]
    return {"spec": {"providedCapabilities": provided}}


def test_capabilities_that_are_offered_here_are_not_elsewhere() -> None:
    elsewhere = Elsewhere()
    elsewhere.learn(BILLING, agent(bill=["my bill"], payment=["pay it"]))

    assert elsewhere.besides("default", {"bill"}) == (RosterCapability("payment", "", ("pay it",)),)
    assert elsewhere.besides("other", set()) == ()


def test_one_capability_of_two_agents_has_the_examples_of_both() -> None:
    elsewhere = Elsewhere()
    elsewhere.learn(DEVICE, agent(help=["fix it", "help"]))
    elsewhere.learn(BILLING, agent(help=["help", "assist me"]))

    assert elsewhere.besides("default", ()) == (
        RosterCapability("help", "", ("help", "assist me", "fix it")),
    )


def test_only_a_change_of_examples_counts() -> None:
    elsewhere = Elsewhere()

    assert elsewhere.learn(BILLING, agent(bill=["my bill"]))
    assert not elsewhere.learn(BILLING, agent(bill=["my bill"], silent=[]))
    assert elsewhere.learn(BILLING, None)
    assert elsewhere.besides("default", ()) == ()


def test_a_namespace_with_very_many_adds_none() -> None:
    elsewhere = Elsewhere()
    elsewhere.learn(BILLING, agent(**{f"c{number}": ["x"] for number in range(MOST_ELSEWHERE + 1)}))

    assert elsewhere.besides("default", ()) == ()
    assert len(elsewhere.besides("default", {"c0"})) == MOST_ELSEWHERE
