"""A Pod's status: what its process does, in the words of Kubernetes. Functions of values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from lmos.core.resources.conditions import Status, conditions_after
from lmos.core.resources.timestamps import timestamp
from lmos.localnode.configuration import LOOPBACK

if TYPE_CHECKING:
    from lmos.core.resources.kinds import Manifest

_SIGNALLED = 128
_LOST = 255
NOT_ANSWERING = "NotAnswering"
CREATING = "ContainerCreating"
CRASHED = "CrashLoopBackOff"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended; `exit_code` is 128 + n after signal n."""

    exit_code: int
    reason: str
    message: str
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class PodState:
    """
    What is known of a Pod's process.

    Attributes:
        port: Where it listens, while it runs.
        started_at: When the present process was started, None while there is none.
        complaint: Why a running process is not ready, once that is worth saying.
        waiting: Why there is none, as a word and a sentence.
        last: How the process before ended.
        is_over: Nothing will be started again.
        restarts: Processes before the present one.
    """

    port: int | None = None
    started_at: datetime | None = None
    is_ready: bool = False
    complaint: str = ""
    waiting: tuple[str, str] = (CREATING, "")
    last: Ended | None = None
    is_over: bool = False
    restarts: int = 0

    @property
    def phase(self) -> Literal["Pending", "Running", "Succeeded", "Failed"]:
        """The Pod's phase."""
        if self.is_over:
            return "Failed" if self.last and self.last.exit_code else "Succeeded"
        return "Running" if self.started_at or self.last else "Pending"


def ended(status: int, message: str, started_at: datetime, finished_at: datetime) -> Ended:
    """
    How a process ended.

    Args:
        status: Its exit status; negative for the signal that ended it.
        message: Its last words.
        started_at: When it was started.
        finished_at: When it ended.
    """
    code = _SIGNALLED - status if status < 0 else status
    return Ended(code, "Error" if code else "Completed", message, started_at, finished_at)


def state_after_restart(pod: Manifest, now: datetime) -> PodState:
    """What is known of a Pod when this node starts: a process that ran before is gone with the node."""
    status = pod.get("status") or {}
    (before, *_) = status.get("containerStatuses") or [{}]
    restarts = int(before.get("restartCount", 0))
    if running := before.get("state", {}).get("running"):
        started_at = datetime.fromisoformat(running["startedAt"])
        last = Ended(_LOST, "Unknown", "The local node was stopped.", started_at, now)
        return PodState(last=last, restarts=restarts)
    if terminated := before.get("lastState", {}).get("terminated"):
        return PodState(last=_ended_of(terminated), restarts=restarts)
    return PodState(restarts=restarts)


def pod_status(pod: Manifest, state: PodState, now: datetime) -> dict[str, Any]:
    """The status to write."""
    container = (pod["spec"].get("containers") or [{}])[0]
    previous = pod.get("status") or {}
    is_running = state.started_at is not None
    readiness = ("Answering", "") if state.is_ready else ("ContainersNotReady", "")
    if state.complaint and not state.is_ready:
        readiness = (NOT_ANSWERING, state.complaint)
    ready: Status = "True" if state.is_ready else "False"
    said: tuple[tuple[str, Status, str, str], ...] = (
        ("PodScheduled", "True", "Scheduled", ""),
        ("Initialized", "True", "NothingToInitialize", ""),
        ("ContainersReady", ready, *readiness),
        ("Ready", ready, *readiness),
    )
    return {
        "phase": state.phase,
        "startTime": previous.get("startTime") or timestamp(now),
        "hostIP": LOOPBACK,
        "podIP": LOOPBACK,
        "podIPs": [{"ip": LOOPBACK}],
        "conditions": conditions_after(previous.get("conditions") or (), said, now),
        "containerStatuses": [
            {
                "name": container.get("name", ""),
                "image": container.get("image", ""),
                "imageID": "",
                "ready": state.is_ready,
                "started": is_running,
                "restartCount": state.restarts,
                "state": _container_state(state),
                "lastState": {"terminated": _terminated(state.last)}
                if state.last and not state.is_over
                else {},
            }
        ],
    }


def is_ready(pod: Manifest) -> bool:
    """Whether a Pod answers and is not on its way out."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return not is_leaving(pod) and any(
        each["type"] == "Ready" and each["status"] == "True" for each in conditions
    )


def is_leaving(pod: Manifest) -> bool:
    """Whether a Pod is being deleted, or has run to its end."""
    phase = (pod.get("status") or {}).get("phase")
    return "deletionTimestamp" in pod["metadata"] or phase in ("Succeeded", "Failed")


def complaint_of(pod: Manifest) -> str:
    """Why a Pod is not well, empty where nothing is known to be wrong."""
    status = pod.get("status") or {}
    for container in status.get("containerStatuses") or ():
        waiting = container.get("state", {}).get("waiting")
        if waiting and waiting.get("reason") != CREATING:
            return str(waiting.get("message", ""))
    for condition in status.get("conditions") or ():
        if condition["type"] == "Ready" and condition.get("reason") == NOT_ANSWERING:
            return str(condition.get("message", ""))
    return ""


def _container_state(state: PodState) -> dict[str, Any]:
    if state.is_over and state.last:
        return {"terminated": _terminated(state.last)}
    if state.started_at:
        return {"running": {"startedAt": timestamp(state.started_at)}}
    reason, message = state.waiting
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def _terminated(end: Ended) -> dict[str, Any]:
    return {
        "exitCode": end.exit_code,
        "reason": end.reason,
        "startedAt": timestamp(end.started_at),
        "finishedAt": timestamp(end.finished_at),
        **({"message": end.message} if end.message else {}),
    }


def _ended_of(terminated: dict[str, Any]) -> Ended:
    started_at, finished_at = (
        datetime.fromisoformat(terminated[name]) for name in ("startedAt", "finishedAt")
    )
    return Ended(
        terminated["exitCode"], terminated["reason"], terminated.get("message", ""), started_at, finished_at
    )
