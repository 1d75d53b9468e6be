"""
graphql-transport-ws as a sans-I/O machine for both sides: text frames in, events out, frames to send.

Neither side knows a socket. `receive` takes the text of one frame and returns what it means; a `Send` among
the events is to be sent at once, and `CloseWith` says how to close the socket. The methods that speak return
the text of the frame to send.

Source:
    The graphql-transport-ws protocol, and contract §2.5 and §6: what the original's two ends depend on.
"""

from __future__ import annotations

from lmos.core.protocols.graphql_ws.events import (
    Acknowledged,
    CloseCode,
    CloseWith,
    Completed,
    Event,
    Failed,
    Initialised,
    Next,
    Payload,
    Send,
    Subscribed,
)
from lmos.core.protocols.graphql_ws.machine import (
    SUBPROTOCOL,
    ClientConnection,
    ProtocolMisuse,
    ServerConnection,
    choose_subprotocol,
)
from lmos.core.protocols.graphql_ws.tables import State

__all__ = [
    "SUBPROTOCOL",
    "Acknowledged",
    "ClientConnection",
    "CloseCode",
    "CloseWith",
    "Completed",
    "Event",
    "Failed",
    "Initialised",
    "Next",
    "Payload",
    "ProtocolMisuse",
    "Send",
    "ServerConnection",
    "State",
    "Subscribed",
    "choose_subprotocol",
]
