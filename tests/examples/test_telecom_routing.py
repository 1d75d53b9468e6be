"""With the encoder that ships, questions that stand in no example reach the Agent that can answer them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lmos.adapters.system import SystemClock
from lmos.adapters.use_encoder import UseEncoder
from lmos.core.conversation import Message
from lmos.router import Roster, RosterAgent, RosterCapability, Router, RouteRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.arc import Agent

QUESTIONS: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("telecom_questions.toml").read_text(encoding="utf-8")
)
CHANNELS = ("acme-web-stable", "acme-ivr-stable", "globex-web-stable", "globex-ivr-stable")
LANGUAGES = ("en", "de")


@pytest.fixture(scope="module")
def encoder() -> UseEncoder:
    return UseEncoder()


@pytest.fixture
async def router(encoder: UseEncoder) -> AsyncIterator[Router]:
    router = Router(encoder, SystemClock())
    yield router
    await router.aclose()


@pytest.fixture
def offered(telecom_folder: Path) -> dict[str, set[str]]:
    """What each Channel requires, by the Channel's name."""
    channels = yaml.safe_load_all((telecom_folder / "channels.yaml").read_text(encoding="utf-8"))
    return {
        each["metadata"]["name"]: {required["name"] for required in each["spec"]["requiredCapabilities"]}
        for each in channels
    }


def roster(channel: str, required: set[str], agents: dict[str, Agent]) -> Roster:
    members = [
        RosterAgent(name, agent.description, capabilities)
        for name, agent in sorted(agents.items())
        if (
            capabilities := tuple(
                RosterCapability(can.name, can.description, can.examples)
                for can in agent.capabilities
                if can.name in required
            )
        )
    ]
    return Roster(channel, tuple(members))


def provider_of(capability: str, agents: dict[str, Agent]) -> str:
    return next(
        name for name, agent in agents.items() if capability in {can.name for can in agent.capabilities}
    )


@pytest.mark.parametrize("language", LANGUAGES)
async def test_nine_of_ten_new_questions_reach_the_right_agent(
    router: Router, telecom: dict[str, Agent], offered: dict[str, set[str]], language: str
) -> None:
    asked = [
        (channel, capability, text)
        for channel in CHANNELS
        for capability, texts in QUESTIONS["known"].items()
        if capability in offered[channel]
        for text in texts[language]
    ]
    agents = {channel: roster(channel, offered[channel], telecom) for channel in CHANNELS}

    missed = [
        f"{channel}: {text} → {decision.agent}"
        for channel, capability, text in asked
        if (decision := await router.route(RouteRequest(text), agents[channel])).agent
        != provider_of(capability, telecom)
    ]

    assert len(missed) <= 0.1 * len(asked), missed


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
async def test_four_of_five_questions_about_something_else_are_asked_back(
    router: Router, telecom: dict[str, Agent], offered: dict[str, set[str]], channel: str, language: str
) -> None:
    agents = roster(channel, offered[channel], telecom)
    texts = QUESTIONS["out_of_scope"][language]

    decisions = [await router.route(RouteRequest(text), agents) for text in texts]

    answered = [
        f"{text} → {decision.agent}"
        for text, decision in zip(texts, decisions, strict=True)
        if not decision.is_abstention
    ]
    assert len(answered) <= 0.2 * len(texts), answered
    assert all(decision.question for decision in decisions if decision.is_abstention)


@pytest.mark.parametrize(
    ("earlier", "text", "agent"),
    [
        ("How much is my bill?", "and the month before?", "billing-agent"),
        ("And the month before?", "and the one before that?", "billing-agent"),
        ("Wie hoch ist meine Rechnung?", "Und im Monat davor?", "billing-agent"),
        ("What does roaming cost in Switzerland?", "and for Spain?", "roaming-agent"),
        ("Was kostet Roaming in der Schweiz?", "Und in Italien?", "roaming-agent"),
        ("Is there an outage in my area?", "and in 20095?", "network-fault-agent"),
        ("My internet is so slow", "no, that did not help", "network-fault-agent"),
        ("Is there a cheaper tariff for me?", "and a faster one?", "contract-agent"),
        ("How much is my bill?", "and when can I get a new phone?", "device-agent"),
    ],
)
async def test_a_follow_up_stays_and_a_change_of_topic_moves(
    router: Router,
    telecom: dict[str, Agent],
    offered: dict[str, set[str]],
    earlier: str,
    text: str,
    agent: str,
) -> None:
    agents = roster("acme-web-stable", offered["acme-web-stable"], telecom)
    before = await router.route(RouteRequest(earlier), agents)

    decision = await router.route(
        RouteRequest(
            text, current_agent=before.agent or "", history=(Message(role="user", content=earlier),)
        ),
        agents,
    )

    assert decision.agent == agent, decision
