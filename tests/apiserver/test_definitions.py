"""CustomResourceDefinitions: which are accepted, what they serve, and what happens when they change."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lmos.core.resources import crds
from tests.apiserver.builders import (
    DEFINITIONS,
    TABLE,
    WIDGETS,
    applied,
    created,
    definition,
    names,
    patched,
    widget,
)

if TYPE_CHECKING:
    import httpx2

SHARED = Path(__file__).resolve().parents[3] / "shared" / "crds"
SCHEMA = ("spec", "versions", 0, "schema", "openAPIV3Schema")


def changed(path: tuple[Any, ...], value: Any) -> Any:
    """A definition that is fine but for one place."""
    manifest = copy.deepcopy(definition("gadgets", "Gadget"))
    place = manifest
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return manifest


async def test_a_definition_is_established_at_once(api: httpx2.AsyncClient) -> None:
    manifest = await created(api, DEFINITIONS, definition("gadgets", "Gadget"))

    conditions = {item["type"]: item["status"] for item in manifest["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert manifest["status"]["storedVersions"] == ["v1"]
    assert manifest["status"]["acceptedNames"]["listKind"] == "GadgetList"
    assert await names(api, "/apis/shop.test/v1/gadgets") == []


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("metadata", "name"), "other.shop.test", "metadata.name"),
        (("spec", "group"), "apps", "spec.group"),
        (("spec", "group"), "apiextensions.k8s.io", "spec.group"),
        (("spec", "scope"), "Galactic", "spec.scope"),
        (("spec", "versions"), [], "spec.versions"),
        (("spec", "versions", 0, "storage"), False, "spec.versions"),
        (("spec", "names", "kind"), "No Kind", "spec.names.kind"),
        ((*SCHEMA, "type"), "string", "spec.versions[0].schema.openAPIV3Schema.type"),
        ((*SCHEMA, "properties"), {"a": {}}, "spec.versions[0].schema.openAPIV3Schema.properties[a].type"),
        (
            (*SCHEMA, "properties"),
            {"a": {"type": "array", "x-kubernetes-list-type": "map"}},
            "spec.versions[0].schema.openAPIV3Schema.properties[a].x-kubernetes-list-map-keys",
        ),
        (
            (*SCHEMA, "properties"),
            {"a": {"type": "string", "pattern": "("}},
            "spec.versions[0].schema.openAPIV3Schema",
        ),
        (
            (*SCHEMA, "x-kubernetes-validations"),
            [{"rule": "self >"}],
            "spec.versions[0].schema.openAPIV3Schema",
        ),
        (
            ("spec", "versions", 0, "additionalPrinterColumns"),
            [{"name": "A", "type": "string", "jsonPath": "a["}],
            "spec.versions[0].additionalPrinterColumns[0].jsonPath",
        ),
    ],
)
async def test_a_definition_that_cannot_be_served_is_refused(
    api: httpx2.AsyncClient, path: tuple[Any, ...], value: Any, field: str
) -> None:
    response = await api.post(DEFINITIONS, json=changed(path, value))

    assert response.status_code == 422
    assert field in {cause["field"] for cause in response.json()["details"]["causes"]}


async def test_rules_in_cel_are_obeyed(api: httpx2.AsyncClient) -> None:
    rule = {"rule": "!has(self.weight) || self.weight <= oldSelf.weight", "message": "only down"}
    schema = copy.deepcopy(definition()["spec"]["versions"][0]["schema"])
    schema["openAPIV3Schema"]["properties"]["spec"]["x-kubernetes-validations"] = [rule]
    await created(api, DEFINITIONS, definition("gadgets", "Gadget", schema=schema))
    gadgets = "/apis/shop.test/v1/namespaces/default/gadgets"
    manifest = await created(api, gadgets, widget("g", weight=5) | {"kind": "Gadget"})

    response = await api.put(f"{gadgets}/g", json=manifest | {"spec": {"image": "a:1", "weight": 6}})

    assert response.status_code == 422
    assert response.json()["details"]["causes"][0]["message"] == "Invalid value: only down"


async def test_a_stricter_schema_holds_for_what_is_written_from_then_on(api: httpx2.AsyncClient) -> None:
    old = await created(api, WIDGETS, widget("old", weight=90))
    path = f"{DEFINITIONS}/widgets.shop.test"
    manifest = (await api.get(path)).json()
    schema = manifest["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["weight"]["maximum"] = 50
    assert (await api.put(path, json=manifest)).status_code == 200

    assert (await api.post(WIDGETS, json=widget("new", weight=90))).status_code == 422
    kept = await api.put(f"{WIDGETS}/old", json=old | {"spec": old["spec"] | {"note": "still"}})
    assert kept.status_code == 200


async def test_a_version_that_holds_objects_cannot_be_removed(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w"))
    path = f"{DEFINITIONS}/widgets.shop.test"
    manifest = (await api.get(path)).json()
    (old,) = manifest["spec"]["versions"]
    both = [old | {"storage": False}, copy.deepcopy(old) | {"name": "v2"}]

    added = await api.put(path, json=manifest | {"spec": manifest["spec"] | {"versions": both}})
    assert added.json()["status"]["storedVersions"] == ["v1", "v2"]
    new = (await api.get("/apis/shop.test/v2/namespaces/default/widgets/w")).json()
    assert new["apiVersion"] == "shop.test/v2"

    spec = added.json()["spec"] | {"versions": both[1:]}
    refused = await api.put(path, json=added.json() | {"spec": spec})
    assert refused.status_code == 422
    assert refused.json()["details"]["causes"][0]["field"] == "status.storedVersions[0]"

    await patched(api, f"{path}/status", {"status": {"storedVersions": ["v2"]}})
    current = (await api.get(path)).json()
    assert (await api.put(path, json=current | {"spec": spec})).status_code == 200
    assert await names(api, "/apis/shop.test/v2/widgets") == ["w"]
    assert (await api.get("/apis/shop.test/v1/widgets")).status_code == 404


async def test_other_columns_show_at_once(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w"))
    columns = [{"name": "Image", "type": "string", "jsonPath": ".spec.image"}]
    change = [{"op": "replace", "path": "/spec/versions/0/additionalPrinterColumns", "value": columns}]

    await patched(api, f"{DEFINITIONS}/widgets.shop.test", change, "json")

    table = (await api.get(WIDGETS, headers={"accept": TABLE})).json()
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Image"]
    assert table["rows"][0]["cells"] == ["w", "a:1"]


async def test_every_version_shows_the_same_objects(api: httpx2.AsyncClient) -> None:
    versions = copy.deepcopy(definition("gadgets", "Gadget")["spec"]["versions"])
    versions.append(copy.deepcopy(versions[0]) | {"name": "v1beta1", "storage": False})
    manifest = definition("gadgets", "Gadget")
    manifest["spec"]["versions"] = versions
    await created(api, DEFINITIONS, manifest)
    beta = {"apiVersion": "shop.test/v1beta1", "kind": "Gadget"}
    await created(api, "/apis/shop.test/v1beta1/namespaces/default/gadgets", widget("g") | beta)

    stable = (await api.get("/apis/shop.test/v1/namespaces/default/gadgets/g")).json()
    listed = (await api.get("/apis/shop.test/v1beta1/gadgets")).json()

    assert stable["apiVersion"] == "shop.test/v1"
    assert (listed["apiVersion"], listed["items"][0]["apiVersion"]) == ("shop.test/v1beta1",) * 2


async def test_a_version_that_is_not_served_is_not_there(api: httpx2.AsyncClient) -> None:
    manifest = definition("gadgets", "Gadget", served=False)
    await created(api, DEFINITIONS, manifest)

    assert (await api.get("/apis/shop.test/v1/gadgets")).status_code == 404


async def test_the_scope_cannot_change(api: httpx2.AsyncClient) -> None:
    manifest = (await api.get(f"{DEFINITIONS}/widgets.shop.test")).json()
    manifest["spec"]["scope"] = "Cluster"

    response = await api.put(f"{DEFINITIONS}/widgets.shop.test", json=manifest)

    assert response.status_code == 422


async def test_objects_of_cluster_scoped_kinds_have_no_namespace(api: httpx2.AsyncClient) -> None:
    manifest = definition("planets", "Planet")
    manifest["spec"]["scope"] = "Cluster"
    await created(api, DEFINITIONS, manifest)

    planet = await created(api, "/apis/shop.test/v1/planets", widget("mars") | {"kind": "Planet"})

    assert "namespace" not in planet["metadata"]
    assert (await api.get("/apis/shop.test/v1/namespaces/default/planets")).status_code == 404


async def test_our_own_definitions_install(api: httpx2.AsyncClient) -> None:
    for manifest in crds():
        await created(api, DEFINITIONS, manifest)


def foreign_definitions() -> list[Any]:
    files = sorted(SHARED.glob("*/*.yaml"))
    documents = (item for file in files for item in yaml.load_all(file.read_bytes(), Loader=yaml.CSafeLoader))
    return [item for item in documents if item and item["kind"] == "CustomResourceDefinition"]


async def test_the_definitions_of_istio_gateway_api_and_argo_install(api: httpx2.AsyncClient) -> None:
    if not SHARED.exists():
        pytest.skip(f"{SHARED} is absent")

    for manifest in foreign_definitions():
        path = f"{DEFINITIONS}/{manifest['metadata']['name']}"
        response = await applied(api, path, manifest, "tests")
        assert response.status_code == 201, response.text
        spec = response.json()["spec"]
        served = [version["name"] for version in spec["versions"] if version["served"]]
        for version in served:
            assert await names(api, f"/apis/{spec['group']}/{version}/{spec['names']['plural']}") == []
