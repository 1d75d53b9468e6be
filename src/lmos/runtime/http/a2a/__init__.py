"""The door for clients that speak A2A 1.x: every Channel is an agent with a card."""

from __future__ import annotations

from lmos.runtime.http.a2a.cards import card_routes
from lmos.runtime.http.a2a.description import describe_a2a
from lmos.runtime.http.a2a.door import A2A_PATH, A2aDoor

__all__ = ["A2A_PATH", "A2aDoor", "card_routes", "describe_a2a"]
