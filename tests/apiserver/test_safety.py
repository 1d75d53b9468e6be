"""Strangers, bad input and accidents: always a Status, never a traceback, never a lost write."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2
import orjson
import pytest

from lmos.adapters.kubernetes.inprocess import AsgiTransport
from lmos.apiserver import app
from lmos.apiserver.storage import StorageFull
from tests.apiserver.builders import CONFIG_MAPS, WIDGETS, config_map, created, definition, patched, widget

if TYPE_CHECKING:
    from lmos.apiserver import Server, Storage


def refusal(response: httpx2.Response) -> tuple[int, str]:
    status = response.json()
    assert (status["kind"], status["status"], status["code"]) == ("Status", "Failure", response.status_code)
    return response.status_code, status["reason"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer wrong",
        "Basic c2VjcmV0",
        "Basic !",
        "Basic bG1vczp3cm9uZw==",
        "secret",
        "Bearer sécret",
    ],
)
@pytest.mark.parametrize("path", ["/api", "/version", "/openapi/v2", CONFIG_MAPS, "/nope"])
async def test_nobody_gets_in_without_the_token(stranger: httpx2.AsyncClient, header: str, path: str) -> None:
    response = await stranger.get(path, headers={b"authorization": header.encode("latin-1")})

    assert refusal(response) == (401, "Unauthorized")


async def test_the_token_may_come_as_a_password(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/api", auth=("lmos", "secret"))

    assert response.status_code == 200


async def test_nobody_writes_without_the_token(stranger: httpx2.AsyncClient, storage: Storage) -> None:
    response = await stranger.post(CONFIG_MAPS, json=config_map("a"))

    assert refusal(response) == (401, "Unauthorized")
    assert storage.entries("configmaps") == []


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
async def test_everybody_may_ask_for_health(stranger: httpx2.AsyncClient, path: str) -> None:
    assert (await stranger.get(path)).text == "ok"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", ""])
async def test_a_name_that_is_not_loopback_is_refused(api: httpx2.AsyncClient, host: str) -> None:
    assert refusal(await api.get("/api", headers={"host": host})) == (403, "Forbidden")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8001", "127.0.0.1:8001", "[::1]:8001"])
async def test_loopback_names_are_served(api: httpx2.AsyncClient, host: str) -> None:
    assert (await api.get("/api", headers={"host": host})).status_code == 200


async def test_more_names_can_be_allowed(server: Server) -> None:
    transport = AsgiTransport(app(server, token="t", hosts={"api.test"}))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api.test") as client:
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/livez", headers={"host": "localhost"})).status_code == 403


DEEP = b'{"a":' * 300 + b"1" + b"}" * 300
APPLY = "application/apply-patch+yaml"


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"", "application/json", (400, "BadRequest")),
        (b"{", "application/json", (400, "BadRequest")),
        (b"[]", "application/json", (400, "BadRequest")),
        (b"null", "application/json", (400, "BadRequest")),
        (b'"text"', "application/json", (400, "BadRequest")),
        (b'{"metadata": []}', "application/json", (400, "BadRequest")),
        (b'{"metadata": {"name": "\xff"}}', "application/json", (400, "BadRequest")),
        ('{"metadata": {"name": "a"}}'.encode("utf-16"), "application/json", (400, "BadRequest")),
        (DEEP, "application/json", (400, "BadRequest")),
        (b'{"kind": "Secret", "metadata": {"name": "a"}}', "application/json", (400, "BadRequest")),
        (b'{"apiVersion": "v9", "metadata": {"name": "a"}}', "application/json", (400, "BadRequest")),
        (b"{}", "application/json", (422, "Invalid")),
        (b"{}", "application/vnd.kubernetes.protobuf", (400, "BadRequest")),
        (b"{}", "text/plain", (415, "UnsupportedMediaType")),
        (b"a: [", "application/yaml", (400, "BadRequest")),
        (b"a: &a [x, x]\nb: [*a, *a]", "application/yaml", (400, "BadRequest")),
        (b"? [a]\n: b", "application/yaml", (400, "BadRequest")),
        (b"[" * 5000, "application/yaml", (400, "BadRequest")),
        (b"x: 123456789012345678901234567890", "application/yaml", (400, "BadRequest")),
        (b"x" * (3 * 1024 * 1024 + 1), "application/json", (413, "RequestEntityTooLarge")),
    ],
)
async def test_a_body_that_is_no_object_is_refused(
    api: httpx2.AsyncClient, body: bytes, content_type: str, expected: tuple[int, str]
) -> None:
    response = await api.post(CONFIG_MAPS, content=body, headers={"content-type": content_type})

    assert refusal(response) == expected


@pytest.mark.parametrize(
    "metadata",
    [
        {"name": "a/b"},
        {"name": "../../etc/passwd"},
        {"name": "a\u0000b"},
        {"name": "a b"},
        {"name": "Ünïcode"},
        {"name": ""},
        {"generateName": "UPPER-"},
        {"name": "a", "labels": {"k": "no spaces allowed"}},
        {"name": "a", "annotations": {"k": "x" * 300_000}},
        {"name": "a", "finalizers": ["nobodys"]},
    ],
)
async def test_metadata_that_breaks_a_rule_is_refused(api: httpx2.AsyncClient, metadata: Any) -> None:
    response = await api.post(CONFIG_MAPS, json={"metadata": metadata})

    assert refusal(response) == (422, "Invalid")
    assert response.json()["details"]["causes"]


@pytest.mark.parametrize(
    "metadata",
    [
        {"name": 7},
        {"name": "a", "labels": "none"},
        {"name": "a", "ownerReferences": "none"},
        {"name": "a", "ownerReferences": [7]},
        {"name": "a", "finalizers": [7]},
    ],
)
async def test_metadata_of_the_wrong_shape_is_refused(api: httpx2.AsyncClient, metadata: Any) -> None:
    assert refusal(await api.post(CONFIG_MAPS, json={"metadata": metadata})) == (400, "BadRequest")


@pytest.mark.parametrize("metadata", [{"name": "w", "labels": 5}, {"name": "w", "finalizers": {"a": 1}}])
@pytest.mark.parametrize(
    "spec",
    [{"ports": [5]}, {"ports": {"a": 1}}, {"tags": 5}, 7, [], {"options": [1]}, {"ports": [{"name": {}}]}],
)
async def test_values_of_the_wrong_shape_are_refused_on_every_way_in(
    api: httpx2.AsyncClient, metadata: Any, spec: Any
) -> None:
    manifest = {"metadata": metadata, "spec": spec}
    await created(api, WIDGETS, widget("there"))

    ways = [
        await api.post(WIDGETS, json=manifest),
        await api.patch(
            f"{WIDGETS}/w", json=manifest, params={"fieldManager": "m"}, headers={"content-type": APPLY}
        ),
        await api.put(f"{WIDGETS}/there", json=manifest | {"metadata": metadata | {"name": "there"}}),
    ]

    # An apply cannot even be merged where an object stands in the place of a list.
    assert [response.status_code for response in ways] in ([422, 422, 422], [422, 500, 422])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{WIDGETS}/w"),
        ("PUT", WIDGETS),
        ("PATCH", WIDGETS),
        ("POST", "/apis/shop.test/v1/widgets"),
        ("DELETE", "/apis/shop.test/v1/widgets"),
        ("DELETE", f"{WIDGETS}/w/status"),
        ("OPTIONS", f"{WIDGETS}/w"),
    ],
)
async def test_verbs_that_a_path_does_not_have_are_not_allowed(
    api: httpx2.AsyncClient, method: str, path: str
) -> None:
    assert refusal(await api.request(method, path)) == (405, "MethodNotAllowed")


@pytest.mark.parametrize(
    "path",
    [
        f"{WIDGETS}/absent",
        f"{WIDGETS}/absent/status",
        f"{WIDGETS}/w/nope",
        f"{WIDGETS}/a%2Fb",
        f"{WIDGETS}/a%00b",
        f"{WIDGETS}/",
        f"{WIDGETS}//x",
        "/api/v1/namespaces/default/../../../etc/passwd",
        "/api/v1/namespaces//configmaps",
        "/api/v1/namespaces/default/namespaces",
    ],
)
async def test_paths_that_lead_nowhere_are_not_found(api: httpx2.AsyncClient, path: str) -> None:
    assert refusal(await api.get(path)) == (404, "NotFound")


@pytest.mark.parametrize(
    "params",
    [
        {"dryRun": "Some"},
        {"fieldValidation": "Maybe"},
        {"fieldManager": "x" * 200},
        {"fieldManager": "a\nb"},
    ],
)
async def test_options_that_make_no_sense_are_refused(
    api: httpx2.AsyncClient, params: dict[str, str]
) -> None:
    response = await api.post(CONFIG_MAPS, json=config_map("a"), params=params)

    assert refusal(response) == (422, "Invalid")
    assert response.json()["details"]["kind"] == "CreateOptions"


@pytest.mark.parametrize(
    ("collection", "manifest"),
    [
        ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {}),
        ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {"spec": {"versions": [5], "names": 7}}),
        ("/api/v1/namespaces/default/services", {"spec": {"ports": [5]}}),
        ("/api/v1/namespaces/default/services", {"spec": "none"}),
        ("/api/v1/namespaces/default/secrets", {"stringData": 5}),
        ("/apis/apps/v1/namespaces/default/deployments", {"spec": {"selector": 5, "template": []}}),
        ("/api/v1/namespaces/default/pods", {"spec": {"containers": "none"}}),
    ],
)
async def test_built_in_kinds_of_the_wrong_shape_are_refused(
    api: httpx2.AsyncClient, collection: str, manifest: Any
) -> None:
    response = await api.post(collection, json={"metadata": {"name": "a"}, **manifest})

    assert refusal(response) in ((422, "Invalid"), (400, "BadRequest"))


@pytest.mark.parametrize(
    ("kind", "patch", "expected"),
    [
        ("json", [{"op": "add", "path": 5, "value": 1}], 422),
        ("json", [{"op": "replace", "path": "", "value": 5}], 400),
        ("json", [{"op": "copy", "from": "/data", "path": f"/data/{name}"} for name in "xy" * 20], 413),
        ("json", [{"op": "remove", "path": "/metadata"}] * 10_001, 413),
        ("merge", 5, 400),
        ("merge", {"metadata": {"name": "other"}}, 400),
        ("merge", {"metadata": {"annotations": {"a": "x" * 300_000}}}, 422),
        ("strategic-merge", {"$deleteFromPrimitiveList/data": 5}, 400),
        ("strategic-merge", {"$patch": {"a": 1}}, 400),
    ],
)
async def test_a_hostile_patch_is_refused(
    api: httpx2.AsyncClient, kind: str, patch: Any, expected: int
) -> None:
    await created(api, CONFIG_MAPS, config_map("a", text="x" * 1000))

    response = await patched(api, f"{CONFIG_MAPS}/a", patch, kind)

    assert refusal(response)[0] == expected


@pytest.mark.parametrize(("more", "expected"), [(0, 201), (1, 422)])
async def test_annotations_have_room_together(api: httpx2.AsyncClient, more: int, expected: int) -> None:
    annotations = {"a": "x" * (128 * 1024 - 1), "b": "ä" * (64 * 1024 - 1) + "x" * (1 + more)}

    response = await api.post(CONFIG_MAPS, json=config_map("a", metadata={"annotations": annotations}))

    assert response.status_code == expected


@pytest.mark.parametrize("duration", ["abc", "5", "s", "1 s", "1y", "--1s", "٣s"])
async def test_a_timeout_that_is_no_duration_is_refused(api: httpx2.AsyncClient, duration: str) -> None:
    read = await api.get(CONFIG_MAPS, params={"timeout": duration})
    written = await api.post(CONFIG_MAPS, json=config_map("a"), params={"timeout": duration})

    assert refusal(read) == refusal(written) == (400, "BadRequest")


@pytest.mark.parametrize("duration", ["", "0", "32s", "1m30.5s", "-1s", "100ms", "99999h"])
async def test_a_request_in_time_is_answered(api: httpx2.AsyncClient, duration: str) -> None:
    response = await api.post(CONFIG_MAPS, json=config_map("a"), params={"timeout": duration})

    assert response.status_code == 201


async def test_a_body_that_does_not_come_is_not_waited_for(server: Server) -> None:
    pieces = [{"type": "http.request", "body": b"{", "more_body": True}]
    sent: list[Any] = []

    async def receive() -> Any:
        return pieces.pop() if pieces else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"authorization", b"Bearer t")]
    request = {"type": "http", "method": "POST", "path": CONFIG_MAPS, "query_string": b"timeout=10ms"}
    await app(server, token="t")(request | {"headers": headers, "root_path": ""}, receive, send)

    assert sent[0]["status"] == 504
    assert orjson.loads(sent[1]["body"])["reason"] == "Timeout"


async def test_an_object_cannot_grow_without_end(api: httpx2.AsyncClient) -> None:
    await created(api, CONFIG_MAPS, config_map("a", first="x" * 2_000_000))

    response = await patched(api, f"{CONFIG_MAPS}/a", {"data": {"second": "x" * 2_000_000}})

    assert refusal(response) == (413, "RequestEntityTooLarge")


@pytest.mark.parametrize(
    "options", [[], {"preconditions": 5}, {"preconditions": {"uid": 5}}, {"dryRun": ["Some"]}]
)
async def test_options_of_a_deletion_that_make_no_sense_delete_nothing(
    api: httpx2.AsyncClient, options: Any
) -> None:
    await created(api, CONFIG_MAPS, config_map("a"))

    response = await api.request("DELETE", f"{CONFIG_MAPS}/a", json=options)

    assert refusal(response)[0] in (400, 409, 422)
    assert (await api.get(f"{CONFIG_MAPS}/a")).status_code == 200


async def test_a_full_disk_is_a_status(
    api: httpx2.AsyncClient, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageFull("objects.db cannot be written: the disk is full.", hint="Free some space.")

    monkeypatch.setattr(storage, "put", full)

    response = await api.post(CONFIG_MAPS, json=config_map("a"))

    assert refusal(response) == (507, "InternalError")
    assert "Free some space" in response.json()["message"]


async def test_a_hostile_definition_is_refused_as_well(api: httpx2.AsyncClient) -> None:
    manifest = definition("gadgets", "Gadget")
    manifest["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {
        "type": "object",
        "properties": {"a": {"type": "string", "minLength": "many"}, "b": {"type": "object", "required": 5}},
    }

    response = await api.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", json=manifest)

    assert refusal(response) == (422, "Invalid")
