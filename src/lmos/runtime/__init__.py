"""Conversations, Turns and the doors through which users come."""

from lmos.runtime.conversation import Asked, Turns
from lmos.runtime.routing_table import RoutingTable

__all__ = ["Asked", "RoutingTable", "Turns"]
