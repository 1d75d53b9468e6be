"""Agents over the network: asked in the protocol that each speaks, described over HTTP."""

from __future__ import annotations

from lmos.adapters.agents.addresses import NetworkAddresses
from lmos.adapters.agents.by_protocol import ProtocolAgentClient
from lmos.adapters.agents.cards import HttpCardReader
from lmos.adapters.agents.graphql_ws_client import GraphQlAgentClient
from lmos.adapters.agents.settings import Deadlines, Limits
from lmos.adapters.agents.slices import SliceAddresses

__all__ = [
    "Deadlines",
    "GraphQlAgentClient",
    "HttpCardReader",
    "Limits",
    "NetworkAddresses",
    "ProtocolAgentClient",
    "SliceAddresses",
]
