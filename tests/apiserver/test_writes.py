"""Create, replace, patch and apply over HTTP: one path for every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from lmos.apiserver import Server
from lmos.apiserver.objects import Intent
from lmos.apiserver.server import Place
from tests.apiserver.builders import (
    CONFIG_MAPS,
    WIDGETS,
    applied,
    config_map,
    created,
    names,
    patched,
    widget,
)

if TYPE_CHECKING:
    import httpx2

    from lmos.apiserver import Storage
    from lmos.testing.clock import FrozenClock

W = f"{WIDGETS}/w"


async def version_and_spec(api: httpx2.AsyncClient, path: str = W) -> tuple[str, Any]:
    manifest = (await api.get(path)).json()
    return manifest["metadata"]["resourceVersion"], manifest["spec"]


def fields(response: httpx2.Response) -> set[str]:
    return {cause["field"] for cause in response.json()["details"]["causes"]}


async def test_a_new_object_has_an_identity(api: httpx2.AsyncClient) -> None:
    metadata = (await created(api, WIDGETS, widget("w")))["metadata"]

    assert metadata["uid"]
    assert metadata["generation"] == 1
    assert metadata["creationTimestamp"] == "2026-01-01T00:00:00Z"
    assert metadata["namespace"] == "default"
    assert metadata["managedFields"][0]["manager"] == "tests"


async def test_a_name_can_be_generated(api: httpx2.AsyncClient) -> None:
    manifest = widget("x") | {"metadata": {"generateName": "run-"}}

    answers = [await created(api, WIDGETS, manifest) for _ in range(2)]

    first, second = (answer["metadata"]["name"] for answer in answers)
    assert first != second
    assert first.startswith("run-")


class ScriptedIds:
    """Says these, one after the other."""

    def __init__(self, *ids: str) -> None:
        self._ids = iter(ids)

    def new(self) -> str:
        return next(self._ids)


def test_a_generated_name_that_is_taken_is_generated_again(storage: Storage, clock: FrozenClock) -> None:
    server = Server(storage, clock, ScriptedIds("default", "kube-system", "0-aaaaa", "1-aaaaa", "2-bbbbb"))
    config_maps = server.catalogue.find("", "v1", "configmaps")
    assert config_maps

    wanted, intent = {"metadata": {"generateName": "run-"}}, Intent("m", server.timestamp())

    made = [server.create(Place(config_maps, "default"), wanted, intent) for _ in range(2)]

    assert [written.entry.name for written in made] == ["run-aaaaa", "run-bbbbb"]


async def test_a_name_can_be_used_once(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w"))

    response = await api.post(WIDGETS, json=widget("w"))

    assert (response.status_code, response.json()["reason"]) == (409, "AlreadyExists")
    assert response.json()["details"] == {"name": "w", "group": "shop.test", "kind": "widgets"}


async def test_every_problem_is_named_with_its_field(api: httpx2.AsyncClient) -> None:
    response = await api.post(WIDGETS, json=widget("w", weight=500, tags=["a", "a"], image="?"))

    assert response.status_code == 422
    assert fields(response) == {"spec.weight", "spec.tags[1]", "spec.image"}
    assert response.json()["message"].startswith('Widget.shop.test "w" is invalid: ')


async def test_unknown_fields_are_warned_about_refused_or_ignored(api: httpx2.AsyncClient) -> None:
    warned = await api.post(WIDGETS, json=widget("a", nope=1))
    refused = await api.post(WIDGETS, json=widget("b", nope=1), params={"fieldValidation": "Strict"})
    ignored = await api.post(WIDGETS, json=widget("c", nope=1), params={"fieldValidation": "Ignore"})

    assert "nope" not in warned.json()["spec"]
    assert warned.headers["warning"] == r'299 - "unknown field \"spec.nope\""'
    assert (refused.status_code, "spec.nope" in refused.json()["message"]) == (400, True)
    assert (ignored.status_code, "warning" in ignored.headers) == (201, False)


async def test_a_stale_write_is_a_conflict(api: httpx2.AsyncClient) -> None:
    manifest = await created(api, WIDGETS, widget("w"))
    manifest["spec"]["weight"] = 1
    assert (await api.put(W, json=manifest)).status_code == 200

    manifest["spec"]["weight"] = 2
    response = await api.put(W, json=manifest)

    assert (response.status_code, response.json()["reason"]) == (409, "Conflict")


async def test_a_write_for_another_incarnation_is_a_conflict(api: httpx2.AsyncClient) -> None:
    manifest = await created(api, WIDGETS, widget("w"))
    del manifest["metadata"]["resourceVersion"]
    manifest["metadata"]["uid"] = "another"

    assert (await api.put(W, json=manifest)).status_code == 409


async def test_a_replacement_without_change_keeps_the_version(api: httpx2.AsyncClient) -> None:
    manifest = await created(api, WIDGETS, widget("w"))

    answer = (await api.put(W, json=manifest)).json()

    assert answer["metadata"]["resourceVersion"] == manifest["metadata"]["resourceVersion"]


async def test_true_is_not_one(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w", free={"value": 1}))

    await patched(api, W, {"spec": {"free": {"value": True}}})

    assert (await version_and_spec(api))[1]["free"]["value"] is True


async def test_the_generation_counts_changes_of_the_spec(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w"))

    async def generation(patch: Any, path: str = W) -> int:
        return int((await patched(api, path, patch)).json()["metadata"]["generation"])

    assert await generation({"metadata": {"labels": {"a": "b"}}}) == 1
    assert await generation({"status": {"phase": "X"}}, f"{W}/status") == 1
    assert await generation({"spec": {"weight": 5}}) == 2


async def test_status_and_spec_are_written_apart(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w") | {"status": {"phase": "ignored"}})
    manifest = (await api.get(W)).json()
    assert "status" not in manifest

    both = manifest | {"status": {"phase": "Y"}, "spec": {"image": "other"}}
    answer = await api.put(f"{W}/status", json=both)

    assert answer.json()["status"] == {"phase": "Y"}
    assert answer.json()["spec"]["image"] == "a:1"
    kept = await api.put(W, json=answer.json() | {"status": {"phase": "Z"}})
    assert kept.json()["status"] == {"phase": "Y"}


async def test_system_metadata_is_the_servers(api: httpx2.AsyncClient) -> None:
    manifest = await created(api, WIDGETS, widget("w"))
    before = dict(manifest["metadata"])
    manifest["metadata"] |= {
        "creationTimestamp": "1999-01-01T00:00:00Z",
        "generation": 77,
        "labels": {"a": "b"},
    }
    del manifest["metadata"]["managedFields"]

    after = (await api.put(W, json=manifest)).json()["metadata"]

    assert after["labels"] == {"a": "b"}
    assert (after["creationTimestamp"], after["generation"]) == (before["creationTimestamp"], 1)


async def test_patches_of_every_kind(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w", weight=1))
    operation = {"op": "replace", "path": "/spec/weight", "value": 3}

    assert (await patched(api, W, {"spec": {"weight": 2}})).json()["spec"]["weight"] == 2
    assert (await patched(api, W, [operation], "json")).json()["spec"]["weight"] == 3
    refused = await patched(api, W, {"spec": {}}, "strategic-merge")
    assert (refused.status_code, refused.json()["reason"]) == (415, "UnsupportedMediaType")


async def test_a_dry_run_says_what_would_be_and_stores_nothing(api: httpx2.AsyncClient) -> None:
    new = await api.post(WIDGETS, json=widget("dry"), params={"dryRun": "All"})
    assert (new.status_code, new.json()["spec"]["weight"]) == (201, 10)
    await created(api, WIDGETS, widget("w", weight=1))
    before = await version_and_spec(api)

    changed = await patched(api, f"{W}?dryRun=All", {"spec": {"weight": 2}})
    await api.request("DELETE", W, params={"dryRun": "All"})

    assert changed.json()["spec"]["weight"] == 2
    assert await version_and_spec(api) == before
    assert await names(api, WIDGETS) == ["w"]


async def test_apply_creates_then_changes_then_does_nothing(
    api: httpx2.AsyncClient, clock: FrozenClock
) -> None:
    assert (await applied(api, W, widget("w", weight=1), "lmos")).status_code == 201
    clock.advance(60)
    changed = (await applied(api, W, widget("w", weight=2), "lmos")).json()
    clock.advance(60)
    again = (await applied(api, W, widget("w", weight=2), "lmos")).json()

    assert changed["metadata"]["generation"] == 2
    assert again == changed


async def test_apply_refuses_to_overrule_another_manager_unless_forced(api: httpx2.AsyncClient) -> None:
    await applied(api, W, widget("w", weight=1), "lmos")

    refused = await applied(api, W, widget("w", weight=2), "argo")
    forced = await applied(api, W, widget("w", weight=2), "argo", force=True)

    assert (refused.status_code, refused.json()["reason"]) == (409, "Conflict")
    assert refused.json()["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "lmos"', "field": ".spec.weight"}
    ]
    assert forced.json()["spec"]["weight"] == 2


async def test_a_field_that_is_applied_no_more_falls_back_to_its_default(api: httpx2.AsyncClient) -> None:
    await applied(api, W, widget("w", weight=1), "lmos")

    assert (await applied(api, W, widget("w"), "lmos")).json()["spec"]["weight"] == 10


async def test_a_default_belongs_to_nobody(api: httpx2.AsyncClient) -> None:
    await applied(api, W, widget("w"), "a")

    assert (await applied(api, W, widget("w", weight=3), "b")).status_code == 200


async def test_the_status_is_owned_apart(api: httpx2.AsyncClient) -> None:
    await applied(api, W, widget("w", weight=1), "lmos")
    status = widget("w", weight=99) | {"status": {"phase": "Up"}}

    answer = (await applied(api, f"{W}/status", status, "lmos")).json()

    assert (answer["spec"]["weight"], answer["status"]) == (1, {"phase": "Up"})
    owners = [entry.get("subresource", "") for entry in answer["metadata"]["managedFields"]]
    assert sorted(owners) == ["", "status"]
    assert (await applied(api, W, widget("w", weight=1), "lmos")).json()["status"] == {"phase": "Up"}


async def test_apply_takes_yaml(api: httpx2.AsyncClient) -> None:
    body = b"kind: Widget\nmetadata: {name: w}\nspec: {image: 'a:1', note: 2026-01-01}\n"
    headers = {"content-type": "application/apply-patch+yaml"}

    answer = await api.patch(W, content=body, params={"fieldManager": "m"}, headers=headers)

    assert (answer.status_code, answer.json()["spec"]["note"]) == (201, "2026-01-01")


async def test_apply_needs_a_manager(api: httpx2.AsyncClient) -> None:
    headers = {"content-type": "application/apply-patch+yaml"}

    response = await api.patch(W, content=orjson.dumps(widget("w")), headers=headers)

    assert (response.status_code, fields(response)) == (422, {"fieldManager"})


async def test_apply_does_not_take_managed_fields(api: httpx2.AsyncClient) -> None:
    manifest = await created(api, WIDGETS, widget("w"))

    assert (await applied(api, W, manifest, "m")).status_code == 400


async def test_scale_is_a_view_of_the_replicas(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w", replicas=1))
    await patched(api, f"{W}/status", {"status": {"replicas": 1, "selector": "app=w"}})

    scale = (await api.get(f"{W}/scale")).json()
    scale["spec"]["replicas"] = 4
    changed = (await api.put(f"{W}/scale", json=scale)).json()
    stale = await api.put(f"{W}/scale", json=scale)
    again = (await patched(api, f"{W}/scale", {"spec": {"replicas": 5}})).json()

    assert scale["status"] == {"replicas": 1, "selector": "app=w"}
    assert (changed["kind"], changed["spec"]["replicas"], again["spec"]["replicas"]) == ("Scale", 4, 5)
    assert stale.status_code == 409
    assert (await version_and_spec(api))[1]["replicas"] == 5


async def test_nothing_is_created_where_there_is_no_namespace(api: httpx2.AsyncClient) -> None:
    response = await api.post("/api/v1/namespaces/nowhere/configmaps", json=config_map("a"))

    assert (response.status_code, response.json()["details"]["kind"]) == (404, "namespaces")


@pytest.mark.parametrize("metadata", [{"namespace": "kube-system"}, {"resourceVersion": "5"}])
async def test_an_object_must_fit_the_path_that_it_is_sent_to(api: httpx2.AsyncClient, metadata: Any) -> None:
    assert (await api.post(CONFIG_MAPS, json=config_map("a", metadata=metadata))).status_code == 400


async def test_a_status_that_was_left_out_is_removed(api: httpx2.AsyncClient) -> None:
    await created(api, WIDGETS, widget("w"))
    await patched(api, f"{W}/status", {"status": {"phase": "X"}})

    manifest = (await patched(api, f"{W}/status", {"status": None})).json()

    assert "status" not in manifest
