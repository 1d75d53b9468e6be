"""EndpointSlices: which processes stand behind a Service on one machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmos.core.resources.kinds import Manifest

LOCAL_NODE = "lmos-local-node"
"""The local node: its name as a node, as a field manager, and as the manager of EndpointSlices."""

MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
SERVICE_LABEL = "kubernetes.io/service-name"

LOCAL_SLICES = f"{MANAGED_BY_LABEL}={LOCAL_NODE}"
"""Selects the slices of a local node; a cluster has none of them, its network finds Services by itself."""

_SERVICE_HOST = re.compile(r"(?P<name>[^.]+)\.(?P<namespace>[^.]+)(\.svc(\.cluster\.local)?)?\.?")


def service_host(name: str, namespace: str) -> str:
    """The host name of a Service inside a cluster."""
    return f"{name}.{namespace}.svc.cluster.local"


def service_behind(host: str) -> tuple[str, str] | None:
    """Namespace and name of the Service that `host` names, None for any other host."""
    match = _SERVICE_HOST.fullmatch(host)
    return (match["namespace"], match["name"]) if match else None


def service_of(endpoint_slice: Manifest) -> tuple[str, str]:
    """Namespace and name of the Service that a slice belongs to."""
    metadata = endpoint_slice["metadata"]
    return metadata.get("namespace", ""), metadata.get("labels", {}).get(SERVICE_LABEL, "")


def ready_addresses(endpoint_slice: Manifest) -> list[tuple[str, int]]:
    """The addresses of a slice that take connections, each with the slice's first port."""
    ports = [port["port"] for port in endpoint_slice.get("ports") or () if port.get("port")]
    if not ports:
        return []
    return [
        (address, ports[0])
        for endpoint in endpoint_slice.get("endpoints") or ()
        if endpoint.get("conditions", {}).get("ready", True)
        for address in endpoint["addresses"]
    ]
