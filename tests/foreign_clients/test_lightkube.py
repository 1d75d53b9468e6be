"""lightkube, unmodified, against the embedded API server: the synchronous and the asynchronous client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lightkube import ApiError, AsyncClient, Client, KubeConfig
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Namespace
from lightkube.types import CascadeType, PatchType

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Channel = create_namespaced_resource("lmos.eclipse", "v1", "Channel", "channels")


def settings(name: str, namespace: str = "default", **data: str) -> ConfigMap:
    metadata = ObjectMeta(name=name, namespace=namespace, labels={"suite": "lightkube"})
    return ConfigMap(metadata=metadata, data=data)


def name_of(item: ConfigMap) -> str:
    return str(item.metadata.name) if item.metadata else ""


@pytest.fixture
def client(kubeconfig: Path) -> Iterator[Client]:
    config = KubeConfig.from_file(str(kubeconfig))
    with Client(config=config, field_manager="tests", trust_env=False) as client:
        yield client


def test_an_object_lives_its_life(client: Client) -> None:
    made = client.create(settings("life", a="1"))
    assert made.metadata
    assert made.metadata.uid

    assert client.get(ConfigMap, "life").data == {"a": "1"}
    made.data = {"a": "2"}
    assert client.replace(made).data == {"a": "2"}
    assert client.patch(ConfigMap, "life", {"data": {"b": "3"}}).data == {"a": "2", "b": "3"}
    patched = client.patch(ConfigMap, "life", {"data": {"a": None}}, patch_type=PatchType.MERGE)
    assert patched.data == {"b": "3"}
    client.delete(ConfigMap, "life", cascade=CascadeType.FOREGROUND)
    with pytest.raises(ApiError) as refusal:
        client.get(ConfigMap, "life")
    assert refusal.value.status.code == 404
    assert refusal.value.status.reason == "NotFound"


def test_lists_come_in_pages_and_by_label(client: Client) -> None:
    for number in range(5):
        client.apply(settings(f"page-{number}"))

    found = [name_of(item) for item in client.list(ConfigMap, labels={"suite": "lightkube"}, chunk_size=2)]

    assert [name for name in found if name.startswith("page-")] == [f"page-{number}" for number in range(5)]


def test_two_managers_apply_and_one_is_told_of_the_conflict(client: Client) -> None:
    client.apply(settings("shared", a="1"), field_manager="one")
    with pytest.raises(ApiError, match='conflict with "one"'):
        client.apply(settings("shared", a="2"), field_manager="two")

    assert client.apply(settings("shared", a="2"), field_manager="two", force=True).data == {"a": "2"}


def test_our_kinds_are_generic_resources(client: Client) -> None:
    spec = {"requiredCapabilities": [{"name": "view-bill", "version": ">=1.0.0"}]}
    client.apply(Channel(metadata=ObjectMeta(name="web"), spec=spec))

    status = Channel.Status(metadata=ObjectMeta(name="web"), status={"resolveStatus": "RESOLVED"})
    client.apply(status)

    channel = client.get(Channel, "web")
    assert channel.spec == spec
    assert dict(channel)["status"]["resolveStatus"] == "RESOLVED"


def test_a_refused_object_says_which_field(client: Client) -> None:
    with pytest.raises(ApiError, match=r"spec\.requiredCapabilities"):
        client.create(Channel(metadata=ObjectMeta(name="bad"), spec={"requiredCapabilities": "none"}))


def test_a_watch_tells_what_happened_since_a_list(client: Client) -> None:
    listed = client.list(ConfigMap)
    list(listed)
    version = listed.resourceVersion
    client.create(settings("watched", a="1"))
    client.patch(ConfigMap, "watched", {"data": {"a": "2"}})
    client.delete(ConfigMap, "watched")

    seen = []
    for change, item in client.watch(
        ConfigMap, fields={"metadata.name": "watched"}, resource_version=version
    ):
        seen.append((change, (item.data or {}).get("a")))
        if change == "DELETED":
            break

    assert seen == [("ADDED", "1"), ("MODIFIED", "2"), ("DELETED", "2")]


async def test_the_asynchronous_client_does_the_same(kubeconfig: Path) -> None:
    client = AsyncClient(config=KubeConfig.from_file(str(kubeconfig)), field_manager="tests", trust_env=False)
    await client.create(Namespace(metadata=ObjectMeta(name="elsewhere")))
    await client.apply(settings("a", "elsewhere", k="v"))

    assert [name_of(item) async for item in client.list(ConfigMap, namespace="elsewhere")] == ["a"]
    async for change, item in client.watch(ConfigMap, namespace="elsewhere"):
        assert (change, item.data) == ("ADDED", {"k": "v"})
        break
    await client.delete(Namespace, "elsewhere")
    with pytest.raises(ApiError):
        await client.get(Namespace, "elsewhere")
    await client.close()
