"""The kinds of Kubernetes objects that LMOS reads and writes, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]
"""A Kubernetes object as plain JSON values."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind and where the API serves it: `/apis/{group}/{version}/{plural}`."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The manifest's `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


AGENT = Kind("lmos.eclipse", "v1", "Agent", "agents")
CHANNEL = Kind("lmos.eclipse", "v1", "Channel", "channels")
CHANNEL_ROUTING = Kind("lmos.eclipse", "v1", "ChannelRouting", "channelroutings")
CHANNEL_ROLLOUT = Kind("lmos.eclipse", "v1", "ChannelRollout", "channelrollouts")

NAMESPACE = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps")
SECRET = Kind("", "v1", "Secret", "secrets")
SERVICE = Kind("", "v1", "Service", "services")
POD = Kind("", "v1", "Pod", "pods")
POD_METRICS = Kind("metrics.k8s.io", "v1beta1", "PodMetrics", "pods")
EVENT = Kind("", "v1", "Event", "events")
DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments")
ENDPOINT_SLICE = Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices")
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases")
CUSTOM_RESOURCE_DEFINITION = Kind(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)

KINDS = (
    AGENT,
    CHANNEL,
    CHANNEL_ROUTING,
    CHANNEL_ROLLOUT,
    NAMESPACE,
    CONFIG_MAP,
    SECRET,
    SERVICE,
    POD,
    POD_METRICS,
    EVENT,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    LEASE,
    CUSTOM_RESOURCE_DEFINITION,
)


def kind_of(manifest: Manifest) -> Kind | None:
    """The kind of `manifest` among those LMOS knows by itself, else None."""
    wanted = manifest.get("apiVersion"), manifest.get("kind")
    return next((kind for kind in KINDS if (kind.api_version, kind.kind) == wanted), None)
