"""Pods on the local node: objects that people can look at, configure and delete."""

from __future__ import annotations

import asyncio
import base64
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.resources.kinds import CONFIG_MAP, DEPLOYMENT, POD, POD_METRICS, SECRET, SERVICE
from lmos.testing.cluster import memory_cluster
from lmos.testing.waiting import eventually
from tests.localnode.test_node import SAYS, deployment, machine, node_over, service

if TYPE_CHECKING:
    from pathlib import Path

    from lmos.core.resources.kinds import Kind, Manifest
    from tests.localnode.test_node import Machine

pytestmark = pytest.mark.e2e

PRINTS_COLOUR = "import os\nprint('the colour is', os.environ['COLOUR'], flush=True)\n"
CRASHES_WHEN_TOLD = f"""
import os, sys, threading, time
def watch():
    while not os.path.exists(sys.argv[2]): time.sleep(0.02)
    os.remove(sys.argv[2])
    print("told to crash", flush=True)
    os._exit(7)
threading.Thread(target=watch, daemon=True).start()
print("process", os.getpid(), flush=True)
{SAYS}"""
STOPS_ANSWERING = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if os.path.exists(sys.argv[1]) and self.path == "/alive" else 200)
        self.end_headers()
    def log_message(self, *args): pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def settings(kind: Kind, **values: str) -> Manifest:
    """A ConfigMap or Secret named `settings`."""
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {
        "apiVersion": "v1",
        "kind": kind.kind,
        "metadata": {"name": "settings", "namespace": "default"},
        "data": encoded if kind == SECRET else values,
    }


def with_container(manifest: Manifest, **fields: Any) -> Manifest:
    """A Deployment with more said about its container, and the volumes that it mounts."""
    pod = manifest["spec"]["template"]["spec"]
    pod["volumes"] = fields.pop("volumes", [])
    pod["containers"][0].update(fields)
    return manifest


async def deployed(it: Machine, manifest: Manifest) -> Manifest:
    """The Deployment's Pod once it answers."""
    name = manifest["metadata"]["name"]
    await it.cluster.apply(manifest, DEPLOYMENT, manager="tests")
    await it.cluster.apply(service(name), SERVICE, manager="tests")
    await it.ready(name)
    (pod,) = await it.pods(name)
    return pod


def container_of(pod: Manifest) -> dict[str, Any]:
    (found,) = pod["status"]["containerStatuses"]
    return dict(found)


async def test_a_pod_is_an_object_that_says_where_it_runs(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        pod = await deployed(it, deployment("billing", SAYS, "hello"))

        assert pod["spec"]["nodeName"] == "lmos-local-node"
        assert [pod["metadata"]["annotations"]["lmos.eclipse/port"]] == [str(it.ports("billing")[0])]
        assert pod["status"]["phase"] == "Running"
        assert container_of(pod)["ready"]
        assert await it.log(pod) == "up\n"


async def test_a_deleted_pod_is_replaced(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        before = await deployed(it, deployment("billing", SAYS, "hello"))
        await it.cluster.delete(POD, before["metadata"]["name"], "default")

        async def replacement() -> Manifest:
            pods = await it.pods("billing")
            others = [pod for pod in pods if pod["metadata"]["uid"] != before["metadata"]["uid"]]
            return others[0] if len(pods) == 1 and others else {}

        await eventually(replacement)
        await it.ready("billing")
        assert await it.answer("billing") == "hello"
        assert len(list(it.folder.glob("*/*"))) == 1


async def test_a_crash_is_counted_and_the_log_before_it_is_kept(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        flag = tmp_path / "crash"
        first = await deployed(it, deployment("billing", CRASHES_WHEN_TOLD, "hello", str(flag)))
        flag.touch()

        async def restarted() -> Manifest:
            (pod,) = await it.pods("billing")
            container = container_of(pod)
            return pod if container["restartCount"] == 1 and container["ready"] else {}

        pod: Manifest = await eventually(restarted)
        last = container_of(pod)["lastState"]["terminated"]
        assert pod["metadata"]["uid"] == first["metadata"]["uid"]
        assert (last["exitCode"], last["reason"]) == (7, "Error")
        assert "told to crash" in await it.log(pod, previous=True)
        assert "told to crash" not in await it.log(pod)


async def test_a_process_that_fails_its_liveness_probe_is_restarted(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        flag = tmp_path / "ill"
        probe = {"httpGet": {"path": "/alive", "port": 80}, "periodSeconds": 1, "failureThreshold": 1}
        startup = {"tcpSocket": {"port": 80}, "periodSeconds": 1, "failureThreshold": 30}
        manifest = deployment("billing", STOPS_ANSWERING, str(flag))
        await deployed(it, with_container(manifest, livenessProbe=probe, startupProbe=startup))
        flag.touch()

        async def ended() -> str:
            (pod,) = await it.pods("billing")
            return str(container_of(pod)["lastState"].get("terminated", {}).get("message", ""))

        assert "liveness probe" in await eventually(ended)
        flag.unlink()
        await it.ready("billing")


async def test_variables_come_from_a_config_map_and_a_pod_waits_for_it(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        source = [{"configMapRef": {"name": "settings"}}]
        manifest = with_container(deployment("billing", PRINTS_COLOUR + SAYS, "hi"), envFrom=source)
        await it.deploy("billing", "")
        await it.cluster.apply(manifest, DEPLOYMENT, manager="tests")
        said = await it.condition("billing", "Progressing", "ProcessFailed")
        await it.cluster.create(settings(CONFIG_MAP, COLOUR="blue"), CONFIG_MAP)
        await it.ready("billing")
        (pod,) = await it.pods("billing")

        assert "ConfigMap 'settings' is not there" in said
        assert (await it.log(pod)).startswith("the colour is blue\n")


async def test_a_secret_reaches_the_process_and_nobody_else(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        await it.cluster.create(settings(SECRET, COLOUR="ultramarine"), SECRET)
        env = [
            {"name": "COLOUR", "valueFrom": {"secretKeyRef": {"name": "settings", "key": "COLOUR"}}},
            {"name": "ME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ]
        code = f"{PRINTS_COLOUR}print(len(os.environ['COLOUR']), os.environ['ME'], flush=True)\n{SAYS}"
        pod = await deployed(it, with_container(deployment("billing", code, "hi"), env=env))

        assert (await it.log(pod)).startswith(f"the colour is ****\n11 {pod['metadata']['name']}\n")
        running = await asyncio.create_subprocess_exec(
            "ps", "axww", "-o", "args", stdout=asyncio.subprocess.PIPE
        )
        titles, _ = await running.communicate()
        assert b"ultramarine" not in titles
        assert not any(b"ultramarine" in file.read_bytes() for file in it.folder.rglob("*") if file.is_file())


async def test_mounted_files_follow_their_config_map(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        await it.cluster.create(settings(CONFIG_MAP, tone="friendly"), CONFIG_MAP)
        shows = SAYS.replace("sys.argv[1].encode()", "open(sys.argv[1] + '/tone', 'rb').read()")
        manifest = with_container(
            deployment("billing", shows, "/etc/agent"),
            volumes=[{"name": "v", "configMap": {"name": "settings"}}],
            volumeMounts=[{"name": "v", "mountPath": "/etc/agent"}],
        )
        await deployed(it, manifest)
        first = await it.answer("billing")
        await it.cluster.apply(settings(CONFIG_MAP, tone="formal"), CONFIG_MAP, manager="tests")

        async def has_changed() -> bool:
            return await it.answer("billing") == "formal"

        assert first == "friendly"
        await eventually(has_changed)


async def test_a_pod_that_shall_not_be_restarted_runs_to_its_end(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        pod: Manifest = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "once", "namespace": "default"},
            "spec": {
                "restartPolicy": "Never",
                "containers": [
                    {"name": "c", "image": "i", "command": [sys.executable, "-S", "-c", "print('done')"]}
                ],
            },
        }
        await it.cluster.create(pod, POD)

        async def succeeded() -> Manifest:
            found = await it.cluster.get(POD, "once", "default")
            return found if found["status"].get("phase") == "Succeeded" else {}

        found: Manifest = await eventually(succeeded)
        assert container_of(found)["state"]["terminated"]["reason"] == "Completed"
        assert await it.log(found, follow=True) == "done\n"


async def test_what_processes_use_is_published_as_metrics(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        pod = await deployed(it, deployment("billing", SAYS, "hello"))

        async def measured() -> Manifest:
            found = (await it.cluster.list(POD_METRICS)).items
            return found[0] if found else {}

        metrics: Manifest = await eventually(measured)
        usage = metrics["containers"][0]["usage"]
        assert metrics["metadata"]["name"] == pod["metadata"]["name"]
        assert int(usage["memory"].removesuffix("Ki")) > 1000
        assert usage["cpu"].endswith("n")


async def test_pods_of_an_earlier_run_are_started_again(tmp_path: Path) -> None:
    async with memory_cluster() as cluster:
        async with node_over(cluster, tmp_path) as it:
            before = await deployed(it, deployment("billing", SAYS, "hello"))
            (port,) = it.ports("billing")
        async with node_over(cluster, tmp_path) as it:
            await eventually(lambda: it.ports("billing") not in ([], [port]))
            (pod,) = await it.pods("billing")
            assert await it.answer("billing") == "hello"

    assert pod["metadata"]["uid"] == before["metadata"]["uid"]
    assert container_of(pod)["restartCount"] == 1
    assert container_of(pod)["lastState"]["terminated"]["reason"] == "Unknown"


async def test_a_new_template_reaches_users_without_a_gap(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        await it.deploy("billing", SAYS, "old", replicas=2)
        await it.ready("billing", 2)
        heard: list[str] = []
        enough = asyncio.Event()

        async def ask() -> None:
            while not enough.is_set():
                heard.append(await it.answer("billing"))
                await asyncio.sleep(0)

        asking = asyncio.create_task(ask())
        await it.deploy("billing", SAYS, "new", replicas=2)
        await it.ready("billing", 2)
        asked = len(heard)
        await eventually(lambda: len(heard) > asked)
        enough.set()
        await asking

    assert set(heard) == {"old", "new"}
    assert heard[-1] == "new"
