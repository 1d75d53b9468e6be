from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lmos.arc import load_agents

if TYPE_CHECKING:
    from lmos.arc import Agent

TELECOM = Path(__file__).parents[2] / "examples" / "01-telecom"


@pytest.fixture
def telecom_folder() -> Path:
    return TELECOM


@pytest.fixture
def telecom() -> dict[str, Agent]:
    """The example's Agents by name, remembering nothing yet."""
    files = sorted(file for file in (TELECOM / "agents").glob("*.py") if file.stem != "telecom")
    return {agent.name: agent for file in files for agent in load_agents(file)}
