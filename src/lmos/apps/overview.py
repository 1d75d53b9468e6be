"""What runs, in one look: Channels and Agents as people ask about them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lmos.apps.instance import cluster_of
from lmos.apps.parts import parts_of
from lmos.apps.top import metrics_url_of, totals
from lmos.core.errors import LmosError
from lmos.core.resources.kinds import AGENT, CHANNEL, CHANNEL_ROUTING, DEPLOYMENT, POD_METRICS
from lmos.core.resources.labels import selects
from lmos.core.resources.quantities import quantity
from lmos.ports.cluster import ClusterForbidden, ClusterUnavailable, ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lmos.core.resources import Manifest
    from lmos.ports.cluster import Cluster

AGENT_WORKLOADS = "lmos-agent=true"
"""Selects the Deployments that are to become Agents."""


async def overview(kubeconfig: Path | None, runtime: str) -> dict[str, Any]:
    """`{parts: [{name, url, state}], channels: […], agents: […], traffic: figures of all Turns so far}`."""
    async with cluster_of(kubeconfig) as cluster:
        channels = (await cluster.list(CHANNEL)).items
        agents = await _agents(cluster)
        parts = await parts_of(cluster.url, kubeconfig, runtime)
    return {
        "parts": parts,
        "channels": [channel_summary(channel) for channel in channels],
        "agents": agents,
        "traffic": await _traffic(kubeconfig, runtime),
    }


async def agents_overview(kubeconfig: Path | None) -> list[dict[str, Any]]:
    """
    `[{namespace, name, ready, wanted, state, message, capabilities, channels, cpu, memory}]`.

    `cpu` is in cores and `memory` in bytes, None where nobody measures the Agent's processes.
    """
    async with cluster_of(kubeconfig) as cluster:
        return await _agents(cluster)


async def _traffic(kubeconfig: Path | None, runtime: str) -> list[dict[str, Any]]:
    """What was counted of Turns; nothing where nobody tells, of which the state of the parts says more."""
    try:
        return await totals(metrics_url_of(runtime, kubeconfig))
    except LmosError:
        return []


async def _metrics(cluster: Cluster) -> Sequence[Manifest]:
    """What Pods use; a cluster without a metrics server, or one that we may not ask, says nothing."""
    try:
        return (await cluster.list(POD_METRICS)).items
    except (ObjectNotFound, ClusterForbidden, ClusterUnavailable):
        return ()


def usage_of(
    deployments: Iterable[Manifest], metrics: Iterable[Manifest]
) -> dict[tuple[str, str], dict[str, Any]]:
    """`{cpu, memory}` of the Pods of each Deployment that somebody measured."""
    measured = [(each["metadata"], _sums(each)) for each in metrics]
    found = {}
    for deployment in deployments:
        namespace, selector = _identity(deployment)[0], deployment["spec"]["selector"].get("matchLabels", {})
        pods = [
            sums
            for metadata, sums in measured
            if metadata["namespace"] == namespace and selects(selector, metadata.get("labels") or {})
        ]
        if pods:
            cpu, memory = (float(sum(column)) for column in zip(*pods, strict=True))
            found[_identity(deployment)] = {"cpu": cpu, "memory": int(memory)}
    return found


def _sums(metrics: Manifest) -> tuple[Decimal, Decimal]:
    usages = [container["usage"] for container in metrics.get("containers") or ()]
    cpu, memory = (
        [quantity(each.get(name, "0")) or Decimal() for each in usages] for name in ("cpu", "memory")
    )
    return sum(cpu, Decimal()), sum(memory, Decimal())


async def _agents(cluster: Cluster) -> list[dict[str, Any]]:
    agents, routings = (await cluster.list(AGENT)).items, (await cluster.list(CHANNEL_ROUTING)).items
    deployments = (await cluster.list(DEPLOYMENT, labels=AGENT_WORKLOADS)).items
    usage, unmeasured = usage_of(deployments, await _metrics(cluster)), {"cpu": None, "memory": None}
    return [
        agent | usage.get((agent["namespace"], agent["name"]), unmeasured)
        for agent in agent_summaries(agents, routings, deployments)
    ]


def agent_summaries(
    agents: Iterable[Manifest], routings: Iterable[Manifest], deployments: Iterable[Manifest]
) -> list[dict[str, Any]]:
    """
    One entry an Agent, by namespace and name; Deployments that are to become Agents count as well.

    `state` is `ready`, `starting`, `failed`, or `external` for an Agent that runs elsewhere; `message` says
    why it is not well.
    """
    workloads = {_identity(deployment): deployment for deployment in deployments}
    known = {_identity(agent): agent for agent in agents}
    serving = _channels_by_agent(routings)
    found = []
    for identity in sorted(known.keys() | workloads.keys()):
        provided = known[identity]["spec"].get("providedCapabilities", ()) if identity in known else ()
        found.append(
            {
                "namespace": identity[0],
                "name": identity[1],
                **_health(known.get(identity), workloads.get(identity)),
                "capabilities": [f"{each['name']} {each['version']}" for each in provided],
                "channels": sorted(serving.get(identity, ())),
            }
        )
    return found


def channel_summary(channel: Manifest) -> dict[str, Any]:
    """`{namespace, name, tenant, channel, resolveStatus, message}`; UNKNOWN until somebody has looked."""
    labels = channel["metadata"].get("labels", {})
    status = channel.get("status", {})
    is_current = status.get("observedGeneration") == channel["metadata"].get("generation")
    failing = [each for each in status.get("conditions", ()) if each["status"] == "False"]
    return {
        "namespace": channel["metadata"]["namespace"],
        "name": channel["metadata"]["name"],
        "tenant": labels.get("tenant", ""),
        "channel": labels.get("channel", ""),
        "resolveStatus": status.get("resolveStatus", "UNKNOWN") if is_current else "UNKNOWN",
        "message": failing[0].get("message", "") if failing and is_current else "",
    }


def _channels_by_agent(routings: Iterable[Manifest]) -> dict[tuple[str, str], set[str]]:
    serving: dict[tuple[str, str], set[str]] = {}
    for routing in routings:
        namespace, name = _identity(routing)
        for group in routing["spec"].get("capabilityGroups", ()):
            serving.setdefault((namespace, group["name"]), set()).add(name)
    return serving


def _health(agent: Manifest | None, deployment: Manifest | None) -> dict[str, Any]:
    """What the processes say where we run them, and what the Agent's conditions say."""
    complaint = " ".join(str(each.get("message", "")) for each in _conditions(agent, "False")[:1])
    if deployment is None:
        state = "failed" if complaint else "external"
        return {"ready": None, "wanted": None, "state": state, "message": complaint}
    wanted = deployment["spec"].get("replicas", 1)
    ready = deployment.get("status", {}).get("readyReplicas", 0)
    stuck = [each for each in _conditions(deployment, "False") if each["type"] == "Progressing"]
    if stuck:
        state, message = "failed", str(stuck[0].get("message", ""))
    elif ready < wanted:
        state, message = "starting", ""
    elif agent is None:
        state, message = "starting", "It answers, but has not been discovered yet."
    else:
        state, message = ("failed", complaint) if complaint else ("ready", "")
    return {"ready": ready, "wanted": wanted, "state": state, "message": message}


def _conditions(manifest: Manifest | None, status: str) -> list[dict[str, Any]]:
    conditions: list[dict[str, Any]] = (manifest or {}).get("status", {}).get("conditions", [])
    return [condition for condition in conditions if condition["status"] == status]


def _identity(manifest: Manifest) -> tuple[str, str]:
    return manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]
