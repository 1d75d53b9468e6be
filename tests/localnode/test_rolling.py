"""Rolling updates: which Pods a Deployment is to have next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.localnode.pod_status import is_ready
from lmos.localnode.rolling import deployment_status, next_step, pod_of, revision_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def deployment(replicas: int = 1, command: str = "new", **spec: Any) -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"app": "billing"}},
        "spec": {"containers": [{"name": "a", "command": [command]}]},
    }
    return {
        "metadata": {"name": "billing", "namespace": "default", "uid": "d-1", "generation": 1},
        "spec": {"replicas": replicas, "template": template, **spec},
    }


def pods(states: str, command: str = "new") -> list[dict[str, Any]]:
    """One Pod a letter: r ready, s starting, l leaving, c crashing."""
    return [pod(state, f"{command}-{number}", command) for number, state in enumerate(states)]


def pod(state: str, name: str, command: str) -> dict[str, Any]:
    made = pod_of(deployment(command=command))
    metadata = made["metadata"] | {"name": name, "uid": name}
    if state == "l":
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "it crashed"}} if state == "c" else {}
    ready = {"type": "Ready", "status": "True" if state in "rl" else "False", "reason": "x"}
    status = {"conditions": [ready], "containerStatuses": [{"state": waiting}]}
    return {**made, "metadata": metadata, "status": status}


@pytest.mark.parametrize(
    ("replicas", "new", "old", "create", "delete"),
    [
        (2, "", "", 2, []),
        (2, "rr", "", 0, []),
        (1, "rr", "", 0, ["new-0"]),
        (1, "sr", "", 0, ["new-0"]),
        (0, "r", "", 0, ["new-0"]),
        # One new Pod beside the old one, which goes when the new one answers.
        (1, "", "r", 1, []),
        (1, "s", "r", 0, []),
        (1, "r", "r", 0, ["old-0"]),
        # An old one that never answered does not hold a place.
        (1, "r", "s", 0, ["old-0"]),
        # A quarter more, rounded up; never fewer ready than there were.
        (4, "", "rrrr", 1, ["old-0"]),
        (4, "s", "rrr", 1, []),
        (4, "rr", "rr", 1, ["old-0"]),
        # One that leaves counts no more.
        (1, "l", "", 1, []),
        (1, "c", "r", 0, []),
    ],
)
def test_a_template_is_replaced_step_by_step(
    replicas: int, new: str, old: str, create: int, delete: list[str]
) -> None:
    step = next_step(deployment(replicas), [*pods(new), *pods(old, "old")])

    assert step.create == create
    assert [gone["metadata"]["name"] for gone in step.delete] == delete


def test_recreate_ends_the_old_ones_before_it_starts_new_ones() -> None:
    recreated = deployment(2, strategy={"type": "Recreate"})

    first = next_step(recreated, pods("rr", "old"))
    assert (first.create, len(first.delete)) == (0, 2)
    assert next_step(recreated, pods("ll", "old")).create == 0
    assert next_step(recreated, []).create == 2


def test_a_paused_deployment_keeps_its_old_pods() -> None:
    step = next_step(deployment(2, paused=True), pods("rr", "old"))

    assert (step.create, step.delete) == (0, ())


@given(
    replicas=st.integers(0, 6),
    old=st.integers(0, 6),
    surge=st.sampled_from([0, 1, 3, "25%", "100%"]),
    unavailable=st.sampled_from([0, 1, 2, "25%", "50%"]),
    data=st.data(),
)
def test_every_rollout_ends_and_never_serves_with_fewer_than_promised(
    replicas: int, old: int, surge: int | str, unavailable: int | str, data: st.DataObject
) -> None:
    rolling = {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    wanted = deployment(replicas, strategy=rolling)
    present = pods("r" * min(old, replicas), "old")
    least = sum(map(is_ready, present))
    promised = least - (3 if isinstance(unavailable, str) else max(unavailable, 1))
    for turn in range(60):
        step = next_step(wanted, present)
        gone = [each["metadata"]["uid"] for each in step.delete]
        present = [each for each in present if each["metadata"]["uid"] not in gone]
        assert sum(map(is_ready, present)) >= min(promised, replicas)
        present += [pod("s", f"{turn}-{n}", "new") for n in range(step.create)]
        starting = [each for each in present if not is_ready(each)]
        for each in starting[: data.draw(st.integers(1, 3))]:
            each["status"]["conditions"][0]["status"] = "True"
        if not (step.create or step.delete or starting):
            break

    assert len(present) == replicas
    assert {each["metadata"]["labels"]["pod-template-hash"] for each in present} <= {revision_of(wanted)}


def test_the_revision_changes_with_the_template_and_not_with_the_number_of_replicas() -> None:
    assert revision_of(deployment(1)) == revision_of(deployment(5))
    assert revision_of(deployment(command="a")) != revision_of(deployment(command="b"))


def test_the_status_counts_pods_and_says_what_is_wrong_once() -> None:
    status = deployment_status(deployment(3), [*pods("rcc"), *pods("rl", "old")], NOW)

    counts = {key: value for key, value in status.items() if key.endswith("eplicas")}
    assert counts == {
        "replicas": 4,
        "updatedReplicas": 3,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "unavailableReplicas": 2,
    }
    progressing = {each["type"]: each for each in status["conditions"]}["Progressing"]
    assert (progressing["status"], progressing["reason"]) == ("False", "ProcessFailed")
    assert progressing["message"].count("it crashed") == 1


@pytest.mark.parametrize(
    ("new", "old", "available", "reason"),
    [
        ("rr", "", "True", "NewReplicaSetAvailable"),
        ("rs", "", "False", "ReplicaSetUpdated"),
        ("r", "r", "True", "ReplicaSetUpdated"),
    ],
)
def test_conditions_say_how_far_it_has_come(new: str, old: str, available: str, reason: str) -> None:
    status = deployment_status(deployment(2), [*pods(new), *pods(old, "old")], NOW)
    conditions = {each["type"]: each for each in status["conditions"]}

    assert conditions["Available"]["status"] == available
    assert conditions["Progressing"]["reason"] == reason
