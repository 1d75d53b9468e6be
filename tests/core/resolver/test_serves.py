"""Which Agents may serve a Channel."""

import pytest

from lmos.core.resolver import Mismatch, mismatches, serves
from lmos.core.resources import Agent, Channel
from tests.core.builders import agent, channel


def test_an_agent_of_the_same_channel_and_any_tenant_serves() -> None:
    assert serves(agent("billing", channels=["web", "ivr"]), channel())


@pytest.mark.parametrize(
    ("served", "door", "missing"),
    [
        (agent("a", tenants=["globex"]), channel(), [Mismatch.TENANT]),
        (agent("a", tenants=["globex", "acme"]), channel(), []),
        (agent("a", channels=["ivr"]), channel(), [Mismatch.CHANNEL]),
        (agent("a", channels=[]), channel(), [Mismatch.CHANNEL]),
        (agent("a", channels=[""]), channel(channel=""), [Mismatch.CHANNEL]),
        (agent("a", subset="canary"), channel(), [Mismatch.SUBSET]),
        (agent("a"), channel(subset="canary"), [Mismatch.SUBSET]),
        (agent("a", subset="stable"), channel(), []),
        (agent("a", subset="canary"), channel(subset="canary"), []),
        (
            agent("a", tenants=["globex"], channels=["ivr"], subset="canary"),
            channel(),
            [Mismatch.TENANT, Mismatch.CHANNEL, Mismatch.SUBSET],
        ),
    ],
)
def test_tenant_channel_and_subset_must_match(served: Agent, door: Channel, missing: list[Mismatch]) -> None:
    assert list(mismatches(served, door)) == missing
    assert serves(served, door) == (not missing)


def test_an_agent_of_another_namespace_does_not_serve() -> None:
    assert not serves(agent("billing", namespace="elsewhere"), channel())
