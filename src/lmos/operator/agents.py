"""Agents: discovered from Deployments, and checked wherever they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from lmos.core.errors import LmosError, TemporaryError
from lmos.core.planning import (
    DESCRIPTION_PATHS,
    agent_description,
    discovery_target,
    is_discovered,
    needs_discovery,
    plan_agent,
    plan_agent_status,
    plan_departure,
)
from lmos.operator.controller import Controller
from lmos.operator.execution import carry_out
from lmos.ports.agents import CardMissing
from lmos.ports.informer import Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.core.resources import Agent, AgentSpec
    from lmos.core.resources.workload import Deployment, Service
    from lmos.operator.view import View
    from lmos.ports.agents import CardReader
    from lmos.ports.clock import Clock
    from lmos.ports.cluster import Cluster

log = structlog.get_logger()

REFETCH_SECONDS = 300.0
"""An Agent's description is read again after this time, even if its Deployment did not change."""


class AgentReconciler:
    """
    Publishes what Deployments labelled `lmos-agent: "true"` say of themselves as Agents.

    Agents that somebody wrote by hand are never touched, but for the status that says which of their
    Capabilities count.
    """

    def __init__(self, view: View, cluster: Cluster, cards: CardReader, clock: Clock) -> None:
        self._view = view
        self._cluster = cluster
        self._cards = cards
        self._clock = clock
        self._fetched: dict[Key, float] = {}
        self.discovery = Controller("discovery", self._discover)
        # Statuses of hand-written Agents can wait: Channels are resolved first.
        self.statuses = Controller("agents", self._state, workers=1)
        view.deployments.on_change(lambda key, _, __: self.discovery.queue.add(key))
        view.services.on_change(self._service_changed)
        view.agents.on_change(self._agent_changed)

    async def _discover(self, key: Key) -> float | None:
        deployment = self._view.deployments.get(key)
        agent = self._view.agents.get(key)
        if deployment is None:
            self._fetched.pop(key, None)
            # A Deployment that is gone takes its Agent with it; one that lost its label does not.
            if agent is not None and is_discovered(agent):
                await carry_out(plan_departure(agent), self._cluster, self._view.learn)
            return None
        if agent is not None and not is_discovered(agent):
            return None
        services = self._view.services.within(key.namespace)
        age_seconds = self._clock.monotonic() - self._fetched.get(key, float("-inf"))
        if age_seconds < REFETCH_SECONDS and not _needs_discovery(deployment, services, agent):
            return REFETCH_SECONDS - age_seconds
        found = await self._found(key, deployment, services)
        plan = plan_agent(deployment, services, found, self._view.agents.get(key), self._clock.now())
        if plan.changes:
            await carry_out(plan, self._cluster, self._view.learn)
        if isinstance(found, LmosError):
            log.info("agent_not_discovered", namespace=key.namespace, deployment=key.name, code=found.code)
            return found.retry_after_seconds if isinstance(found, TemporaryError) else REFETCH_SECONDS
        return REFETCH_SECONDS

    async def _found(
        self, key: Key, deployment: Deployment, services: Sequence[Service]
    ) -> AgentSpec | LmosError:
        """What the Agent says about itself, or why it could not be asked."""
        try:
            target = discovery_target(deployment, services)
            body = await self._description(target.host, target.port, target.scheme)
            found = agent_description(body)
        except LmosError as error:
            return error
        self._fetched[key] = self._clock.monotonic()
        return found

    async def _description(self, host: str, port: int, scheme: str) -> bytes:
        """The first of the documents that there is."""
        *others, last = DESCRIPTION_PATHS
        for path in others:
            try:
                return await self._cards.fetch(host, port, scheme, path)
            except CardMissing:
                continue
        return await self._cards.fetch(host, port, scheme, last)

    async def _state(self, key: Key) -> None:
        agent = self._view.agents.get(key)
        deployment = self._view.deployments.get(key)
        if agent is None or (deployment is not None and is_discovered(agent)):
            return
        await carry_out(plan_agent_status(agent, self._clock.now()), self._cluster, self._view.learn)

    def _service_changed(self, _: Key, before: Service | None, after: Service | None) -> None:
        services = [service for service in (before, after) if service]
        for deployment in self._view.deployments:
            if any(service.selects(deployment) for service in services):
                self.discovery.queue.add(Key(deployment.namespace, deployment.name))

    def _agent_changed(self, key: Key, before: Agent | None, after: Agent | None) -> None:
        if self._view.deployments.get(key) is not None or (after is not None and is_discovered(after)):
            self.discovery.queue.add(key)
        if after is not None and (before is None or before.spec != after.spec):
            self.statuses.queue.add(key)


def _needs_discovery(deployment: Deployment, services: Sequence[Service], agent: Agent | None) -> bool:
    """Whether the Agent does not stand as its Deployment describes itself, or cannot be asked right now."""
    try:
        discovery_target(deployment, services)
    except LmosError:
        return True
    return needs_discovery(deployment, agent)
