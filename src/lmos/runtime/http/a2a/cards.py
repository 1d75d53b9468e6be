"""The A2A card of each Channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request

from lmos.core.protocols.a2a import Skill, card_of
from lmos.core.protocols.agent_card import AGENT_CARD_PATHS
from lmos.core.resources.labels import VERSION
from lmos.runtime.http.a2a.door import A2A_PATH
from lmos.runtime.http.description import EVERYWHERE, ChannelName, Tenant, refusals

if TYPE_CHECKING:
    from lmos.runtime.routing_table import RoutingTable

_CARD = AGENT_CARD_PATHS[0]


def card_routes(table: RoutingTable) -> APIRouter:
    """`GET /a2a/{tenant}/{channel}/.well-known/agent-card.json`."""
    router = APIRouter(tags=["a2a"], responses=refusals(*EVERYWHERE, 404))

    @router.get(A2A_PATH + _CARD)
    async def agent_card(tenant: Tenant, channel: ChannelName, request: Request) -> dict[str, Any]:
        """A Channel as an A2A agent; its skills are the Channel's Capabilities."""
        route = table.find(tenant, channel)
        skills = (
            Skill(can.name, can.description, agent.name, can.examples)
            for agent in route.roster.agents
            for can in agent.capabilities
        )
        url = request.url.replace(path=request.url.path.removesuffix(_CARD), query="")
        version = route.routing.metadata.labels.get(VERSION) or "1.0.0"
        return card_of(f"{tenant}/{channel}", version, str(url), skills)

    return router
