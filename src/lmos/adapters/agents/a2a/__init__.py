"""Agents asked over A2A 1.x with the official SDK; needs the extra `lmos[a2a]`."""

from __future__ import annotations

from lmos.adapters.agents.a2a.client import A2aAgentClient

__all__ = ["A2aAgentClient"]
