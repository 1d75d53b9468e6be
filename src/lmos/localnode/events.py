"""Events: why a Pod is not well, for `kubectl describe`, which shows no other reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.core.resources.kinds import EVENT, POD
from lmos.core.resources.slices import LOCAL_NODE
from lmos.core.resources.timestamps import timestamp
from lmos.localnode.pod_status import CREATING, NOT_ANSWERING
from lmos.localnode.references import reference_to

if TYPE_CHECKING:
    from datetime import datetime

    from lmos.core.resources.kinds import Manifest
    from lmos.localnode.pod_status import PodState


def event_of(pod: Manifest, state: PodState, now: datetime) -> Manifest | None:
    """
    What is wrong with a Pod, None where nothing is.

    A Pod has one Event for each reason, which counts; they go with the Pod.
    """
    reason, message = (NOT_ANSWERING, state.complaint) if state.started_at else state.waiting
    if not message or reason == CREATING:
        return None
    metadata, stamp = pod["metadata"], timestamp(now)
    about = reference_to(POD, pod)
    return {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.kind,
        "metadata": {
            "name": f"{metadata['name']}.{reason.lower()}",
            "namespace": metadata["namespace"],
            "ownerReferences": [about],
        },
        "involvedObject": about | {"namespace": metadata["namespace"]},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "count": state.restarts + 1,
        "firstTimestamp": metadata.get("creationTimestamp", stamp),
        "lastTimestamp": stamp,
        "source": {"component": LOCAL_NODE},
    }
