"""Which Agents can meet in one Channel, and so compete for its users' questions."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.core.resources import Agent

_ANY = ""


def meetings(agents: Sequence[Agent]) -> tuple[tuple[Agent, ...], ...]:
    """
    The largest sets of Agents that may serve one Channel, each by name; an Agent may be in several.

    They share namespace, Subset, a Tenant and a Channel. An Agent that names no Tenant serves every Tenant;
    one that names no Channel serves none yet, and is seen among all.
    """
    sets: set[frozenset[int]] = set()
    for neighbours in _neighbours(agents).values():
        tenants = {tenant for index in neighbours for tenant in agents[index].spec.supported_tenants}
        channels = {channel for index in neighbours for channel in agents[index].spec.supported_channels}
        sets |= {
            frozenset(index for index in neighbours if _serves(agents[index], tenant, channel))
            for tenant, channel in product(tenants | {_ANY}, channels or {_ANY})
        }
    largest = [each for each in sets if each and not any(each < other for other in sets)]
    return tuple(
        tuple(sorted((agents[index] for index in each), key=lambda agent: agent.name))
        for each in sorted(largest, key=sorted)
    )


def _neighbours(agents: Sequence[Agent]) -> dict[tuple[str, str], list[int]]:
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for index, agent in enumerate(agents):
        found[agent.namespace, agent.subset].append(index)
    return found


def _serves(agent: Agent, tenant: str, channel: str) -> bool:
    tenants, channels = agent.spec.supported_tenants, agent.spec.supported_channels
    return (not tenants or tenant in tenants) and (not channels or channel in channels)
