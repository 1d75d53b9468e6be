"""The built-in kinds: their defaults, and what is refused beyond the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.apiserver.builders import CONFIG_MAPS, DEPLOYMENTS, config_map, created, deployment, patched

if TYPE_CHECKING:
    import httpx2

CORE = "/api/v1/namespaces/default"
SERVICES, SECRETS, PODS, EVENTS = (f"{CORE}/{name}" for name in ("services", "secrets", "pods", "events"))
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"


def named(name: str, **more: Any) -> Any:
    return {"metadata": {"name": name}, **more}


async def test_a_deployment_gets_the_defaults_of_kubernetes(api: httpx2.AsyncClient) -> None:
    spec = (await created(api, DEPLOYMENTS, deployment("web")))["spec"]

    assert spec["replicas"] == 1
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    }
    assert (spec["progressDeadlineSeconds"], spec["revisionHistoryLimit"]) == (600, 10)
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 30


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"selector": {"matchLabels": {"app": "other"}}}, "spec.template.metadata.labels"),
        ({"selector": {}}, "spec.selector"),
        ({"replicas": -1}, "spec.replicas"),
        ({"template": {"metadata": {"labels": {"app": "web"}}}}, "spec.template.spec"),
        ({"template": {"spec": {"containers": []}}}, "spec.template.spec.containers"),
        (
            {"template": {"spec": {"containers": [{"name": "a"}, {"name": "a"}]}}},
            "spec.template.spec.containers[1]",
        ),
    ],
)
async def test_a_deployment_that_cannot_work_is_refused(
    api: httpx2.AsyncClient, spec: Any, field: str
) -> None:
    response = await api.post(DEPLOYMENTS, json=deployment("web", **spec))

    assert response.status_code == 422
    assert field in {cause["field"] for cause in response.json()["details"]["causes"]}


async def test_a_deployments_selector_cannot_change(api: httpx2.AsyncClient) -> None:
    await created(api, DEPLOYMENTS, deployment("web"))
    other = {"selector": {"matchLabels": {"app": "x"}}, "template": {"metadata": {"labels": {"app": "x"}}}}

    assert (await patched(api, f"{DEPLOYMENTS}/web", {"spec": other})).status_code == 422


async def test_containers_merge_by_name_and_variables_too(api: httpx2.AsyncClient) -> None:
    await created(api, DEPLOYMENTS, deployment("web"))
    more = [{"name": "main", "env": [{"name": "A", "value": "1"}]}, {"name": "side", "image": "y"}]

    answer = await patched(
        api,
        f"{DEPLOYMENTS}/web",
        {"spec": {"template": {"spec": {"containers": more}}}},
        "strategic-merge",
    )

    containers = answer.json()["spec"]["template"]["spec"]["containers"]
    assert [(item["name"], item["image"]) for item in containers] == [("main", "x"), ("side", "y")]
    assert containers[0]["env"] == [{"name": "A", "value": "1"}]


async def test_a_deployment_is_scaled(api: httpx2.AsyncClient) -> None:
    await created(api, DEPLOYMENTS, deployment("web"))

    scale = (await patched(api, f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 3}})).json()

    assert (scale["spec"]["replicas"], scale["status"]["selector"]) == (3, "app=web")


async def test_a_misspelt_field_is_found(api: httpx2.AsyncClient) -> None:
    response = await api.post(
        DEPLOYMENTS, json=deployment("web", replica=2), params={"fieldValidation": "Strict"}
    )

    assert (response.status_code, "spec.replica" in response.json()["message"]) == (400, True)


async def test_a_services_ports_lead_to_the_same_ports(api: httpx2.AsyncClient) -> None:
    spec = (await created(api, SERVICES, named("web", spec={"ports": [{"port": 80}]})))["spec"]

    assert spec["type"] == "ClusterIP"
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]


async def test_several_ports_of_a_service_need_names(api: httpx2.AsyncClient) -> None:
    response = await api.post(SERVICES, json=named("web", spec={"ports": [{"port": 80}, {"port": 81}]}))

    assert response.status_code == 422


async def test_a_secrets_plain_text_is_encoded_and_not_kept(api: httpx2.AsyncClient) -> None:
    secret = await created(api, SECRETS, named("s", stringData={"key": "hello"}, data={"other": "eA=="}))

    assert secret["data"] == {"other": "eA==", "key": "aGVsbG8="}
    assert "stringData" not in secret
    assert secret["type"] == "Opaque"


async def test_a_lease_changes_hands_once(api: httpx2.AsyncClient) -> None:
    lease = await created(api, LEASES, named("leader", spec={"holderIdentity": "a"}))

    first = await api.put(f"{LEASES}/leader", json=lease | {"spec": {"holderIdentity": "b"}})
    second = await api.put(f"{LEASES}/leader", json=lease | {"spec": {"holderIdentity": "c"}})

    assert (first.status_code, second.status_code) == (200, 409)


async def test_events_are_found_by_what_they_are_about(api: httpx2.AsyncClient) -> None:
    for name in ("a", "b"):
        about = {"kind": "Agent", "name": name, "namespace": "default"}
        await created(api, EVENTS, named(f"{name}.1", involvedObject=about, reason="Resolved"))

    answer = await api.get(
        EVENTS, params={"fieldSelector": "involvedObject.name=b,involvedObject.kind=Agent"}
    )

    assert [item["metadata"]["name"] for item in answer.json()["items"]] == ["b.1"]


@pytest.mark.parametrize(
    ("collection", "manifest"),
    [
        (PODS, named("p", spec={"containers": [{"name": "c", "image": "i"}]})),
        (SLICES, named("s", addressType="IPv4", endpoints=[{"addresses": ["127.0.0.1"]}])),
        (f"{CORE}/serviceaccounts", named("sa")),
        (CONFIG_MAPS, config_map("c", a="1")),
    ],
)
async def test_the_other_kinds_are_there(api: httpx2.AsyncClient, collection: str, manifest: Any) -> None:
    await created(api, collection, manifest)


async def test_null_means_absent_in_built_in_kinds(api: httpx2.AsyncClient) -> None:
    manifest = deployment("web", paused=None)
    manifest["metadata"]["creationTimestamp"] = None

    assert "paused" not in (await created(api, DEPLOYMENTS, manifest))["spec"]


async def test_names_of_services_and_namespaces_are_labels(api: httpx2.AsyncClient) -> None:
    assert (await api.post(SERVICES, json=named("a.b", spec={"ports": [{"port": 1}]}))).status_code == 422
    assert (await api.post("/api/v1/namespaces", json=named("a.b"))).status_code == 422
