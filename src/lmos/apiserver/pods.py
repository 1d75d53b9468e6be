"""What a Pod is beyond its schema: the time it gets to end, what may change of it, its cells in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.apiserver.status import Cause
from lmos.apiserver.tables import age

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lmos.core.resources.kinds import Manifest

_ENDED = ("Succeeded", "Failed")
_CONTAINERS = ("containers", "initContainers")
_FREE = frozenset({"activeDeadlineSeconds", "tolerations"})
_FORBIDDEN = (
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
    "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
    "previously negative)"
)


def grace(pod: Manifest, wanted: int | None) -> int:
    """The seconds in which whoever runs the Pod ends it; 0 when nobody runs it."""
    spec = pod["spec"]
    if not spec.get("nodeName") or pod.get("status", {}).get("phase") in _ENDED:
        return 0
    return int(spec["terminationGracePeriodSeconds"]) if wanted is None else wanted


def problems(pod: Manifest, old: Manifest | None) -> Iterator[Cause]:
    """What an update may not change of a Pod."""
    if old is None:
        return
    now, before = pod["spec"], old["spec"]
    for field in _CONTAINERS:
        if len(now.get(field, ())) != len(before.get(field, ())):
            message = "Forbidden: pod updates may not add or remove containers"
            yield Cause(f"spec.{field}", message)
            return
    lost = [item for item in before.get("tolerations", ()) if item not in now.get("tolerations", ())]
    # Kubernetes binds a Pod to its node by the subresource `binding`; here an update names the node, once.
    free = _FREE if before.get("nodeName") else _FREE | {"nodeName"}
    if lost or _fixed(now, free) != _fixed(before, free):
        yield Cause("spec", _FORBIDDEN)


def _fixed(spec: Manifest, free: frozenset[str]) -> Manifest:
    kept = {key: value for key, value in spec.items() if key not in free}
    for field in _CONTAINERS:
        if field in kept:
            kept[field] = [{**container, "image": ""} for container in kept[field]]
    return kept


def ready(pod: Manifest, _now: datetime) -> str:
    """`1/2`: how many of the containers answer."""
    return f"{sum(map(_answers, _containers(pod)))}/{len(pod['spec']['containers'])}"


def status(pod: Manifest, _now: datetime) -> str:
    """The phase, or what stands in its way: `CrashLoopBackOff`, `Error`, `Terminating`."""
    said = pod.get("status", {})
    reason = shown = said.get("reason") or said.get("phase", "")
    for container in reversed(_containers(pod)):
        shown = _trouble(container) or shown
    if shown == "Completed" and any(map(_answers, _containers(pod))):
        shown = "Running" if _is_ready(said) else "NotReady"
    if "deletionTimestamp" in pod["metadata"] and reason == "NodeLost":
        return "Unknown"
    if "deletionTimestamp" in pod["metadata"] and said.get("phase") not in _ENDED:
        return "Terminating"
    return str(shown)


def restarts(pod: Manifest, now: datetime) -> str:
    """`2 (5m ago)`: how often containers were started again, and when the last one had ended."""
    count = sum(container.get("restartCount", 0) for container in _containers(pod))
    ended = [_state(container, "lastState", "terminated").get("finishedAt") for container in _containers(pod)]
    last = max(filter(None, ended), default="")
    return f"{count} ({age(last, now)} ago)" if count and last else str(count)


def readiness_gates(pod: Manifest, _now: datetime) -> str:
    """`1/2`: how many of the conditions that the Pod waits for are true."""
    gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates") or ()]
    conditions = pod.get("status", {}).get("conditions", ())
    met = {item["type"] for item in conditions if item["status"] == "True"}
    return f"{len(met.intersection(gates))}/{len(gates)}" if gates else "<none>"


def _containers(pod: Manifest) -> list[Manifest]:
    return pod.get("status", {}).get("containerStatuses") or []


def _state(container: Manifest, when: str, name: str) -> Manifest:
    return (container.get(when) or {}).get(name) or {}


def _answers(container: Manifest) -> bool:
    return bool(container.get("ready")) and "running" in (container.get("state") or {})


def _trouble(container: Manifest) -> str:
    """Why a container does not run; empty when it does."""
    if waiting := _state(container, "state", "waiting"):
        return str(waiting.get("reason", ""))
    ended = _state(container, "state", "terminated")
    if not ended or ended.get("reason"):
        return str(ended.get("reason", ""))
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _is_ready(status: Manifest) -> bool:
    return any(item["type"] == "Ready" and item["status"] == "True" for item in status.get("conditions", ()))
