"""The addresses of Services: an EndpointSlice for each Pod that answers."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from lmos.core.resources.kinds import ENDPOINT_SLICE, SERVICE
from lmos.core.resources.labels import selects
from lmos.core.resources.slices import LOCAL_NODE, MANAGED_BY_LABEL, SERVICE_LABEL, service_of
from lmos.core.resources.workload import PORT
from lmos.localnode.configuration import LOOPBACK
from lmos.localnode.pod_status import is_ready
from lmos.localnode.references import controller_reference
from lmos.ports.cluster import ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lmos.core.resources.kinds import Manifest
    from lmos.ports.cluster import Cluster
    from lmos.ports.informer import Informer, Key


def stands_for(service: Manifest, pod: Manifest) -> bool:
    """Whether the Service's selector matches the Pod."""
    labels = pod["metadata"].get("labels") or {}
    is_near = service["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return is_near and selects(service["spec"].get("selector") or {}, labels)


def endpoint_slices(service: Manifest, pods: Iterable[Manifest]) -> list[Manifest]:
    """
    The slices of a Service, one a Pod that answers.

    A slice holds one set of ports for all its addresses, and each process has a port of its own.
    """
    metadata = service["metadata"]
    return [
        {
            "apiVersion": ENDPOINT_SLICE.api_version,
            "kind": ENDPOINT_SLICE.kind,
            "metadata": {
                "name": f"{metadata['name']}-{pod['metadata']['name']}",
                "namespace": metadata["namespace"],
                "labels": {SERVICE_LABEL: metadata["name"], MANAGED_BY_LABEL: LOCAL_NODE},
                "ownerReferences": [controller_reference(SERVICE, service)],
            },
            "addressType": "IPv4",
            "endpoints": [
                {
                    "addresses": [LOOPBACK],
                    "conditions": {"ready": True},
                    "nodeName": LOCAL_NODE,
                    "targetRef": {
                        "kind": "Pod",
                        "namespace": metadata["namespace"],
                        "name": pod["metadata"]["name"],
                        "uid": pod["metadata"]["uid"],
                    },
                }
            ],
            "ports": [
                {"name": port.get("name", ""), "port": int(listening), "protocol": "TCP"}
                for port in service["spec"].get("ports") or ()
            ],
        }
        for pod in pods
        if stands_for(service, pod)
        and is_ready(pod)
        and (listening := (pod["metadata"].get("annotations") or {}).get(PORT))
    ]


class SlicePublisher:
    """Keeps the slices of each Service equal to what its Pods say."""

    def __init__(self, cluster: Cluster, services: Informer, pods: Informer, slices: Informer) -> None:
        self._cluster = cluster
        self._services = services
        self._pods = pods
        self._slices = slices

    async def publish(self, key: Key) -> None:
        """Write the slices of one Service that changed, and delete those that lead nowhere."""
        service = self._services.get(*key)
        wanted = endpoint_slices(service, self._pods.within(key.namespace)) if service else []
        published = {
            item["metadata"]["name"]: item
            for item in self._slices.within(key.namespace)
            if service_of(item) == key
        }
        for item in wanted:
            before = published.pop(item["metadata"]["name"], None)
            if before is None or _content(before) != _content(item):
                self._slices.learn(await self._cluster.apply(item, ENDPOINT_SLICE, manager=LOCAL_NODE))
        for name in published:
            with contextlib.suppress(ObjectNotFound):
                await self._cluster.delete(ENDPOINT_SLICE, name, key.namespace)


def _content(item: Manifest) -> tuple[Any, ...]:
    return item["endpoints"], item["ports"], item["metadata"].get("ownerReferences")
