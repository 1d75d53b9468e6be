from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lmos.apiserver import storage as storage_module
from tests.apiserver.builders import CONFIG_MAPS, TABLE, WIDGETS, config_map, created, names, patched, widget

if TYPE_CHECKING:
    import httpx2


async def some(api: httpx2.AsyncClient, *labelled: str) -> None:
    for name in labelled:
        await created(api, CONFIG_MAPS, config_map(name, metadata={"labels": {"first": name[0]}}))


async def test_a_list_is_ordered_and_says_what_it_is(api: httpx2.AsyncClient) -> None:
    await some(api, "b", "a")

    answer = (await api.get(CONFIG_MAPS)).json()

    assert (answer["kind"], answer["apiVersion"]) == ("ConfigMapList", "v1")
    assert [item["metadata"]["name"] for item in answer["items"]] == ["a", "b"]
    assert int(answer["metadata"]["resourceVersion"]) >= int(
        answer["items"][0]["metadata"]["resourceVersion"]
    )


async def test_a_list_over_all_namespaces(api: httpx2.AsyncClient) -> None:
    await some(api, "here")
    await created(api, "/api/v1/namespaces/kube-system/configmaps", config_map("there"))

    assert await names(api, "/api/v1/configmaps") == ["here", "there"]


async def test_selectors_choose(api: httpx2.AsyncClient) -> None:
    await some(api, "ax", "ay", "bx")

    assert await names(api, CONFIG_MAPS, labelSelector="first=a") == ["ax", "ay"]
    assert await names(api, CONFIG_MAPS, labelSelector="first in (b)") == ["bx"]
    assert await names(api, CONFIG_MAPS, fieldSelector="metadata.name!=ax") == ["ay", "bx"]
    assert await names(api, CONFIG_MAPS, fieldSelector="metadata.name=ay,metadata.namespace=default") == [
        "ay"
    ]


async def test_pages_show_one_moment_whatever_happens_meanwhile(api: httpx2.AsyncClient) -> None:
    await some(api, "a", "b", "c", "d")
    first = (await api.get(CONFIG_MAPS, params={"limit": 2})).json()

    await api.delete(f"{CONFIG_MAPS}/c")
    await some(api, "cc")
    rest = (await api.get(CONFIG_MAPS, params={"limit": 2, "continue": first["metadata"]["continue"]})).json()

    assert [item["metadata"]["name"] for item in (*first["items"], *rest["items"])] == ["a", "b", "c", "d"]
    assert first["metadata"]["remainingItemCount"] == 2
    assert "continue" not in rest["metadata"]
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_pages_of_a_forgotten_moment_are_gone(
    api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_module, "HISTORY_EVENTS", 1)
    await some(api, "a", "b")
    token = (await api.get(CONFIG_MAPS, params={"limit": 1})).json()["metadata"]["continue"]
    await some(api, "c", "d")

    response = await api.get(CONFIG_MAPS, params={"limit": 1, "continue": token})

    assert (response.status_code, response.json()["reason"]) == (410, "Expired")


async def test_an_exact_version_can_be_asked_for(api: httpx2.AsyncClient) -> None:
    await some(api, "a")
    version = (await api.get(CONFIG_MAPS)).json()["metadata"]["resourceVersion"]
    await some(api, "b")

    exact = {"resourceVersion": version, "resourceVersionMatch": "Exact"}
    assert await names(api, CONFIG_MAPS, **exact) == ["a"]
    assert await names(api, CONFIG_MAPS, resourceVersion=version) == ["a", "b"]


@pytest.mark.parametrize("asked", [{}, {"resourceVersion": "0"}, {"resourceVersionMatch": "NotOlderThan"}])
async def test_a_list_is_never_older_than_what_was_asked_for(
    api: httpx2.AsyncClient, asked: dict[str, str]
) -> None:
    for name in ("a", "b"):
        await created(api, CONFIG_MAPS, config_map(name))
    version = (await api.get(CONFIG_MAPS)).json()["metadata"]["resourceVersion"]
    await created(api, CONFIG_MAPS, config_map("c"))
    if "resourceVersionMatch" in asked:
        asked = asked | {"resourceVersion": version}

    answer = (await api.get(CONFIG_MAPS, params=asked)).json()

    assert [item["metadata"]["name"] for item in answer["items"]] == ["a", "b", "c"]
    assert int(answer["metadata"]["resourceVersion"]) > int(version)


async def test_a_version_to_come_is_not_waited_for(api: httpx2.AsyncClient) -> None:
    response = await api.get(CONFIG_MAPS, params={"resourceVersion": "999999999"})

    assert response.status_code == 504
    assert response.json()["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "many"},
        {"limit": "-1"},
        {"continue": "???"},
        {"continue": "W10="},
        {"labelSelector": "a=b=c"},
        {"fieldSelector": "x"},
        {"fieldSelector": "data.x=y"},
        {"resourceVersion": "abc"},
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(
    api: httpx2.AsyncClient, params: dict[str, str]
) -> None:
    response = await api.get(CONFIG_MAPS, params=params)

    assert (response.status_code, response.json()["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize(
    "params",
    [
        {"sendInitialEvents": "true"},
        {"resourceVersionMatch": "Exact"},
        {"resourceVersionMatch": "Exact", "resourceVersion": "0"},
        {"resourceVersionMatch": "About", "resourceVersion": "7"},
        {"watch": "true", "sendInitialEvents": "true"},
        {"watch": "true", "resourceVersionMatch": "NotOlderThan"},
    ],
)
async def test_parameters_that_do_not_go_together_are_refused(
    api: httpx2.AsyncClient, params: dict[str, str]
) -> None:
    response = await api.get(CONFIG_MAPS, params=params)

    assert (response.status_code, response.json()["reason"]) == (422, "Invalid")
    assert response.json()["details"]["kind"] == "ListOptions"


async def test_lists_and_objects_come_as_tables(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w", weight=7))
    headers = {"accept": TABLE}

    many = (await api.get(WIDGETS, headers=headers)).json()
    one = (await api.get(f"{WIDGETS}/w", headers=headers, params={"includeObject": "Object"})).json()

    assert many["kind"] == one["kind"] == "Table"
    assert many["rows"][0]["cells"] == one["rows"][0]["cells"] == ["w", 7, "0s"]
    assert one["rows"][0]["object"]["spec"]["weight"] == 7


async def test_metadata_alone_on_request(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w"))
    headers = {"accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}

    answer = (await api.get(WIDGETS, headers=headers)).json()

    assert answer["kind"] == "PartialObjectMetadataList"
    assert "spec" not in answer["items"][0]


async def test_a_form_that_we_do_not_speak_is_not_acceptable(api: httpx2.AsyncClient) -> None:
    response = await api.get(WIDGETS, headers={"accept": "application/vnd.kubernetes.protobuf"})

    assert response.status_code == 406


async def test_a_whole_collection_can_be_deleted(api: httpx2.AsyncClient) -> None:
    await some(api, "ax", "ay", "bx")

    response = await api.delete(CONFIG_MAPS, params={"labelSelector": "first=a"})

    assert [item["metadata"]["name"] for item in response.json()["items"]] == ["ax", "ay"]
    assert await names(api, CONFIG_MAPS) == ["bx"]


async def test_the_past_is_listed_as_it_was_changed(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w", weight=1))
    version = (await api.get(WIDGETS)).json()["metadata"]["resourceVersion"]
    await patched(api, f"{WIDGETS}/w", {"spec": {"weight": 2}})

    exact = {"resourceVersion": version, "resourceVersionMatch": "Exact"}
    (item,) = (await api.get(WIDGETS, params=exact)).json()["items"]

    assert item["spec"]["weight"] == 1
