"""Agents and Channels as people ask about them."""

from __future__ import annotations

from typing import Any

import pytest

from lmos.apps.overview import agent_summaries, channel_summary, usage_of

READY: dict[str, Any] = {"type": "Ready", "status": "True", "reason": "Ready"}


def manifest(name: str, *conditions: dict[str, Any], **content: Any) -> dict[str, Any]:
    metadata = {
        "name": name,
        "namespace": "default",
        "generation": 2,
        "labels": {"tenant": "acme", "channel": "web"},
    }
    return {"metadata": metadata, "spec": {}, "status": {"conditions": list(conditions)}, **content}


def workload(ready: int, *conditions: dict[str, Any], wanted: int = 1) -> dict[str, Any]:
    status = {"readyReplicas": ready, "conditions": list(conditions)}
    return manifest("billing", spec={"replicas": wanted}, status=status)


def failing(condition: str, message: str) -> dict[str, Any]:
    return {"type": condition, "status": "False", "reason": "Why", "message": message}


@pytest.mark.parametrize(
    ("agent", "deployment", "state", "message"),
    [
        (manifest("billing", READY), workload(1), "ready", ""),
        (manifest("billing", READY), workload(1, wanted=2), "starting", ""),
        (None, workload(0), "starting", ""),
        (None, workload(1), "starting", "It answers, but has not been discovered yet."),
        (None, workload(0, failing("Progressing", "It exited.")), "failed", "It exited."),
        (
            manifest("billing", READY),
            workload(1, failing("Progressing", "New exited.")),
            "failed",
            "New exited.",
        ),
        (manifest("billing", failing("Discovered", "No card.")), workload(1), "failed", "No card."),
        (manifest("billing", READY), None, "external", ""),
        (manifest("billing", failing("Accepted", "Bad version.")), None, "failed", "Bad version."),
    ],
)
def test_the_state_of_an_agent_is_that_of_its_processes_and_conditions(
    agent: dict[str, Any] | None, deployment: dict[str, Any] | None, state: str, message: str
) -> None:
    (found,) = agent_summaries([agent] if agent else [], [], [deployment] if deployment else [])

    assert (found["name"], found["state"], found["message"]) == ("billing", state, message)


def test_an_agent_names_what_it_can_do_and_where_it_serves() -> None:
    agent = manifest("billing", spec={"providedCapabilities": [{"name": "view-bill", "version": "1.0.0"}]})
    routings = [
        manifest("acme-web", spec={"capabilityGroups": [{"name": "billing"}]}),
        manifest("acme-ivr", spec={"capabilityGroups": [{"name": "roaming"}]}),
    ]
    (found,) = agent_summaries([agent], routings, [])

    assert found["capabilities"] == ["view-bill 1.0.0"]
    assert found["channels"] == ["acme-web"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"resolveStatus": "RESOLVED", "observedGeneration": 2}, "RESOLVED"),
        ({"resolveStatus": "RESOLVED", "observedGeneration": 1}, "UNKNOWN"),
        ({}, "UNKNOWN"),
    ],
)
def test_a_channel_is_resolved_once_somebody_has_looked_at_it_as_it_is(
    status: dict[str, Any], said: str
) -> None:
    summary = channel_summary(manifest("acme-web", status=status))

    assert (summary["tenant"], summary["channel"], summary["resolveStatus"]) == ("acme", "web", said)


def test_a_channel_says_what_it_lacks() -> None:
    status = {
        "resolveStatus": "UNRESOLVED",
        "observedGeneration": 2,
        "conditions": [failing("Resolved", "view-bill is missing.")],
    }

    assert channel_summary(manifest("acme-web", status=status))["message"] == "view-bill is missing."


def test_what_the_pods_of_an_agent_use_is_added_up() -> None:
    def pod(app: str, cpu: str, memory: str) -> dict[str, Any]:
        usage = [{"name": "agent", "usage": {"cpu": cpu, "memory": memory}}]
        return {"metadata": {"namespace": "default", "labels": {"app": app}}, "containers": usage}

    billing = manifest("billing", spec={"selector": {"matchLabels": {"app": "billing"}}})
    weather = manifest("weather", spec={"selector": {"matchLabels": {"app": "weather"}}})
    metrics = [
        pod("billing", "250m", "48Mi"),
        pod("billing", "250000000n", "1024Ki"),
        pod("other", "1", "1Gi"),
    ]

    used = usage_of([billing, weather], metrics)
    assert used == {("default", "billing"): {"cpu": 0.5, "memory": 49 * 1024 * 1024}}
