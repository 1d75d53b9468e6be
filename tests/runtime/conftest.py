from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.runtime.rig import BILLS, FAULTS, RECHNUNGEN, STOERUNGEN, Rig, agent, routing, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def bare() -> AsyncIterator[Rig]:
    """A runtime without a Channel."""
    async with running() as rig:
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
