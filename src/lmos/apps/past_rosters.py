"""The Agents among which a Turn of before would be routed now, by files or by the API server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from lmos.apps.agent_sources import read_agents
from lmos.apps.instance import cluster_of
from lmos.apps.published import published_table
from lmos.core.planning import plan_documents
from lmos.core.resources.labels import STABLE
from lmos.ports.informer import Key
from lmos.router import Roster, RouterSettings
from lmos.router.evaluation import NothingToRoute
from lmos.runtime.elsewhere import Elsewhere
from lmos.runtime.routing_table import NoRoutingInfo

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from lmos.core.resolver import Explanation
    from lmos.core.resources import Agent, ProvidedCapability
    from lmos.ports.past_turns import PastTurn

    RosterOf = Callable[[PastTurn], Roster | None]


def rosters_in(paths: Sequence[Path]) -> RosterOf:
    """
    For each Turn the Agents that its Channel would have by these files.

    Where there are Channels among them, they say by which Capabilities of whom; else every Agent counts that
    may serve the Turn's Tenant and Channel.

    Raises:
        UnreadableManifest, BrokenAgentFile, InvalidRouterSettings: Something cannot be read.
        NothingToRoute: There is no Agent.
    """
    sources = read_agents(paths)
    if sources.problems:
        raise sources.problems[0]
    agents = sources.agents
    if not agents:
        raise NothingToRoute
    report = plan_documents([sourced.manifest for sourced in sources.manifests])
    planned: dict[tuple[str, str, str], Roster] = {}
    for explained in report.channels:
        channel = explained.channel
        place = channel.tenant, channel.channel, channel.subset
        planned.setdefault(place, _planned(explained, agents))
    willing: dict[tuple[str, str, str], Roster | None] = {}

    def roster_of(past: PastTurn) -> Roster | None:
        turn = past.record.turn
        subsets = dict.fromkeys((past.subset or STABLE, STABLE))
        places = [(turn.tenant, turn.channel, subset) for subset in subsets]
        if planned:
            return next((planned[place] for place in places if place in planned), None)
        for place in places:
            if place not in willing:
                willing[place] = _willing(place, agents)
        return next((roster for place in places if (roster := willing[place])), None)

    return roster_of


def _planned(explained: Explanation, agents: Sequence[Agent]) -> Roster:
    """The roster of a Channel, by the Capabilities that it is wired to."""
    channel = explained.channel
    wires = [finding.wire for finding in explained.findings if finding.wire]
    elsewhere = Elsewhere()
    for agent in agents:
        elsewhere.learn(Key(agent.namespace, agent.name), agent.to_manifest())
    wired = [
        _with_only(agent, {wire.provided for wire in wires if wire.agent.name == agent.name})
        for agent in {wire.agent.name: wire.agent for wire in wires}.values()
    ]
    offered = {wire.provided.name for wire in wires}
    return replace(
        Roster.of_agents(f"{channel.namespace}/{channel.name}", wired),
        elsewhere=elsewhere.besides(channel.namespace, offered),
        settings=RouterSettings.of(channel.metadata.annotations),
    )


def _with_only(agent: Agent, provided: set[ProvidedCapability]) -> Agent:
    kept = tuple(each for each in agent.spec.provided_capabilities if each in provided)
    return agent.model_copy(update={"spec": agent.spec.model_copy(update={"provided_capabilities": kept})})


def _willing(place: tuple[str, str, str], agents: Sequence[Agent]) -> Roster | None:
    """Every Agent that may serve a Tenant's Channel; one that names no Channels may serve any."""
    tenant, channel, subset = place
    serving = [
        agent
        for agent in agents
        if agent.subset == subset
        and tenant in (agent.spec.supported_tenants or {tenant})
        and channel in (agent.spec.supported_channels or {channel})
    ]
    return Roster.of_agents("/".join(place), serving) if serving else None


@asynccontextmanager
async def published_rosters(kubeconfig: Path | None) -> AsyncIterator[RosterOf]:
    """For each Turn the Agents of its Channel's ChannelRouting as the API server has it now."""
    async with cluster_of(kubeconfig) as cluster, published_table(cluster) as table:

        def roster_of(past: PastTurn) -> Roster | None:
            turn = past.record.turn
            try:
                return table.route(turn.tenant, turn.channel, (past.subset or STABLE, STABLE)).roster
            except NoRoutingInfo:
                return None

        yield roster_of
