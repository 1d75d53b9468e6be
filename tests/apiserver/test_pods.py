"""Pods: the time that they get to end, what may change of them, how they are listed, and what they use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.apiserver.builders import CONFIG_MAPS, TABLE, config_map, created, names, owned_by, patched, pod

if TYPE_CHECKING:
    import httpx2

    from lmos.apiserver import Server
    from lmos.testing.clock import FrozenClock

PODS = "/api/v1/namespaces/default/pods"
METRICS = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods"


async def delete(api: httpx2.AsyncClient, path: str, **options: Any) -> Any:
    response = await api.request("DELETE", path, json=options)
    assert response.status_code == 200, response.text
    return response.json()


async def time_left(api: httpx2.AsyncClient, name: str) -> tuple[str, int] | None:
    """When the Pod is to be gone, and the seconds it got; None when it is gone."""
    response = await api.get(f"{PODS}/{name}")
    if response.status_code == 404:
        return None
    metadata = response.json()["metadata"]
    return metadata["deletionTimestamp"], metadata["deletionGracePeriodSeconds"]


async def test_a_pod_that_runs_gets_time_to_end(api: httpx2.AsyncClient) -> None:
    await created(api, PODS, pod("p", nodeName="here"))

    answer = await delete(api, f"{PODS}/p")

    assert (answer["kind"], answer["metadata"]["generation"]) == ("Pod", 2)
    assert await time_left(api, "p") == ("2026-01-01T00:00:30Z", 30)


async def test_whoever_ended_it_takes_it_away(api: httpx2.AsyncClient) -> None:
    await created(api, PODS, pod("p", nodeName="here"))
    await delete(api, f"{PODS}/p")

    answer = await delete(api, f"{PODS}/p", gracePeriodSeconds=0)

    assert answer["metadata"]["deletionGracePeriodSeconds"] == 0
    assert await time_left(api, "p") is None


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({}, {}, ("2026-01-01T00:00:30Z", 30)),
        ({"gracePeriodSeconds": 7}, {}, ("2026-01-01T00:00:07Z", 7)),
        ({}, {"gracePeriodSeconds": 10}, ("2026-01-01T00:00:10Z", 10)),
        ({}, {"gracePeriodSeconds": 60}, ("2026-01-01T00:00:30Z", 30)),
        ({"gracePeriodSeconds": -5}, {}, ("2026-01-01T00:00:01Z", 1)),
        ({}, {"gracePeriodSeconds": -5}, ("2026-01-01T00:00:01Z", 1)),
    ],
)
async def test_time_that_runs_can_be_shortened_and_never_extended(
    api: httpx2.AsyncClient, clock: FrozenClock, first: Any, second: Any, expected: Any
) -> None:
    await created(api, PODS, pod("p", nodeName="here"))

    await delete(api, f"{PODS}/p", **first)
    clock.advance(3)
    await delete(api, f"{PODS}/p", **second)

    assert await time_left(api, "p") == expected


async def test_the_pod_says_how_much_time_it_wants(api: httpx2.AsyncClient) -> None:
    await created(api, PODS, pod("p", nodeName="here", terminationGracePeriodSeconds=5))

    await api.delete(f"{PODS}/p")

    assert await time_left(api, "p") == ("2026-01-01T00:00:05Z", 5)


async def test_the_time_may_come_in_the_query(api: httpx2.AsyncClient) -> None:
    await created(api, PODS, pod("p", nodeName="here"))

    await api.delete(f"{PODS}/p", params={"gracePeriodSeconds": "7"})

    assert await time_left(api, "p") == ("2026-01-01T00:00:07Z", 7)


@pytest.mark.parametrize("seconds", ["x", 1.5, "9" * 30, {}])
async def test_a_time_that_is_none_deletes_nothing(api: httpx2.AsyncClient, seconds: Any) -> None:
    await created(api, PODS, pod("p"))

    response = await api.request("DELETE", f"{PODS}/p", json={"gracePeriodSeconds": seconds})

    assert response.status_code == 400
    assert await names(api, PODS) == ["p"]


@pytest.mark.parametrize(
    ("spec", "phase"),
    [
        ({}, "Pending"),
        ({"nodeName": "here"}, "Succeeded"),
        ({"nodeName": "here"}, "Failed"),
        ({"nodeName": "here", "terminationGracePeriodSeconds": 0}, "Running"),
    ],
)
async def test_a_pod_that_nobody_runs_goes_at_once(api: httpx2.AsyncClient, spec: Any, phase: str) -> None:
    await created(api, PODS, pod("p", **spec))
    await patched(api, f"{PODS}/p/status", {"status": {"phase": phase}})

    answer = await delete(api, f"{PODS}/p")

    assert answer["kind"] == "Pod"
    assert await time_left(api, "p") is None


async def test_a_dry_run_shows_the_time_and_lets_it_not_begin(api: httpx2.AsyncClient) -> None:
    await created(api, PODS, pod("p", nodeName="here"))

    answer = await delete(api, f"{PODS}/p", dryRun=["All"])

    assert answer["metadata"]["deletionGracePeriodSeconds"] == 30
    assert "deletionTimestamp" not in (await api.get(f"{PODS}/p")).json()["metadata"]


async def test_a_finalizer_holds_a_pod_beyond_its_time(api: httpx2.AsyncClient) -> None:
    await created(api, PODS, pod("p", metadata={"finalizers": ["shop.test/tidy"]}, nodeName="here"))

    await delete(api, f"{PODS}/p", gracePeriodSeconds=0)
    assert await time_left(api, "p") == ("2026-01-01T00:00:00Z", 0)

    await patched(api, f"{PODS}/p", {"metadata": {"finalizers": None}})
    assert await time_left(api, "p") is None


async def test_a_pod_has_its_time_though_no_finalizer_holds_it(api: httpx2.AsyncClient) -> None:
    await created(api, PODS, pod("p", metadata={"finalizers": ["shop.test/tidy"]}, nodeName="here"))
    await delete(api, f"{PODS}/p")

    await patched(api, f"{PODS}/p", {"metadata": {"finalizers": None}})

    assert await time_left(api, "p") == ("2026-01-01T00:00:30Z", 30)


async def test_deleting_many_gives_each_its_time(api: httpx2.AsyncClient) -> None:
    await created(api, PODS, pod("running", nodeName="here"))
    await created(api, PODS, pod("waiting"))

    answer = await delete(api, PODS, gracePeriodSeconds=4)

    assert [item["metadata"]["name"] for item in answer["items"]] == ["running", "waiting"]
    assert await names(api, PODS) == ["running"]
    assert await time_left(api, "running") == ("2026-01-01T00:00:04Z", 4)


async def test_the_owner_goes_and_its_pods_get_their_time(api: httpx2.AsyncClient) -> None:
    owner = await created(api, CONFIG_MAPS, config_map("owner"))
    await created(api, PODS, pod("p", metadata=owned_by(owner), nodeName="here"))

    await delete(api, f"{CONFIG_MAPS}/owner")

    assert await names(api, CONFIG_MAPS) == []
    assert await time_left(api, "p") == ("2026-01-01T00:00:30Z", 30)


async def test_in_the_foreground_the_owner_waits_for_its_pods(api: httpx2.AsyncClient) -> None:
    owner = await created(api, CONFIG_MAPS, config_map("owner"))
    await created(api, PODS, pod("p", metadata=owned_by(owner, blocks=True), nodeName="here"))

    await delete(api, f"{CONFIG_MAPS}/owner", propagationPolicy="Foreground")
    assert await names(api, CONFIG_MAPS) == ["owner"]

    await delete(api, f"{PODS}/p", gracePeriodSeconds=0)
    assert await names(api, CONFIG_MAPS) == []


async def test_a_namespace_waits_for_its_pods(api: httpx2.AsyncClient) -> None:
    await created(api, "/api/v1/namespaces", {"metadata": {"name": "team"}})
    await created(api, "/api/v1/namespaces/team/pods", pod("p", nodeName="here"))

    await delete(api, "/api/v1/namespaces/team")
    left = (await api.get("/api/v1/namespaces/team/pods/p")).json()["metadata"]
    assert left["deletionGracePeriodSeconds"] == 30

    await delete(api, "/api/v1/namespaces/team/pods/p", gracePeriodSeconds=0)
    assert (await api.get("/api/v1/namespaces/team")).status_code == 404


@pytest.mark.parametrize(
    ("before", "change", "fields"),
    [
        ({}, {"containers": [{"name": "main", "image": "new"}]}, set()),
        ({}, {"nodeName": "here"}, set()),
        ({}, {"activeDeadlineSeconds": 5}, set()),
        ({"activeDeadlineSeconds": 5}, {"activeDeadlineSeconds": 4}, set()),
        ({}, {"tolerations": [{"key": "a"}]}, set()),
        ({"nodeName": "here"}, {"nodeName": "there"}, {"spec"}),
        ({"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]}, {"spec"}),
        ({}, {"containers": [{"name": "main", "image": "i", "command": ["x"]}]}, {"spec"}),
        ({}, {"containers": [{"name": "main", "image": "i"}, {"name": "b"}]}, {"spec.containers"}),
        ({}, {"restartPolicy": "Never"}, {"spec"}),
        ({}, {"terminationGracePeriodSeconds": 5}, {"spec"}),
    ],
)
async def test_little_of_a_pod_may_change(
    api: httpx2.AsyncClient, before: Any, change: Any, fields: set[str]
) -> None:
    await created(api, PODS, pod("p", **before))

    response = await patched(api, f"{PODS}/p", {"spec": change})

    assert response.status_code == (422 if fields else 200), response.text
    assert {cause["field"] for cause in response.json().get("details", {}).get("causes", ())} == fields


async def test_what_pods_are_told_is_part_of_their_schema(api: httpx2.AsyncClient) -> None:
    container = {
        "name": "main",
        "image": "i",
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        "envFrom": [{"prefix": "P_", "configMapRef": {"name": "c"}}],
        "ports": [{"name": "http", "containerPort": 80}],
        "resources": {"limits": {"memory": "1Gi"}},
        "volumeMounts": [{"name": "v", "mountPath": "/v", "readOnly": True}],
        "livenessProbe": {"httpGet": {"path": "/live", "port": "http"}},
        "readinessProbe": {"tcpSocket": {"port": 80}},
        "startupProbe": {"exec": {"command": ["true"]}},
        "lifecycle": {"preStop": {"sleep": {"seconds": 1}}},
    }
    manifest = pod("p", containers=[container], volumes=[{"name": "v", "secret": {"secretName": "s"}}])

    response = await api.post(PODS, json=manifest, params={"fieldValidation": "Strict"})

    assert response.status_code == 201, response.text


async def row(api: httpx2.AsyncClient) -> dict[str, Any]:
    """The cells of the only Pod by column."""
    answer = (await api.get(PODS, headers={"accept": TABLE})).json()
    headings = [column["name"] for column in answer["columnDefinitions"]]
    return dict(zip(headings, answer["rows"][0]["cells"], strict=True))


def container(state: str, *, ready: bool = False, **said: Any) -> dict[str, Any]:
    return {"name": "main", "ready": ready, "restartCount": 0, "state": {state: said}}


READY = [{"type": "Ready", "status": "True"}]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Pending"}, ("0/2", "Pending")),
        ({"phase": "Pending", "containerStatuses": [container("waiting")]}, ("0/2", "Pending")),
        (
            {"phase": "Pending", "containerStatuses": [container("waiting", reason="ContainerCreating")]},
            ("0/2", "ContainerCreating"),
        ),
        ({"phase": "Running", "containerStatuses": [container("running", ready=True)]}, ("1/2", "Running")),
        (
            {"phase": "Running", "containerStatuses": [container("waiting", reason="CrashLoopBackOff")]},
            ("0/2", "CrashLoopBackOff"),
        ),
        (
            {"phase": "Failed", "containerStatuses": [container("terminated", reason="Error")]},
            ("0/2", "Error"),
        ),
        (
            {"phase": "Failed", "containerStatuses": [container("terminated", exitCode=3)]},
            ("0/2", "ExitCode:3"),
        ),
        (
            {"phase": "Failed", "containerStatuses": [container("terminated", signal=9, exitCode=137)]},
            ("0/2", "Signal:9"),
        ),
        (
            {
                "phase": "Running",
                "conditions": READY,
                "containerStatuses": [
                    container("terminated", reason="Completed"),
                    container("running", ready=True),
                ],
            },
            ("1/2", "Running"),
        ),
        ({"phase": "Failed", "reason": "Evicted"}, ("0/2", "Evicted")),
    ],
)
async def test_a_pod_is_listed_by_what_its_containers_do(
    api: httpx2.AsyncClient, status: Any, expected: tuple[str, str]
) -> None:
    await created(api, PODS, pod("p", containers=[{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]))
    await patched(api, f"{PODS}/p/status", {"status": status})

    cells = await row(api)

    assert (cells["Ready"], cells["Status"]) == expected


async def test_a_pod_that_ends_is_listed_as_such(api: httpx2.AsyncClient) -> None:
    await created(api, PODS, pod("p", nodeName="here"))
    await delete(api, f"{PODS}/p")

    assert (await row(api))["Status"] == "Terminating"


async def test_restarts_say_when_the_last_one_was(api: httpx2.AsyncClient, clock: FrozenClock) -> None:
    await created(api, PODS, pod("p"))
    ended = {"terminated": {"finishedAt": "2026-01-01T00:00:00Z"}}
    containers = [{"name": "main", "ready": False, "restartCount": 2, "lastState": ended}]
    await patched(api, f"{PODS}/p/status", {"status": {"containerStatuses": containers}})
    clock.advance(300)

    assert (await row(api))["Restarts"] == "2 (5m ago)"


async def test_wide_lists_say_where_a_pod_is(api: httpx2.AsyncClient) -> None:
    await created(api, PODS, pod("p", nodeName="here", readinessGates=[{"conditionType": "Fine"}]))
    await patched(api, f"{PODS}/p/status", {"status": {"podIP": "127.0.0.1"}})

    cells = await row(api)

    wide = [cells[name] for name in ("IP", "Node", "Nominated Node", "Readiness Gates")]
    assert wide == ["127.0.0.1", "here", "<none>", "0/1"]


async def test_what_a_pod_uses_goes_with_it(api: httpx2.AsyncClient) -> None:
    owner = await created(api, PODS, pod("p"))
    metrics = {
        "apiVersion": "metrics.k8s.io/v1beta1",
        "kind": "PodMetrics",
        "metadata": {"name": "p", **owned_by(owner)},
        "timestamp": "2026-01-01T00:00:00Z",
        "window": "15s",
        "containers": [{"name": "main", "usage": {"cpu": "12m", "memory": "64Mi"}}],
    }
    await created(api, METRICS, metrics)
    assert (await names(api, METRICS), await names(api, PODS)) == (["p"], ["p"])

    await delete(api, f"{PODS}/p")

    assert await names(api, METRICS) == []


def test_pods_without_a_group_are_the_core_ones(server: Server) -> None:
    groups = [
        resource.kind.group for resource in server.catalogue.resources if resource.kind.plural == "pods"
    ]

    assert groups == ["", "metrics.k8s.io"]
