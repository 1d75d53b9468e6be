"""Finalizers, owners, namespaces, definitions: what deletion waits for and what it takes along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lmos.apiserver import Server, Storage
from lmos.testing.clock import CountingIds, FrozenClock
from tests.apiserver.builders import (
    CONFIG_MAPS,
    DEFINITIONS,
    WIDGETS,
    config_map,
    created,
    names,
    owned_by,
    patched,
    widget,
)

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2

NAMESPACES = "/api/v1/namespaces"


async def delete(api: httpx2.AsyncClient, path: str, **options: Any) -> httpx2.Response:
    return await api.request("DELETE", path, json=options)


async def exists(api: httpx2.AsyncClient, path: str) -> bool:
    return (await api.get(path)).status_code == 200


async def test_a_deleted_object_is_gone_and_the_answer_says_so(api: httpx2.AsyncClient) -> None:
    widget_uid = (await created(api, WIDGETS, widget("w")))["metadata"]["uid"]

    answer = (await delete(api, f"{WIDGETS}/w")).json()

    assert (answer["status"], answer["details"]["uid"]) == ("Success", widget_uid)
    assert not await exists(api, f"{WIDGETS}/w")


async def test_a_finalizer_holds_an_object_until_it_is_removed(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w", metadata={"finalizers": ["shop.test/tidy"]}))

    held = (await delete(api, f"{WIDGETS}/w")).json()
    again = (await delete(api, f"{WIDGETS}/w")).json()
    assert held["metadata"]["deletionTimestamp"] == again["metadata"]["deletionTimestamp"]
    assert await exists(api, f"{WIDGETS}/w")

    await patched(api, f"{WIDGETS}/w", {"metadata": {"finalizers": None}})
    assert not await exists(api, f"{WIDGETS}/w")


async def test_what_is_being_deleted_takes_no_new_finalizers(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w", metadata={"finalizers": ["shop.test/tidy"]}))
    await delete(api, f"{WIDGETS}/w")

    response = await patched(api, f"{WIDGETS}/w", {"metadata": {"finalizers": ["shop.test/late"]}})

    assert response.status_code == 422


async def test_only_the_incarnation_that_is_meant_is_deleted(api: httpx2.AsyncClient) -> None:
    manifest = await created(api, WIDGETS, widget("w"))

    assert (await delete(api, f"{WIDGETS}/w", preconditions={"uid": "other"})).status_code == 409
    assert (await delete(api, f"{WIDGETS}/w", preconditions={"resourceVersion": "1"})).status_code == 409
    uid = manifest["metadata"]["uid"]
    assert (await delete(api, f"{WIDGETS}/w", preconditions={"uid": uid})).status_code == 200


async def test_dependents_go_with_their_owner_and_theirs_with_them(api: httpx2.AsyncClient) -> None:
    owner = await created(api, WIDGETS, widget("owner"))
    child = await created(api, CONFIG_MAPS, config_map("child", metadata=owned_by(owner)))
    await created(api, CONFIG_MAPS, config_map("grandchild", metadata=owned_by(child)))
    await created(api, CONFIG_MAPS, config_map("stranger"))

    await delete(api, f"{WIDGETS}/owner")

    assert await names(api, CONFIG_MAPS) == ["stranger"]


async def test_a_dependent_stays_as_long_as_one_owner_is_there(api: httpx2.AsyncClient) -> None:
    first, second = [await created(api, WIDGETS, widget(name)) for name in ("first", "second")]
    owners = owned_by(first)["ownerReferences"] + owned_by(second)["ownerReferences"]
    await created(api, CONFIG_MAPS, config_map("child", metadata={"ownerReferences": owners}))

    await delete(api, f"{WIDGETS}/first")
    (left,) = (await api.get(f"{CONFIG_MAPS}/child")).json()["metadata"]["ownerReferences"]
    assert left["name"] == "second"

    await delete(api, f"{WIDGETS}/second")
    assert await names(api, CONFIG_MAPS) == []


async def test_orphans_stay_without_owner(api: httpx2.AsyncClient) -> None:
    owner = await created(api, WIDGETS, widget("owner"))
    await created(api, CONFIG_MAPS, config_map("child", metadata=owned_by(owner)))

    await delete(api, f"{WIDGETS}/owner", propagationPolicy="Orphan")

    child = (await api.get(f"{CONFIG_MAPS}/child")).json()
    assert "ownerReferences" not in child["metadata"]


async def test_in_the_foreground_the_owner_waits_for_its_dependents(api: httpx2.AsyncClient) -> None:
    owner = await created(api, WIDGETS, widget("owner"))
    held = owned_by(owner, blocks=True) | {"finalizers": ["shop.test/tidy"]}
    await created(api, CONFIG_MAPS, config_map("child", metadata=held))

    answer = (await delete(api, f"{WIDGETS}/owner", propagationPolicy="Foreground")).json()
    assert answer["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert await exists(api, f"{WIDGETS}/owner")

    await patched(api, f"{CONFIG_MAPS}/child", {"metadata": {"finalizers": None}})
    assert not await exists(api, f"{CONFIG_MAPS}/child")
    assert not await exists(api, f"{WIDGETS}/owner")


async def test_what_is_born_without_its_owner_does_not_stay(api: httpx2.AsyncClient) -> None:
    owner = await created(api, WIDGETS, widget("owner"))
    await delete(api, f"{WIDGETS}/owner")

    await created(api, CONFIG_MAPS, config_map("late", metadata=owned_by(owner)))

    assert await names(api, CONFIG_MAPS) == []


async def test_an_owner_in_another_namespace_is_none(api: httpx2.AsyncClient) -> None:
    owner = await created(api, WIDGETS, widget("owner"))

    await created(
        api, "/api/v1/namespaces/kube-system/configmaps", config_map("far", metadata=owned_by(owner))
    )

    assert await names(api, "/api/v1/configmaps") == []


async def test_with_one_owner_in_reach_the_other_does_not_matter(api: httpx2.AsyncClient) -> None:
    near = await created(api, CONFIG_MAPS, config_map("near"))
    far = await created(api, "/api/v1/namespaces/kube-system/configmaps", config_map("far"))
    owners = owned_by(near)["ownerReferences"] + owned_by(far)["ownerReferences"]
    await created(api, CONFIG_MAPS, config_map("child", metadata={"ownerReferences": owners}))

    assert await names(api, CONFIG_MAPS) == ["child", "near"]
    await delete(api, f"{CONFIG_MAPS}/near")

    assert await names(api, CONFIG_MAPS) == []


async def test_what_has_no_namespace_stays_with_an_owner_that_has_one(api: httpx2.AsyncClient) -> None:
    owner = await created(api, CONFIG_MAPS, config_map("owner"))

    await created(api, NAMESPACES, {"metadata": {"name": "team", **owned_by(owner)}})

    assert await exists(api, f"{NAMESPACES}/team")


async def test_in_the_foreground_dependents_go_before_their_owner(
    api: httpx2.AsyncClient, storage: Storage
) -> None:
    owner = await created(api, WIDGETS, widget("owner"))
    child = await created(api, CONFIG_MAPS, config_map("child", metadata=owned_by(owner, blocks=True)))
    await created(api, CONFIG_MAPS, config_map("grandchild", metadata=owned_by(child, blocks=True)))
    gone: list[str] = []
    storage.listen(lambda event: gone.append(event.entry.name) if event.type == "DELETED" else None)

    await delete(api, f"{WIDGETS}/owner", propagationPolicy="Foreground")

    assert gone.index("child") < gone.index("owner")
    assert sorted(gone) == ["child", "grandchild", "owner"]


async def test_in_the_foreground_only_dependents_that_block_are_waited_for(api: httpx2.AsyncClient) -> None:
    owner = await created(api, WIDGETS, widget("owner"))
    free = owned_by(owner) | {"finalizers": ["shop.test/tidy"]}
    await created(api, CONFIG_MAPS, config_map("child", metadata=free))

    await delete(api, f"{WIDGETS}/owner", propagationPolicy="Foreground")

    assert not await exists(api, f"{WIDGETS}/owner")
    assert "deletionTimestamp" in (await api.get(f"{CONFIG_MAPS}/child")).json()["metadata"]


async def test_many_are_deleted_as_the_options_say(api: httpx2.AsyncClient) -> None:
    for name, colour in (("a", "red"), ("b", "red"), ("c", "blue")):
        await created(api, WIDGETS, widget(name, metadata={"labels": {"colour": colour}}))
    owner = (await api.get(f"{WIDGETS}/a")).json()
    await created(api, CONFIG_MAPS, config_map("child", metadata=owned_by(owner)))
    red = {"labelSelector": "colour=red"}

    tried = await api.request("DELETE", WIDGETS, params=red, json={"dryRun": ["All"]})
    assert [item["metadata"]["name"] for item in tried.json()["items"]] == ["a", "b"]
    assert await names(api, WIDGETS) == ["a", "b", "c"]
    await api.request("DELETE", WIDGETS, params=red, json={"preconditions": {"uid": "another"}})
    assert await names(api, WIDGETS) == ["a", "b", "c"]

    await api.request("DELETE", WIDGETS, params=red, json={"propagationPolicy": "Orphan"})

    assert await names(api, WIDGETS) == ["c"]
    assert "ownerReferences" not in (await api.get(f"{CONFIG_MAPS}/child")).json()["metadata"]


@pytest.mark.parametrize(
    ("collection", "manifest"),
    [
        (
            "/api/v1/namespaces/default/services",
            {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}},
        ),
        ("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "a"}}),
    ],
)
async def test_some_kinds_answer_with_what_was_deleted(
    api: httpx2.AsyncClient, collection: str, manifest: Any
) -> None:
    there = await created(api, collection, manifest)

    assert (await delete(api, f"{collection}/a")).json() == there


async def test_a_dry_run_of_a_deletion_tells_what_would_hold_it(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w", metadata={"finalizers": ["shop.test/tidy"]}))

    answer = (await delete(api, f"{WIDGETS}/w", dryRun=["All"])).json()

    assert "deletionTimestamp" in answer["metadata"]
    assert "deletionTimestamp" not in (await api.get(f"{WIDGETS}/w")).json()["metadata"]


async def test_a_namespace_goes_with_everything_in_it(api: httpx2.AsyncClient) -> None:
    await created(api, NAMESPACES, {"metadata": {"name": "team"}})
    await created(api, f"{NAMESPACES}/team/configmaps", config_map("a"))
    await created(api, "/apis/shop.test/v1/namespaces/team/widgets", widget("w"))

    await delete(api, f"{NAMESPACES}/team")

    assert await names(api, NAMESPACES) == ["default", "kube-system"]
    assert await names(api, "/apis/shop.test/v1/widgets") == []


async def test_a_namespace_waits_for_what_is_held_and_takes_nothing_new(api: httpx2.AsyncClient) -> None:
    await created(api, NAMESPACES, {"metadata": {"name": "team"}})
    maps = f"{NAMESPACES}/team/configmaps"
    await created(api, maps, config_map("held", metadata={"finalizers": ["shop.test/tidy"]}))

    held = (await delete(api, f"{NAMESPACES}/team")).json()
    assert held["status"]["phase"] == "Terminating"
    assert (await api.post(maps, json=config_map("new"))).status_code == 403

    await patched(api, f"{maps}/held", {"metadata": {"finalizers": None}})
    assert not await exists(api, f"{NAMESPACES}/team")


async def test_a_namespace_that_waits_can_still_be_written_to(api: httpx2.AsyncClient) -> None:
    await created(api, NAMESPACES, {"metadata": {"name": "team"}})
    held = config_map("held", metadata={"finalizers": ["shop.test/tidy"]})
    await created(api, f"{NAMESPACES}/team/configmaps", held)
    await delete(api, f"{NAMESPACES}/team")

    await patched(api, f"{NAMESPACES}/team", {"metadata": {"labels": {"a": "b"}}})

    assert await exists(api, f"{NAMESPACES}/team")


@pytest.mark.parametrize("name", ["default", "kube-system"])
async def test_the_first_namespaces_stay(api: httpx2.AsyncClient, name: str) -> None:
    assert (await delete(api, f"{NAMESPACES}/{name}")).status_code == 403


async def test_a_definition_goes_with_its_objects(api: httpx2.AsyncClient) -> None:
    owner = await created(api, WIDGETS, widget("w"))
    await created(api, CONFIG_MAPS, config_map("child", metadata=owned_by(owner)))

    await delete(api, f"{DEFINITIONS}/widgets.shop.test")

    assert (await api.get(WIDGETS)).status_code == 404
    assert await names(api, CONFIG_MAPS) == []


async def test_a_definition_waits_for_objects_that_are_held(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w", metadata={"finalizers": ["shop.test/tidy"]}))

    await delete(api, f"{DEFINITIONS}/widgets.shop.test")
    assert await exists(api, f"{WIDGETS}/w")

    await patched(api, f"{WIDGETS}/w", {"metadata": {"finalizers": None}})
    assert not await exists(api, f"{DEFINITIONS}/widgets.shop.test")
    assert not await exists(api, "/apis/shop.test/v1")


@pytest.mark.parametrize("options", [{"propagationPolicy": "Sideways"}, {"dryRun": "Some"}])
async def test_options_that_make_no_sense_are_refused(api: httpx2.AsyncClient, options: Any) -> None:
    await created(api, WIDGETS, widget("w"))

    assert (await api.delete(f"{WIDGETS}/w", params=options)).status_code == 422
    assert await exists(api, f"{WIDGETS}/w")


def test_what_a_crash_left_half_done_is_finished_at_the_next_start(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "db")
    reference = {"apiVersion": "v1", "kind": "Thing", "name": "gone", "uid": "gone"}
    metadata = {"name": "child", "namespace": "default", "uid": "u", "ownerReferences": [reference]}
    storage.put("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    storage.close()

    again = Storage(tmp_path / "db")
    Server(again, FrozenClock(), CountingIds())

    assert again.entries("configmaps") == []
    again.close()
