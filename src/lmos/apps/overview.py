"""What runs, in one look: parts, Channels, Agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2

from lmos.apps.instance import cluster_of, runtime_url_of
from lmos.core.errors import LmosError
from lmos.core.resources.kinds import AGENT, CHANNEL, CHANNEL_ROUTING, DEPLOYMENT

if TYPE_CHECKING:
    from pathlib import Path

    from lmos.core.resources import Manifest
    from lmos.ports.cluster import Cluster

_ANSWER_SECONDS = 2.0


async def overview(kubeconfig: Path | None, runtime: str) -> dict[str, Any]:
    """`{parts: [{name, url, state}], channels: […], agents: […]}`."""
    async with cluster_of(kubeconfig) as cluster:
        channels = (await cluster.list(CHANNEL)).items
        agents = await summaries(cluster)
    return {
        "parts": [
            {"name": "api", "url": cluster.url, "state": "answers"},
            await _runtime(runtime, kubeconfig),
        ],
        "channels": [channel_summary(channel) for channel in channels],
        "agents": agents,
    }


async def agents_overview(kubeconfig: Path | None) -> list[dict[str, Any]]:
    """`[{namespace, name, health, ready, failed, capabilities, channels}]`."""
    async with cluster_of(kubeconfig) as cluster:
        return await summaries(cluster)


async def summaries(cluster: Cluster) -> list[dict[str, Any]]:
    """All Agents with their health, and those Deployments labelled as Agents that are none yet."""
    agents = (await cluster.list(AGENT)).items
    routings = (await cluster.list(CHANNEL_ROUTING)).items
    deployments = (await cluster.list(DEPLOYMENT, labels="lmos-agent=true")).items
    return agent_summaries(agents, routings, deployments)


def agent_summaries(
    agents: tuple[Manifest, ...], routings: tuple[Manifest, ...], deployments: tuple[Manifest, ...]
) -> list[dict[str, Any]]:
    """One entry an Agent, by namespace and name."""
    workloads = {_identity(deployment): deployment for deployment in deployments}
    known = {_identity(agent): agent for agent in agents}
    found = []
    for identity in sorted(known.keys() | workloads.keys()):
        namespace, name = identity
        spec = known[identity]["spec"] if identity in known else {}
        provided = spec.get("providedCapabilities", ())
        found.append(
            {
                "namespace": namespace,
                "name": name,
                **_health(known.get(identity), workloads.get(identity)),
                "capabilities": [f"{each['name']} {each['version']}" for each in provided],
                "channels": [
                    routing["metadata"]["name"]
                    for routing in routings
                    if routing["metadata"].get("namespace") == namespace
                    and any(group["name"] == name for group in routing["spec"].get("capabilityGroups", ()))
                ],
            }
        )
    return found


def channel_summary(channel: Manifest) -> dict[str, Any]:
    """`{namespace, name, tenant, channel, resolveStatus, message}`."""
    labels = channel["metadata"].get("labels", {})
    status = channel.get("status", {})
    failing = [each for each in status.get("conditions", ()) if each["status"] == "False"]
    return {
        "namespace": channel["metadata"]["namespace"],
        "name": channel["metadata"]["name"],
        "tenant": labels.get("tenant", ""),
        "channel": labels.get("channel", ""),
        "resolveStatus": status.get("resolveStatus", "UNKNOWN"),
        "message": failing[0].get("message", "") if failing else "",
    }


def _health(agent: Manifest | None, deployment: Manifest | None) -> dict[str, Any]:
    """`{health, ready, failed}`: what the processes say where we run them, else the Agent's conditions."""
    if deployment is not None:
        wanted = deployment["spec"].get("replicas", 1)
        ready = deployment.get("status", {}).get("readyReplicas", 0)
        progressing = _condition(deployment, "Progressing")
        failed = progressing.get("status") == "False"
        said = f"{ready}/{wanted} ready" + (f": {progressing.get('message', '')}" if failed else "")
        return {"health": said, "ready": ready >= wanted, "failed": failed}
    conditions: list[dict[str, Any]] = (agent or {}).get("status", {}).get("conditions", [])
    failing = [str(each["message"]) for each in conditions if each["status"] == "False"]
    return {"health": " ".join(failing) or "not run here", "ready": not failing, "failed": bool(failing)}


def _condition(manifest: Manifest, name: str) -> dict[str, Any]:
    conditions: list[dict[str, Any]] = manifest.get("status", {}).get("conditions", [])
    return next((condition for condition in conditions if condition["type"] == name), {})


def _identity(manifest: Manifest) -> tuple[str, str]:
    return manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


async def _runtime(runtime: str, kubeconfig: Path | None) -> dict[str, str]:
    try:
        url = runtime_url_of(runtime, kubeconfig)
    except LmosError as error:
        return {"name": "runtime", "url": "", "state": error.message}
    try:
        async with httpx2.AsyncClient(timeout=_ANSWER_SECONDS, trust_env=False) as client:
            answered = (await client.get(f"{url}/health/readiness")).is_success
    except httpx2.HTTPError as error:
        return {"name": "runtime", "url": url, "state": f"does not answer ({type(error).__name__})"}
    return {"name": "runtime", "url": url, "state": "ready" if answered else "answers, not ready"}
