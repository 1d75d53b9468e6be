"""What clients ask first: versions, groups, resources, OpenAPI, health."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lmos.apiserver import kubeconfig

if TYPE_CHECKING:
    import httpx2

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


async def get(api: httpx2.AsyncClient, path: str, accept: str = "application/json") -> Any:
    response = await api.get(path, headers={"accept": accept})
    assert response.status_code == 200, response.text
    return response.json()


async def test_groups_and_their_versions(api: httpx2.AsyncClient) -> None:
    assert (await get(api, "/api"))["versions"] == ["v1"]
    groups = {item["name"]: item for item in (await get(api, "/apis"))["groups"]}
    assert {"apps", "coordination.k8s.io", "shop.test"} <= groups.keys()
    assert groups["shop.test"]["preferredVersion"]["groupVersion"] == "shop.test/v1"
    assert (await get(api, "/apis/apps"))["name"] == "apps"


async def test_the_resources_of_a_version_with_their_subresources(api: httpx2.AsyncClient) -> None:
    resources = {item["name"]: item for item in (await get(api, "/apis/shop.test/v1"))["resources"]}

    assert set(resources) == {"widgets", "widgets/status", "widgets/scale"}
    assert resources["widgets"]["shortNames"] == ["wi"]
    assert resources["widgets"]["categories"] == ["all"]
    assert resources["widgets/scale"]["kind"] == "Scale"
    assert "watch" in resources["widgets"]["verbs"]


async def test_everything_in_one_document_on_request(api: httpx2.AsyncClient) -> None:
    (core,) = (await get(api, "/api", AGGREGATED))["items"]
    groups = {item["metadata"]["name"]: item for item in (await get(api, "/apis", AGGREGATED))["items"]}

    assert "configmaps" in {item["resource"] for item in core["versions"][0]["resources"]}
    (widgets,) = groups["shop.test"]["versions"][0]["resources"]
    assert (widgets["scope"], widgets["responseKind"]["kind"]) == ("Namespaced", "Widget")


async def test_openapi_describes_each_kind(api: httpx2.AsyncClient) -> None:
    paths = (await get(api, "/openapi/v3"))["paths"]
    url = paths["apis/shop.test/v1"]["serverRelativeURL"]

    document = await get(api, url)

    schema = document["components"]["schemas"]["test.shop.v1.Widget"]
    kind = {"group": "shop.test", "version": "v1", "kind": "Widget"}
    assert schema["x-kubernetes-group-version-kind"] == [kind]
    assert schema["properties"]["spec"]["properties"]["weight"]["maximum"] == 100
    parameters = document["paths"]["/apis/shop.test/v1/namespaces/{namespace}/widgets/{name}"]["patch"]
    assert "fieldValidation" in {item["name"] for item in parameters["parameters"]}


async def test_openapi_says_how_lists_merge(api: httpx2.AsyncClient) -> None:
    document = await get(api, "/openapi/v3/apis/apps/v1")

    spec = document["components"]["schemas"]["io.k8s.api.apps.v1.Deployment"]["properties"]["spec"]
    containers = spec["properties"]["template"]["properties"]["spec"]["properties"]["containers"]
    assert containers["x-kubernetes-patch-merge-key"] == "name"


async def test_the_older_openapi_has_every_kind(api: httpx2.AsyncClient) -> None:
    definitions = (await get(api, "/openapi/v2"))["definitions"]

    assert {"test.shop.v1.Widget", "io.k8s.api.apps.v1.Deployment"} <= definitions.keys()


async def test_the_version_is_one_of_kubernetes(api: httpx2.AsyncClient) -> None:
    assert (await get(api, "/version"))["gitVersion"].startswith("v1.")


@pytest.mark.parametrize(
    "path",
    ["/", "/nope", "/apis/nope", "/apis/nope/v1", "/api/v2", "/openapi/v3/apis/nope/v1", "/api/v1/nope"],
)
async def test_what_is_not_there_is_a_status(api: httpx2.AsyncClient, path: str) -> None:
    response = await api.get(path)

    assert (response.status_code, response.json()["kind"], response.json()["reason"]) == (
        404,
        "Status",
        "NotFound",
    )


def test_a_kubeconfig_reaches_the_server() -> None:
    config = kubeconfig("http://127.0.0.1:8001", "secret")

    assert config["clusters"][0]["cluster"]["server"] == "http://lmos:secret@127.0.0.1:8001"
    assert config["users"][0]["user"]["token"] == "secret"
    assert config["current-context"] == config["contexts"][0]["name"]
