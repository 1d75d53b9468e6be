"""A Pod's status in the words of Kubernetes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lmos.localnode.events import event_of
from lmos.localnode.pod_status import (
    CRASHED,
    PodState,
    complaint_of,
    ended,
    is_ready,
    pod_status,
    state_after_restart,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
CRASH = ended(3, "The process exited with status 3.", NOW, LATER)
RUNNING = PodState(port=4711, started_at=NOW)


def pod(state: PodState | None = None, **status: Any) -> dict[str, Any]:
    manifest = {
        "metadata": {"name": "billing-1", "namespace": "default"},
        "spec": {"containers": [{"name": "agent", "image": "billing:1"}]},
        "status": status,
    }
    return manifest | {"status": pod_status(manifest, state, NOW)} if state else manifest


@pytest.mark.parametrize(
    ("state", "phase", "container"),
    [
        (PodState(), "Pending", {"waiting": {"reason": "ContainerCreating"}}),
        (
            PodState(waiting=("CreateContainerConfigError", "gone")),
            "Pending",
            {"waiting": {"reason": "CreateContainerConfigError", "message": "gone"}},
        ),
        (RUNNING, "Running", {"running": {"startedAt": "2026-01-01T00:00:00Z"}}),
        (
            PodState(last=CRASH, waiting=(CRASHED, "again soon")),
            "Running",
            {"waiting": {"reason": "CrashLoopBackOff", "message": "again soon"}},
        ),
    ],
)
def test_a_process_is_waiting_or_running(state: PodState, phase: str, container: dict[str, Any]) -> None:
    status = pod_status(pod(), state, NOW)

    assert status["phase"] == phase
    assert status["containerStatuses"][0]["state"] == container


def test_how_the_last_process_ended_is_told() -> None:
    (container,) = pod_status(pod(), replace(RUNNING, last=CRASH, restarts=1), NOW)["containerStatuses"]

    assert container["restartCount"] == 1
    assert container["lastState"]["terminated"] == {
        "exitCode": 3,
        "reason": "Error",
        "message": "The process exited with status 3.",
        "startedAt": "2026-01-01T00:00:00Z",
        "finishedAt": "2026-01-01T00:05:00Z",
    }


@pytest.mark.parametrize(
    ("status", "phase", "code", "reason"),
    [(0, "Succeeded", 0, "Completed"), (1, "Failed", 1, "Error"), (-9, "Failed", 137, "Error")],
)
def test_a_pod_that_is_over_has_succeeded_or_failed(status: int, phase: str, code: int, reason: str) -> None:
    state = PodState(last=ended(status, "", NOW, NOW), is_over=True)
    found = pod_status(pod(), state, NOW)
    terminated = found["containerStatuses"][0]["state"]["terminated"]

    assert (found["phase"], terminated["exitCode"], terminated["reason"]) == (phase, code, reason)


def test_a_condition_keeps_its_time_while_its_answer_stays() -> None:
    first = pod(RUNNING)
    second = pod_status(first, replace(RUNNING, complaint="Port 4711 is silent."), LATER)
    third = pod_status(first | {"status": second}, replace(RUNNING, is_ready=True), LATER)
    times = [
        {each["type"]: each["lastTransitionTime"] for each in status["conditions"]}["Ready"]
        for status in (first["status"], second, third)
    ]

    assert times == ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"]


def test_readiness_and_complaints_are_read_from_the_status() -> None:
    assert is_ready(pod(replace(RUNNING, is_ready=True)))
    assert not is_ready(pod(RUNNING))
    assert complaint_of(pod(RUNNING)) == ""
    assert complaint_of(pod(PodState())) == ""
    assert complaint_of(pod(replace(RUNNING, complaint="Port 4711 is silent."))) == "Port 4711 is silent."
    assert complaint_of(pod(PodState(waiting=("UnrunnablePod", "no command")))) == "no command"


def test_a_node_that_starts_again_knows_that_its_processes_are_gone() -> None:
    ran = state_after_restart(pod(replace(RUNNING, restarts=2)), LATER)
    crashed = state_after_restart(
        pod(replace(PodState(waiting=(CRASHED, "")), last=CRASH, restarts=4)), LATER
    )

    assert ran.last is not None
    assert (ran.last.reason, ran.last.started_at, ran.restarts) == ("Unknown", NOW, 2)
    assert (crashed.last, crashed.restarts) == (CRASH, 4)
    assert state_after_restart(pod(), NOW) == PodState()


def test_why_a_pod_is_not_well_is_an_event_of_it() -> None:
    manifest = pod()
    manifest["metadata"]["uid"] = "u-1"
    crashed = PodState(last=CRASH, waiting=(CRASHED, "It exited."), restarts=2)
    event = event_of(manifest, crashed, LATER)

    assert event is not None
    assert event["metadata"]["name"] == "billing-1.crashloopbackoff"
    assert (event["reason"], event["message"], event["count"]) == ("CrashLoopBackOff", "It exited.", 3)
    assert event["involvedObject"]["uid"] == "u-1"
    assert event_of(manifest, PodState(), LATER) is None
    assert event_of(manifest, RUNNING, LATER) is None
