"""Where an Agent answers: what a manifest may say, and the address it comes to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_PORT = 8080

GRAPHQL_WS = "graphql-transport-ws"
"""The protocol of the original and of our own Agents: GraphQL subscriptions over a WebSocket."""

A2A_JSONRPC = "a2a+jsonrpc"
A2A_HTTP_JSON = "a2a+http+json"
"""A2A 1.x: `a2a+` before the binding as cards name it, in lower case."""

DEFAULT_PATHS = {GRAPHQL_WS: "/subscriptions", A2A_JSONRPC: "/", A2A_HTTP_JSON: "/"}
"""Where a protocol's door is if nobody says so; its keys are the protocols in which Agents can be asked."""


class Endpoint(BaseModel):
    """The address at which an Agent answers; where a field is absent the original's rule holds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    scheme: Annotated[
        Literal["http", "https"] | None, Field(description="http or https; http if absent.")
    ] = None
    host: Annotated[
        str | None,
        Field(
            description="Host name or IP address.",
            min_length=1,
            max_length=253,
            pattern=r"^[^\s/:]+$|^\[[0-9a-fA-F:.]+\]$",
        ),
    ] = None
    port: Annotated[int | None, Field(description="TCP port; 8080 if absent.", ge=1, le=65535)] = None
    path: Annotated[
        str | None,
        Field(
            description="Path of the protocol's door; /subscriptions if absent, / with A2A.",
            pattern=r"^/\S*$",
            max_length=1024,
        ),
    ] = None
    protocol: Annotated[
        str | None,
        Field(
            description="graphql-transport-ws, a2a+jsonrpc or a2a+http+json; the first if absent.",
            min_length=1,
            max_length=63,
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where to dial an Agent; nothing is left open."""

    host: str
    port: int = DEFAULT_PORT
    scheme: Literal["http", "https"] = "http"
    path: str = DEFAULT_PATHS[GRAPHQL_WS]
    protocol: str = GRAPHQL_WS


def address_of(host: str, endpoint: Endpoint | None = None) -> Address:
    """
    The address behind a routing entry.

    Args:
        host: The routing's `host`, `name` or `name:port`; without a port the original's 8080 holds.
        endpoint: What the Agent says itself; each field it names wins.

    Source:
        Contract §2.5: the port is part of the address when it ends in `:<digits>`.
    """
    match = re.fullmatch(r"(?P<name>.+):(?P<port>\d{1,5})", host)
    name, port = (match["name"], int(match["port"])) if match else (host, DEFAULT_PORT)
    said = endpoint or Endpoint()
    protocol = said.protocol or GRAPHQL_WS
    return Address(
        host=said.host or name,
        port=said.port or port,
        scheme=said.scheme or "http",
        path=said.path or DEFAULT_PATHS.get(protocol, "/"),
        protocol=protocol,
    )
