"""Objects of every kind of Istio, Gateway API, Argo CD and Argo Rollouts that LMOS writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import pytest_asyncio
import yaml

from lmos.adapters.kubernetes.inprocess import AsgiTransport
from lmos.apiserver import Server, Storage, app
from lmos.testing.clock import CountingIds, FrozenClock
from tests.apiserver.builders import DEFINITIONS, applied, created, names

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.resources.kinds import Manifest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "crds"
OBJECTS = yaml.safe_load(Path(__file__).with_name("shared_objects.yaml").read_text(encoding="utf-8"))
CLUSTER_SCOPED = ("gatewayclasses", "clusteranalysistemplates")

pytestmark = [
    pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is absent"),
    pytest.mark.asyncio(loop_scope="module"),
]


def definitions() -> list[Manifest]:
    documents = (
        item
        for file in sorted(SHARED.glob("*/*.yaml"))
        for item in yaml.load_all(file.read_bytes(), Loader=yaml.CSafeLoader)
    )
    return [item for item in documents if item and item["kind"] == "CustomResourceDefinition"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a server with all of these kinds at once."""
    storage = Storage(":memory:")
    server = Server(storage, FrozenClock(), CountingIds())
    transport = AsgiTransport(app(server, token="secret"))
    headers = {"authorization": "Bearer secret", "user-agent": "tests"}
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://localhost", headers=headers
    ) as client:
        for manifest in definitions():
            await created(client, DEFINITIONS, manifest)
        yield client
    storage.close()


def place(case: Any) -> tuple[str, Manifest]:
    """The collection of a kind, and the head of its objects."""
    group_version, _, plural = case["resource"].rpartition("/")
    within = "" if plural in CLUSTER_SCOPED else "/namespaces/default"
    return f"/apis/{group_version}{within}/{plural}", {"apiVersion": group_version, "kind": case["kind"]}


def holds(value: Any, wanted: Any) -> bool:
    """Whether `value` has everything that `wanted` has; a server may have added defaults."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(holds(value.get(key), item) for key, item in wanted.items())
    if isinstance(wanted, list):
        return len(value) == len(wanted) and all(map(holds, value, wanted))
    return bool(value == wanted)


async def test_every_version_of_every_kind_is_served(mesh: httpx2.AsyncClient) -> None:
    for manifest in definitions():
        spec = manifest["spec"]
        for version in spec["versions"]:
            if version["served"]:
                path = f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}"
                assert await names(mesh, path) == []


@pytest.mark.parametrize("case", OBJECTS, ids=lambda case: case["resource"])
async def test_an_object_comes_back_as_it_was_sent(mesh: httpx2.AsyncClient, case: Any) -> None:
    collection, head = place(case)
    await created(mesh, collection, head | {"metadata": {"name": "created"}} | case["fine"])

    found = (await mesh.get(f"{collection}/created")).json()

    assert holds(found["spec"], case["fine"]["spec"])


@pytest.mark.parametrize("case", OBJECTS, ids=lambda case: case["resource"])
async def test_two_managers_apply_to_one_object(mesh: httpx2.AsyncClient, case: Any) -> None:
    collection, head = place(case)
    path = f"{collection}/shared"

    def manifest(content: Manifest) -> Manifest:
        return {**head, **content, "metadata": {"name": "shared", **content.get("metadata", {})}}

    assert (await applied(mesh, path, manifest(case["fine"]), "lmos")).status_code == 201
    second = await applied(mesh, path, manifest(case["other"]), "argocd")
    again = await applied(mesh, path, manifest(case["fine"]), "lmos")

    assert second.status_code == 200, second.text
    assert again.json()["metadata"]["resourceVersion"] == second.json()["metadata"]["resourceVersion"]
    assert holds(again.json(), manifest(case["fine"]))
    assert holds(again.json(), manifest(case["other"]))


@pytest.mark.parametrize("case", OBJECTS, ids=lambda case: case["resource"])
async def test_an_invalid_object_is_refused_for_its_field(mesh: httpx2.AsyncClient, case: Any) -> None:
    collection, head = place(case)

    response = await mesh.post(collection, json=head | {"metadata": {"name": "bad"}} | case["bad"])

    assert response.status_code == 422, response.text
    assert case["at"] in [cause["field"] for cause in response.json()["details"]["causes"]]
