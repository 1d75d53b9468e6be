"""Rolling updates: which Pods a Deployment is to have next. Functions of manifests."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmos.core.resources.conditions import conditions_after
from lmos.core.resources.kinds import DEPLOYMENT, POD
from lmos.core.resources.workload import DIRECTORY
from lmos.localnode.pod_status import complaint_of, is_leaving, is_ready
from lmos.localnode.references import controller_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from lmos.core.resources.conditions import Status
    from lmos.core.resources.kinds import Manifest

REVISION_LABEL = "pod-template-hash"


@dataclass(frozen=True, slots=True)
class Step:
    """How many Pods of the present template to create, and which Pods to delete."""

    create: int = 0
    delete: tuple[Manifest, ...] = ()


def next_step(deployment: Manifest, pods: Sequence[Manifest]) -> Step:
    """
    What brings the Deployment closer to its template and number, without a gap in service.

    Args:
        deployment: Its manifest.
        pods: All Pods that it owns.

    Source:
        Kubernetes, `Deployment.spec.strategy`: at most `maxSurge` Pods beyond the number, at least the
        number less `maxUnavailable` of them ready.
    """
    wanted, revision = int(deployment["spec"].get("replicas", 1)), revision_of(deployment)
    present = [pod for pod in pods if not is_leaving(pod)]
    new = [pod for pod in present if _revision(pod) == revision]
    old = [pod for pod in present if pod not in new]
    if old and deployment["spec"].get("paused"):
        return Step()
    surplus = _least_useful(new)[: max(len(new) - wanted, 0)]
    if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
        leaving_old = [pod for pod in pods if _revision(pod) != revision]
        return Step(0 if leaving_old else max(wanted - len(new), 0), (*surplus, *old))
    surge, unavailable = _margins(deployment, wanted)
    ready_new = sum(map(is_ready, new))
    ready_old = [pod for pod in old if is_ready(pod)]
    unready_old = [pod for pod in old if pod not in ready_old]
    # Those that do not answer yet may not be taken for those that do.
    spare = max(len(present) - (wanted - unavailable) - (len(new) - ready_new), 0)
    unready_old = unready_old[:spare]
    ready_spare = max(len(ready_old) + ready_new - (wanted - unavailable), 0)
    ready_old = ready_old[: min(ready_spare, spare - len(unready_old))]
    create = max(min(wanted - len(new), wanted + surge - len(present)), 0)
    return Step(create, (*surplus, *unready_old, *ready_old))


def pod_of(deployment: Manifest) -> Manifest:
    """A new Pod of the Deployment's template."""
    metadata, template = deployment["metadata"], deployment["spec"]["template"]
    revision = revision_of(deployment)
    said = template.get("metadata") or {}
    directory = (metadata.get("annotations") or {}).get(DIRECTORY)
    return {
        "apiVersion": POD.api_version,
        "kind": POD.kind,
        "metadata": {
            "generateName": f"{metadata['name']}-{revision}-",
            "namespace": metadata["namespace"],
            "labels": {**(said.get("labels") or {}), REVISION_LABEL: revision},
            "annotations": (said.get("annotations") or {}) | ({DIRECTORY: directory} if directory else {}),
            "ownerReferences": [controller_reference(DEPLOYMENT, deployment)],
        },
        "spec": template["spec"],
    }


def revision_of(deployment: Manifest) -> str:
    """Changes when the template changes, or the folder in which its command is run."""
    directory = (deployment["metadata"].get("annotations") or {}).get(DIRECTORY)
    template = json.dumps([deployment["spec"]["template"], directory], sort_keys=True)
    return hashlib.sha256(template.encode()).hexdigest()[:10]


def deployment_status(deployment: Manifest, pods: Iterable[Manifest], now: datetime) -> dict[str, Any]:
    """How far the Deployment has come."""
    wanted, revision = int(deployment["spec"].get("replicas", 1)), revision_of(deployment)
    present = [pod for pod in pods if not is_leaving(pod)]
    ready = sum(map(is_ready, present))
    updated = sum(_revision(pod) == revision for pod in present)
    complaints = {complaint: pod for pod in reversed(present) if (complaint := complaint_of(pod))}
    answering = f"{ready} of {wanted} processes answer."
    progressing: tuple[str, Status, str, str]
    if complaints:
        said = " ".join(f"{pod['metadata']['name']}: {complaint}" for complaint, pod in complaints.items())
        progressing = ("Progressing", "False", "ProcessFailed", said)
    elif ready >= wanted and updated == len(present) == wanted:
        progressing = ("Progressing", "True", "NewReplicaSetAvailable", "All processes answer.")
    else:
        progressing = ("Progressing", "True", "ReplicaSetUpdated", answering)
    available: tuple[str, Status, str, str] = (
        ("Available", "True", "MinimumReplicasAvailable", "Enough processes answer.")
        if ready >= wanted - _margins(deployment, wanted)[1]
        else ("Available", "False", "MinimumReplicasUnavailable", answering)
    )
    previous = (deployment.get("status") or {}).get("conditions") or ()
    return {
        "observedGeneration": deployment["metadata"].get("generation", 1),
        "replicas": len(present),
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(len(present), wanted) - ready,
        "conditions": conditions_after(previous, (available, progressing), now),
    }


def _revision(pod: Manifest) -> str:
    return str((pod["metadata"].get("labels") or {}).get(REVISION_LABEL, ""))


def _least_useful(pods: Iterable[Manifest]) -> list[Manifest]:
    """Those that do not answer come first, then the youngest."""
    youngest_first = sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True)
    return sorted(youngest_first, key=is_ready)


def _margins(deployment: Manifest, wanted: int) -> tuple[int, int]:
    """`maxSurge` and `maxUnavailable` in Pods."""
    said = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    surge = _share(said.get("maxSurge", "25%"), wanted, math.ceil)
    unavailable = _share(said.get("maxUnavailable", "25%"), wanted, math.floor)
    # Nothing could move otherwise.
    return (surge, unavailable) if surge or unavailable else (0, 1)


def _share(amount: str | int, wanted: int, rounded: Callable[[float], int]) -> int:
    if isinstance(amount, int):
        return amount
    return rounded(int(amount.removesuffix("%")) * wanted / 100)
