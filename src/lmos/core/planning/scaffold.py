"""The manifests of an Agent's first minute: what a person would write to run it and talk to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.core.resources.labels import CHANNEL, LMOS_AGENT, STABLE, SUBSET, TENANT, VERSION
from lmos.core.resources.workload import DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.core.resources import AgentSpec, Manifest

FIRST_TENANT = "demo"
"""The Tenant of a Channel for Agents that serve every Tenant."""

_APP = "app.kubernetes.io/name"
CONTENT = "lmos.eclipse/content"
"""On a pod template: a hash of the code that its commands run."""

_PORT = 8080
_GRACE_SECONDS = 10


def workload_manifests(name: str, command: Sequence[str], directory: str, content: str) -> list[Manifest]:
    """
    The Deployment and the Service that run one Agent.

    Args:
        name: Of both, and so of the Agent.
        command: Serves the Agent on `PORT`.
        directory: Where the command is run.
        content: Changes when the Agent's code does, so that its processes are replaced.
    """
    metadata = {"name": name, "namespace": "default", "labels": {LMOS_AGENT: "true", SUBSET: STABLE}}
    container = {
        "name": "agent",
        "image": name,
        "command": list(command),
        "ports": [{"name": "http", "containerPort": _PORT}],
        "readinessProbe": {"httpGet": {"path": "/health/readiness", "port": "http"}},
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**metadata, "annotations": {DIRECTORY: directory}},
        "spec": {
            "selector": {"matchLabels": {_APP: name}},
            "template": {
                "metadata": {"labels": {_APP: name}, "annotations": {CONTENT: content}},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": _GRACE_SECONDS},
            },
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "selector": {_APP: name},
            "ports": [{"name": "http", "port": _PORT, "targetPort": "http"}],
        },
    }
    return [deployment, service]


def channel_manifests(agents: Sequence[AgentSpec]) -> list[Manifest]:
    """
    A Channel for each Tenant and channel that the Agents name, requiring all that they provide there.

    An Agent for every Tenant is required in the Channels of all Tenants named, or of `demo` where none is.
    """
    tenants = sorted({tenant for agent in agents for tenant in agent.supported_tenants}) or [FIRST_TENANT]
    channels = sorted({channel for agent in agents for channel in agent.supported_channels})
    made = []
    for tenant in tenants:
        for channel in channels:
            required = {
                provided.name: {"name": provided.name, "version": f">={provided.version}"}
                for agent in agents
                if channel in agent.supported_channels and tenant in (agent.supported_tenants or tenants)
                for provided in agent.provided_capabilities
            }
            if required:
                made.append(_channel(tenant, channel, list(required.values())))
    return made


def _channel(tenant: str, channel: str, required: list[dict[str, str]]) -> Manifest:
    labels = {TENANT: tenant, CHANNEL: channel, SUBSET: STABLE, VERSION: "1.0.0"}
    return {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Channel",
        "metadata": {"name": f"{tenant}-{channel}-{STABLE}", "namespace": "default", "labels": labels},
        "spec": {"requiredCapabilities": required},
    }
