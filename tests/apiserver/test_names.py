"""Names of definitions: who wants a name that is taken waits for it, and what is established stays so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lmos.apiserver import Server, Storage
from lmos.apiserver.objects import Intent
from lmos.apiserver.server import Place
from lmos.testing.clock import CountingIds, FrozenClock
from tests.apiserver.builders import DEFINITIONS, WIDGETS, created, definition, patched, widget

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2

# Widgets, `wi` for short, are there already.
GADGETS = "/apis/shop.test/v1/namespaces/default/gadgets"
PATH = f"{DEFINITIONS}/gadgets.shop.test"


def gadgets(**names: Any) -> Any:
    manifest = definition("gadgets", "Gadget")
    manifest["spec"]["names"] |= names
    return manifest


async def conditions(api: httpx2.AsyncClient, path: str = PATH) -> dict[str, tuple[str, str]]:
    found = (await api.get(path)).json()["status"]["conditions"]
    return {item["type"]: (item["status"], item["reason"]) for item in found}


@pytest.mark.parametrize(
    ("names", "reason", "message"),
    [
        ({"kind": "Widget", "listKind": "GadgetList"}, "KindConflict", '"Widget" is already in use'),
        ({"listKind": "Widget"}, "ListKindConflict", '"Widget" is already in use'),
        ({"singular": "widgets"}, "SingularConflict", '"widgets" is already in use'),
        ({"shortNames": ["g", "wi"]}, "ShortNamesConflict", '"wi" is already in use'),
    ],
)
async def test_a_definition_whose_name_is_taken_is_not_served(
    api: httpx2.AsyncClient, names: Any, reason: str, message: str
) -> None:
    answer = await created(api, DEFINITIONS, gadgets(**names))

    accepted, established = answer["status"]["conditions"]
    assert (accepted["status"], accepted["reason"], accepted["message"]) == ("False", reason, message)
    assert (established["status"], established["reason"]) == ("False", "NotAccepted")
    assert (await api.get(GADGETS)).status_code == 404
    assert (await api.get(WIDGETS)).status_code == 200


async def test_a_plural_that_is_somebodys_short_name_is_taken(api: httpx2.AsyncClient) -> None:
    manifest = definition("wi", "Wish")
    del manifest["spec"]["names"]["shortNames"]
    await created(api, DEFINITIONS, manifest)

    assert (await conditions(api, f"{DEFINITIONS}/wi.shop.test"))["NamesAccepted"] == (
        "False",
        "PluralConflict",
    )


async def test_the_same_names_in_another_group_are_free(api: httpx2.AsyncClient) -> None:
    manifest = definition()
    manifest["metadata"]["name"] = "widgets.other.test"
    manifest["spec"]["group"] = "other.test"

    answer = await created(api, DEFINITIONS, manifest)

    assert {item["status"] for item in answer["status"]["conditions"]} == {"True"}


async def test_names_are_accepted_in_the_write_that_asks_for_them(api: httpx2.AsyncClient) -> None:
    answer = await created(api, DEFINITIONS, gadgets())

    newest = (await api.get(DEFINITIONS)).json()["metadata"]["resourceVersion"]
    assert answer["metadata"]["resourceVersion"] == newest


async def test_a_name_that_becomes_free_is_given_to_who_waits_for_it(api: httpx2.AsyncClient) -> None:
    await created(api, DEFINITIONS, gadgets(shortNames=["wi"]))

    await api.delete(f"{DEFINITIONS}/widgets.shop.test")

    assert await conditions(api) == {
        "NamesAccepted": ("True", "NoConflicts"),
        "Established": ("True", "InitialNamesAccepted"),
    }
    assert (await api.get(GADGETS)).status_code == 200


async def test_a_definition_that_gives_way_is_served(api: httpx2.AsyncClient) -> None:
    await created(api, DEFINITIONS, gadgets(shortNames=["wi"]))

    await patched(api, PATH, {"spec": {"names": {"shortNames": ["ga"]}}})

    assert (await conditions(api))["Established"] == ("True", "InitialNamesAccepted")
    listed = (await api.get("/apis/shop.test/v1")).json()["resources"]
    assert [item["shortNames"] for item in listed if item["name"] == "gadgets"] == [["ga"]]


async def test_what_is_established_keeps_its_names_when_it_wants_taken_ones(api: httpx2.AsyncClient) -> None:
    await created(api, DEFINITIONS, gadgets())

    await patched(api, PATH, {"spec": {"names": {"shortNames": ["wi"]}}})

    assert await conditions(api) == {
        "NamesAccepted": ("False", "ShortNamesConflict"),
        "Established": ("True", "InitialNamesAccepted"),
    }
    listed = (await api.get("/apis/shop.test/v1")).json()["resources"]
    assert [item["shortNames"] for item in listed if item["name"] == "gadgets"] == [["ga"]]


async def test_a_restart_changes_nothing(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "db")
    server = Server(storage, FrozenClock(), CountingIds())
    definitions = server.catalogue.find("apiextensions.k8s.io", "v1", "customresourcedefinitions")
    assert definitions
    for manifest in (definition(), gadgets(shortNames=["wi"])):
        server.create(Place(definitions, ""), manifest, Intent("tests", server.timestamp()))
    storage.close()

    again = Storage(tmp_path / "db")
    catalogue = Server(again, FrozenClock(), CountingIds()).catalogue
    again.close()

    assert [item.kind.plural for item in catalogue.in_group("shop.test")] == ["widgets"]


async def test_a_definition_that_is_being_deleted_takes_no_new_objects(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("held", metadata={"finalizers": ["shop.test/tidy"]}))
    await api.delete(f"{DEFINITIONS}/widgets.shop.test")

    refused = await api.post(WIDGETS, json=widget("new"))

    assert refused.status_code == 403
    assert refused.json()["message"].endswith(
        "create not allowed while custom resource definition is terminating"
    )
    assert (await patched(api, f"{WIDGETS}/held", {"spec": {"weight": 3}})).status_code == 200
