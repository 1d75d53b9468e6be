"""Conversations, Turns and the doors through which users come."""

from lmos.runtime.asked import Asked
from lmos.runtime.conversation import Turns
from lmos.runtime.ordering import WhenBusy
from lmos.runtime.routing_table import Route, RoutingTable

__all__ = ["Asked", "Route", "RoutingTable", "Turns", "WhenBusy"]
