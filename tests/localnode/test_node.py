"""The local node: Deployments as processes, their readiness as status and addresses."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lmos.adapters.agents import SliceAddresses
from lmos.adapters.system import SystemClock
from lmos.core.resources.kinds import DEPLOYMENT, ENDPOINT_SLICE, POD, SERVICE
from lmos.localnode import LocalNode, Reaper
from lmos.ports.pod_logs import LogRequest
from lmos.testing.clock import FrozenClock
from lmos.testing.cluster import MemoryCluster, memory_cluster
from lmos.testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from lmos.core.resources.kinds import Manifest
    from lmos.ports.clock import Clock

pytestmark = pytest.mark.e2e

SAYS = """
import os, socket, sys
listening = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
print("up", flush=True)
while True:
    connection, _ = listening.accept()
    with connection:
        if connection.recv(1000):
            connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n" + sys.argv[1].encode())
"""
CRASHES = "import sys; print('reading the config'); sys.exit('the config has no port')"


class Machine:
    """A cluster in memory with a node, and what is known about one Deployment."""

    def __init__(self, cluster: MemoryCluster, folder: Path, reaper: Reaper, clock: Clock) -> None:
        self.cluster = cluster
        self.node = LocalNode(cluster, clock, folder, reaper)
        self.addresses = SliceAddresses(cluster)
        self.folder = folder

    async def deploy(self, name: str, code: str, *arguments: str, **spec: Any) -> None:
        """Apply a Deployment that runs Python code, with its Service."""
        await self.cluster.apply(deployment(name, code, *arguments, **spec), DEPLOYMENT, manager="tests")
        await self.cluster.apply(service(name), SERVICE, manager="tests")

    async def status(self, name: str) -> dict[str, Any]:
        found = await self.cluster.get(DEPLOYMENT, name, "default")
        status: dict[str, Any] = found.get("status", {})
        is_current = status.get("observedGeneration") == found["metadata"]["generation"]
        return status if is_current else {}

    async def ready(self, name: str, replicas: int = 1) -> dict[str, Any]:
        """The status once so many processes of the present generation answer, and no others are left."""

        async def look() -> dict[str, Any]:
            status = await self.status(name)
            counts = {status.get(key) for key in ("replicas", "updatedReplicas", "readyReplicas")}
            return status if counts == {replicas} else {}

        status: dict[str, Any] = await eventually(look)
        await eventually(lambda: len(self.ports(name)) == replicas)
        return status

    async def condition(self, name: str, condition: str, reason: str) -> str:
        """The message of a condition once it has that reason."""

        async def look() -> str:
            for each in (await self.status(name)).get("conditions", ()):
                if (each["type"], each["reason"]) == (condition, reason):
                    return str(each["message"])
            return ""

        return await eventually(look)

    async def pods(self, app: str) -> list[Manifest]:
        """The Pods of an app that are there, the oldest first."""
        found = (await self.cluster.list(POD, "default", f"app={app}")).items
        return sorted(found, key=lambda pod: int(pod["metadata"]["resourceVersion"]))

    async def log(self, pod: Manifest, *, previous: bool = False, follow: bool = False) -> str:
        """What a Pod's process printed."""
        pieces = self.node.read(pod, LogRequest(previous=previous, follow=follow))
        return b"".join([piece async for piece in pieces]).decode()

    def ports(self, service: str) -> list[int]:
        """Where the processes behind a Service answer, as the runtime finds them."""
        host = f"{service}.default.svc.cluster.local"
        return [port for found, port in self.addresses.addresses(host, 8080) if found == "127.0.0.1"]

    async def answer(self, service: str) -> str:
        """What one of them says."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ports(service)[0])
        writer.write(b"hello")
        said = await reader.read()
        writer.close()
        return said.decode().rpartition("\n")[2]


@asynccontextmanager
async def machine(tmp_path: Path, clock: Clock | None = None) -> AsyncIterator[Machine]:
    """A running node over an empty cluster."""
    async with memory_cluster() as cluster, node_over(cluster, tmp_path, clock) as it:
        yield it


@asynccontextmanager
async def node_over(
    cluster: MemoryCluster, tmp_path: Path, clock: Clock | None = None
) -> AsyncIterator[Machine]:
    """A running node over this cluster."""
    with Reaper() as reaper:
        it = Machine(cluster, tmp_path / "pods", reaper, clock or SystemClock())
        tasks = [asyncio.create_task(it.node.run()), asyncio.create_task(it.addresses.run())]
        await asyncio.wait_for(asyncio.gather(it.node.looked.wait(), it.addresses.synced()), 10)
        try:
            yield it
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


def deployment(name: str, code: str, *arguments: str, **spec: Any) -> Manifest:
    container = {"name": "agent", "image": name, "command": [sys.executable, "-S", "-c", code, *arguments]}
    pod = {"terminationGracePeriodSeconds": 2, "containers": [container]}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template, **spec},
    }


def service(name: str, app: str = "") -> Manifest:
    spec = {"selector": {"app": app or name}, "ports": [{"name": "http", "port": 8080}]}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


async def test_a_process_that_answers_is_ready_and_has_an_address(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        await it.deploy("billing", SAYS, "hello")
        status = await it.ready("billing")

        assert status["availableReplicas"] == 1
        assert status["unavailableReplicas"] == 0
        assert {each["type"]: each["status"] for each in status["conditions"]} == {
            "Available": "True",
            "Progressing": "True",
        }
        assert await it.answer("billing") == "hello"
        (log,) = it.folder.glob("default/*/*.log")
        assert log.read_text().endswith("Z up\n")


async def test_the_slice_of_a_process_belongs_to_its_service(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        await it.deploy("billing", SAYS, "hello")
        await it.ready("billing")
        (found,) = (await it.cluster.list(ENDPOINT_SLICE)).items

        assert found["metadata"]["labels"]["kubernetes.io/service-name"] == "billing"
        assert [owner["name"] for owner in found["metadata"]["ownerReferences"]] == ["billing"]
        assert found["endpoints"][0]["addresses"] == ["127.0.0.1"]
        await it.cluster.delete(SERVICE, "billing", "default")
        await eventually(lambda: it.ports("billing") == [])


async def test_two_services_of_one_deployment_lead_to_the_same_processes(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        await it.deploy("billing", SAYS, "hello")
        await it.cluster.apply(service("invoices", "billing"), SERVICE, manager="tests")
        await it.ready("billing")

        await eventually(lambda: it.ports("invoices"))
        assert it.ports("invoices") == it.ports("billing")


async def test_as_many_processes_run_as_there_are_to_be_replicas(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        await it.deploy("billing", SAYS, "hello", replicas=3)
        await it.ready("billing", 3)
        assert len(set(it.ports("billing"))) == 3

        before = it.ports("billing")
        await it.deploy("billing", SAYS, "hello", replicas=1)
        await it.ready("billing", 1)
        assert set(it.ports("billing")) < set(before)

        await it.deploy("billing", SAYS, "hello", replicas=0)
        await it.ready("billing", 0)


async def test_a_crash_is_reported_with_its_last_words_and_tried_again(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        flag = tmp_path / "mended"
        code = f"import os, sys\nif not os.path.exists(sys.argv[2]): {CRASHES}\n{SAYS}"
        await it.deploy("billing", code, "well again", str(flag))
        said = await it.condition("billing", "Progressing", "ProcessFailed")
        flag.touch()
        await it.ready("billing")

        assert "exited with status 1" in said
        assert "reading the config | the config has no port" in said
        assert str(it.folder) in said
        assert await it.answer("billing") == "well again"


async def test_a_process_that_stops_answering_has_no_address_any_more(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        listens_once = SAYS.replace("while True:", "for _ in range(3):")
        probe = {"tcpSocket": {"port": 8080}, "periodSeconds": 1, "failureThreshold": 1}
        manifest = deployment(
            "billing", f"{listens_once}listening.close()\nimport time\ntime.sleep(60)", "hi"
        )
        manifest["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = probe
        await it.cluster.apply(manifest, DEPLOYMENT, manager="tests")
        await it.cluster.apply(service("billing"), SERVICE, manager="tests")
        await eventually(lambda: it.ports("billing"))
        said = await it.condition("billing", "Progressing", "ProcessFailed")

        assert "no longer answers" in said
        await eventually(lambda: it.ports("billing") == [])


async def test_a_process_that_never_listens_on_its_port_is_reported(tmp_path: Path) -> None:
    clock = FrozenClock()
    async with machine(tmp_path, clock) as it:
        await it.deploy("deaf", "import time\nprint('listening on 8080', flush=True)\ntime.sleep(60)")
        (log,) = await eventually(lambda: list(it.folder.glob("*/*/*.log")))
        await eventually(lambda: "listening" in log.read_text())
        clock.advance(11)
        said = await it.condition("deaf", "Progressing", "ProcessFailed")

    assert "which is in $PORT" in said
    assert "listening on 8080" in said


async def test_another_template_runs_before_the_old_one_stops(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        await it.deploy("billing", SAYS, "old")
        await it.ready("billing")
        flag = tmp_path / "may-start"
        waits = f"import os, sys, time\nwhile not os.path.exists(sys.argv[2]): time.sleep(0.02)\n{SAYS}"
        await it.deploy("billing", waits, "new", str(flag))
        waiting = await it.condition("billing", "Progressing", "ReplicaSetUpdated")
        while_waiting = await it.answer("billing")
        flag.touch()
        await it.ready("billing")

        assert waiting
        assert while_waiting == "old"
        assert await it.answer("billing") == "new"


async def test_the_old_processes_go_on_while_the_new_ones_crash(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        await it.deploy("billing", SAYS, "old")
        await it.ready("billing")
        await it.deploy("billing", CRASHES)
        said = await it.condition("billing", "Progressing", "ProcessFailed")
        status = await it.status("billing")

        assert "the config has no port" in said
        assert (status["readyReplicas"], status["updatedReplicas"]) == (1, 1)
        assert await it.answer("billing") == "old"


async def test_a_deleted_deployment_leaves_no_process_and_no_address(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        await it.deploy("billing", SAYS, "hello")
        await it.ready("billing")
        (port,) = it.ports("billing")
        await it.cluster.delete(DEPLOYMENT, "billing", "default")
        await eventually(lambda: it.ports("billing") == [])

        async def is_closed() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return True
            writer.close()
            return False

        await eventually(is_closed)


async def test_what_cannot_be_run_here_is_said_in_its_condition(tmp_path: Path) -> None:
    async with machine(tmp_path) as it:
        manifest = deployment("imaged", "")
        del manifest["spec"]["template"]["spec"]["containers"][0]["command"]
        await it.cluster.apply(manifest, DEPLOYMENT, manager="tests")
        image = await it.condition("imaged", "Progressing", "ProcessFailed")
        gone = deployment("missing", "")
        gone["spec"]["template"]["spec"]["containers"][0]["command"] = ["no-such-command"]
        await it.cluster.apply(gone, DEPLOYMENT, manager="tests")
        command = await it.condition("missing", "Progressing", "ProcessFailed")

    assert "no command" in image
    assert "add `command:`" in image
    assert "no-such-command" in command


async def test_when_it_starts_nothing_of_an_earlier_run_counts(tmp_path: Path) -> None:
    async with memory_cluster() as cluster:
        for manifest, kind in ((deployment("billing", CRASHES), DEPLOYMENT), (service("billing"), SERVICE)):
            await cluster.apply(manifest, kind, manager="tests")
        status = {
            "status": {"observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "availableReplicas": 1}
        }
        await cluster.patch(DEPLOYMENT, "billing", "default", status, "status")
        with Reaper() as reaper:
            node = LocalNode(cluster, SystemClock(), tmp_path, reaper)
            running = asyncio.create_task(node.run())
            await asyncio.wait_for(node.looked.wait(), 10)
            found = await cluster.get(DEPLOYMENT, "billing", "default")
            running.cancel()
            await asyncio.wait([running])

    assert found["status"]["readyReplicas"] == 0


async def test_a_node_that_stops_leaves_no_process_however_stubborn(tmp_path: Path) -> None:
    stubborn = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{SAYS}"
    async with machine(tmp_path) as it:
        await it.deploy("billing", stubborn, "hello")
        await it.ready("billing")
        (port,) = it.ports("billing")

    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await asyncio.open_connection("127.0.0.1", port)
