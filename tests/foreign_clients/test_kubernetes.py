"""The official Python client, unmodified, against the embedded API server."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# The package is typed in parts, and wants its own models where it takes plain objects as well.
kubernetes: Any = pytest.importorskip("kubernetes")
dynamic: Any = pytest.importorskip("kubernetes.dynamic")
informing: Any = pytest.importorskip("kubernetes.informer")
config: Any = pytest.importorskip("kubernetes.leaderelection.electionconfig")
election: Any = pytest.importorskip("kubernetes.leaderelection.leaderelection")
lease: Any = pytest.importorskip("kubernetes.leaderelection.resourcelock.leaselock")
locked: Any = pytest.importorskip("kubernetes.leaderelection.resourcelock.configmaplock")

CHANNELS = {"group": "lmos.eclipse", "version": "v1", "namespace": "default", "plural": "channels"}


@pytest.fixture
def api(kubeconfig: Path) -> Iterator[Any]:
    kubernetes.config.load_kube_config(str(kubeconfig))
    with kubernetes.client.ApiClient() as client:
        yield client


def channel(name: str, version: str = ">=1.0.0") -> dict[str, Any]:
    return {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Channel",
        "metadata": {"name": name},
        "spec": {"requiredCapabilities": [{"name": "view-bill", "version": version}]},
    }


def deployment(name: str) -> dict[str, Any]:
    pod = {"containers": [{"name": "main", "image": "agent:1", "command": ["true"]}]}
    return {
        "metadata": {"name": name},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        },
    }


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "data": data}


def test_the_core_api(api: Any) -> None:
    core = kubernetes.client.CoreV1Api(api)
    made = core.create_namespaced_config_map("default", config_map("core", a="1"))

    made.data = {"a": "2"}
    assert core.replace_namespaced_config_map("core", "default", made).data == {"a": "2"}
    assert core.patch_namespaced_config_map("core", "default", {"data": {"b": "3"}}).data["b"] == "3"
    assert "core" in [item.metadata.name for item in core.list_namespaced_config_map("default").items]
    assert core.delete_namespaced_config_map("core", "default")["status"] == "Success"
    with pytest.raises(kubernetes.client.ApiException) as refusal:
        core.read_namespaced_config_map("core", "default")
    assert refusal.value.status == 404


def test_the_apps_api_scales(api: Any) -> None:
    apps = kubernetes.client.AppsV1Api(api)
    apps.create_namespaced_deployment("default", deployment("scaled"))

    apps.patch_namespaced_deployment_scale("scaled", "default", {"spec": {"replicas": 3}})

    found = apps.read_namespaced_deployment("scaled", "default")
    assert (found.spec.replicas, found.metadata.generation) == (3, 2)
    assert found.spec.strategy.rolling_update.max_surge == "25%"


def test_custom_objects_with_status(api: Any) -> None:
    objects = kubernetes.client.CustomObjectsApi(api)
    objects.create_namespaced_custom_object(body=channel("custom"), **CHANNELS)

    status = {"status": {"resolveStatus": "RESOLVED"}}
    objects.patch_namespaced_custom_object_status(name="custom", body=status, **CHANNELS)

    found = objects.get_namespaced_custom_object(name="custom", **CHANNELS)
    assert found["status"]["resolveStatus"] == "RESOLVED"
    bad = channel("bad") | {"spec": {"requiredCapabilities": 5}}
    with pytest.raises(kubernetes.client.ApiException, match="requiredCapabilities"):
        objects.create_namespaced_custom_object(body=bad, **CHANNELS)


def test_the_dynamic_client_discovers_and_applies(api: Any) -> None:
    channels = dynamic.DynamicClient(api).resources.get(api_version="lmos.eclipse/v1", kind="Channel")

    channels.server_side_apply(body=channel("dynamic"), namespace="default", field_manager="one")
    conflicting = channel("dynamic", version="<2.0.0")
    with pytest.raises(kubernetes.client.ApiException, match="conflict with"):
        channels.server_side_apply(body=conflicting, namespace="default", field_manager="two")

    assert channels.get(name="dynamic", namespace="default").metadata.generation == 1


def test_a_watch_goes_on_from_a_list(api: Any) -> None:
    core = kubernetes.client.CoreV1Api(api)
    version = core.list_namespaced_config_map("default").metadata.resource_version
    core.create_namespaced_config_map("default", config_map("seen"))
    core.delete_namespaced_config_map("seen", "default")

    watch = kubernetes.watch.Watch()
    seen = []
    for event in watch.stream(core.list_namespaced_config_map, "default", resource_version=version):
        seen.append((event["type"], event["object"].metadata.name))
        if event["type"] == "DELETED":
            watch.stop()

    assert seen == [("ADDED", "seen"), ("DELETED", "seen")]


def test_an_informer_keeps_up(api: Any) -> None:
    core = kubernetes.client.CoreV1Api(api)
    core.create_namespace({"metadata": {"name": "informed"}})
    core.create_namespaced_config_map("informed", config_map("before"))
    informer = informing.SharedInformer(core.list_namespaced_config_map, namespace="informed")
    seen: list[tuple[str, str]] = []
    changed = threading.Condition()

    def note(kind: str) -> Callable[[Any], None]:
        def noted(item: Any) -> None:
            with changed:
                seen.append((kind, item.metadata.name))
                changed.notify_all()

        return noted

    def wait_for(*expected: tuple[str, str]) -> None:
        with changed:
            assert changed.wait_for(lambda: set(expected) <= set(seen), timeout=10), seen

    for kind in ("ADDED", "MODIFIED", "DELETED"):
        informer.add_event_handler(kind, note(kind))
    informer.start()
    wait_for(("ADDED", "before"))
    core.create_namespaced_config_map("informed", config_map("during"))
    core.patch_namespaced_config_map("during", "informed", {"data": {"a": "1"}})
    core.delete_namespaced_config_map("before", "informed")
    wait_for(("ADDED", "during"), ("MODIFIED", "during"), ("DELETED", "before"))
    kept = [item.metadata.name for item in informer.cache.list()]
    informer.stop()

    assert kept == ["during"]


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("lock", [lease.LeaseLock, locked.ConfigMapLock])
def test_another_candidate_leads_when_the_leader_stops(lock: Any) -> None:
    name = f"election-{lock.__name__.lower()}"
    leads = {"first": threading.Event(), "second": threading.Event()}
    first_may_stop, done = threading.Event(), threading.Event()

    def first_leads() -> None:
        leads["first"].set()
        first_may_stop.wait(30)
        raise RuntimeError("a leader that fails stops leading")

    def second_leads() -> None:
        leads["second"].set()
        done.set()
        raise RuntimeError("so that the election ends with the test")

    def stand(candidate: str, leading: Callable[[], None]) -> threading.Thread:
        terms = config.Config(
            lock(name, "default", candidate),
            lease_duration=2,
            renew_deadline=1.5,
            retry_period=1,
            onstarted_leading=leading,
            onstopped_leading=lambda: None,
        )
        thread = threading.Thread(target=election.LeaderElection(terms).run, daemon=True)
        thread.start()
        return thread

    first = stand("first", first_leads)
    assert leads["first"].wait(10)
    second = stand("second", second_leads)
    first_may_stop.set()

    assert leads["second"].wait(20)
    first.join(10)
    second.join(10)
