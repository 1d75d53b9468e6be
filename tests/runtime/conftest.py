from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.runtime.rig import BILLS, FAULTS, RECHNUNGEN, STOERUNGEN, Rig, agent, routing, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


ACROSS = (
    "test_chat_door test_turns test_resuming test_conversations test_graphql test_openai"
    " test_metrics test_round_trip test_round_trip_a2a test_handover test_tracing_doors test_retention"
    " test_choices test_explaining"
).split()
"""What must hold as well where the Conversation belongs to another worker than the door."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "bare" in metafunc.fixturenames and metafunc.module.__name__.rpartition(".")[2] in ACROSS:
        metafunc.parametrize("bare", [False, True], ids=["alone", "across"], indirect=True)


@pytest.fixture
async def bare(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """A runtime without a Channel."""
    async with running(across=getattr(request, "param", False)) as rig:
        yield rig


@pytest.fixture
async def rig(bare: Rig) -> Rig:
    """A runtime whose Channel acme/web has the Agents `billing` and `network`."""
    bare.agents.answers("billing", "42 euros")
    bare.agents.answers("network", "All is well")
    await bare.serve(
        agent("billing", "billing", "1.0.0", *BILLS, *RECHNUNGEN),
        agent("network", "network", "1.0.0", *FAULTS, *STOERUNGEN),
        routing("billing", "network"),
    )
    return bare
