"""What the node says of its processes: a Deployment's status and the EndpointSlices of its Services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmos.core.resources.slices import DEPLOYMENT_LABEL, LOCAL_NODE, MANAGED_BY_LABEL, SERVICE_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from lmos.core.resources.kinds import Manifest


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """One process as the node sees it."""

    name: str
    is_current: bool
    is_ready: bool
    port: int | None
    failure: str = ""


def deployment_status(
    deployment: Manifest, replicas: Sequence[ReplicaState], problem: str = ""
) -> dict[str, Any]:
    """The status that says how many processes run and answer; conditions carry no timestamps yet."""
    wanted = int(deployment["spec"].get("replicas", 1))
    ready = sum(replica.is_ready for replica in replicas)
    updated = sum(replica.is_current for replica in replicas)
    failures = [f"{replica.name}: {replica.failure}" for replica in replicas if replica.failure]
    is_available = ready >= wanted and not problem
    if problem:
        progressing = ("False", "UnrunnableDeployment", problem)
    elif failures:
        progressing = ("False", "ProcessFailed", " ".join(failures))
    elif is_available and updated == len(replicas) == wanted:
        progressing = ("True", "NewReplicaSetAvailable", "All processes answer.")
    else:
        progressing = ("True", "ReplicaSetUpdated", f"{ready} of {wanted} processes answer.")
    available = (
        ("True", "MinimumReplicasAvailable", "Enough processes answer.")
        if is_available
        else ("False", "MinimumReplicasUnavailable", f"{ready} of {wanted} processes answer.")
    )
    return {
        "observedGeneration": deployment["metadata"].get("generation", 1),
        "replicas": len(replicas),
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(wanted - ready, 0),
        "conditions": [
            {"type": name, "status": status, "reason": reason, "message": message}
            for name, (status, reason, message) in (("Available", available), ("Progressing", progressing))
        ],
    }


def selects(service: Manifest, deployment: Manifest) -> bool:
    """Whether the Service's selector, which must not be empty, matches the Deployment's pods."""
    selector = service["spec"].get("selector") or {}
    labels = deployment["spec"]["template"].get("metadata", {}).get("labels", {})
    return bool(selector) and selector.items() <= labels.items()


def with_times(status: dict[str, Any], previous: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The status with a transition time on each condition: the old one where its answer is the same."""
    before = {condition["type"]: condition for condition in previous.get("conditions", ())}

    def timed(condition: dict[str, Any]) -> dict[str, Any]:
        old = before.get(condition["type"], {})
        same = old.get("status") == condition["status"]
        moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        return condition | {"lastTransitionTime": old.get("lastTransitionTime", moment) if same else moment}

    return status | {"conditions": [timed(condition) for condition in status["conditions"]]}


def endpoint_slices(
    service: Manifest, deployment: Manifest, replicas: Iterable[ReplicaState]
) -> list[Manifest]:
    """
    The addresses of `service`: an EndpointSlice for each process of `deployment` that answers.

    A slice holds one set of ports for all its addresses, and each process has a port of its own.
    """
    metadata = service["metadata"]
    return [
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{metadata['name']}-{replica.name}",
                "namespace": metadata["namespace"],
                "labels": {
                    SERVICE_LABEL: metadata["name"],
                    MANAGED_BY_LABEL: LOCAL_NODE,
                    DEPLOYMENT_LABEL: deployment["metadata"]["name"],
                },
                "ownerReferences": [
                    {
                        "apiVersion": "v1",
                        "kind": "Service",
                        "name": metadata["name"],
                        "uid": metadata["uid"],
                        "controller": True,
                        "blockOwnerDeletion": True,
                    }
                ],
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
            "ports": [
                {"name": port.get("name", ""), "port": replica.port, "protocol": "TCP"}
                for port in service["spec"].get("ports", [])
            ],
        }
        for replica in replicas
        if replica.is_ready and replica.port is not None
    ]
