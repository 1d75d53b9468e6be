"""kubectl against the API server alone, where nothing runs Pods but what the test says."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
import yaml

from lmos.adapters.system import RandomIds, SystemClock
from lmos.apiserver import Server, Storage, app, kubeconfig
from lmos.ports.pod_logs import LogRequest, NoLog
from tests.kubectl.conftest import Kubectl, binaries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from lmos.core.resources.kinds import Manifest

pytestmark = pytest.mark.e2e


class ScriptedLogs:
    """Every Pod has said two lines, and those that are followed go on for ever."""

    async def read(self, pod: Manifest, request: LogRequest) -> AsyncIterator[bytes]:
        if request.previous:
            raise NoLog(f'previous terminated container "main" in pod "{pod["metadata"]["name"]}" not found')
        yield b"hello\nworld\n"
        if request.follow:
            await asyncio.Event().wait()


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    folder = tmp_path_factory.mktemp("alone")
    kubectl, helm = binaries(folder)
    stopping = threading.Event()

    async def serve(listening: socket.socket) -> None:
        storage = Storage(":memory:")
        server = Server(storage, SystemClock(), RandomIds())
        config = uvicorn.Config(app(server, token="t", pod_logs=ScriptedLogs()), log_level="error")
        serving = uvicorn.Server(config)
        running = asyncio.create_task(serving.serve(sockets=[listening]))
        await asyncio.to_thread(stopping.wait)
        serving.should_exit = True
        server.watches.close()
        await running
        storage.close()

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        (folder / "kubeconfig").write_text(yaml.safe_dump(kubeconfig(url, "t")))
        # A database belongs to one thread, which is the server's.
        thread = threading.Thread(target=lambda: asyncio.run(serve(listening)))
        listening.listen()
        thread.start()
        yield Kubectl(kubectl, helm, folder / "kubeconfig", folder)
        stopping.set()
        thread.join(10)


@pytest.fixture
def pod(kubectl: Kubectl) -> Iterator[str]:
    """A Pod that a node has taken and runs."""
    kubectl("run", "web", "--image=i", "--labels=app=web", "--port=80")
    kubectl("patch", "pod", "web", "-p", '{"spec": {"nodeName": "here"}}')
    report(kubectl, state={"running": {"startedAt": "2026-01-01T00:00:00Z"}}, ready=True, restartCount=2)
    yield "web"
    kubectl("delete", "pod", "web", "--force", "--ignore-not-found")


def report(kubectl: Kubectl, **container: Any) -> None:
    """Write the Pod's status as a node does."""
    conditions = [{"type": "Ready", "status": "True"}]
    containers = [{"name": "web", "image": "i", "imageID": "", **container}]
    said = {
        "phase": "Running",
        "podIP": "127.0.0.1",
        "conditions": conditions,
        "containerStatuses": containers,
    }
    kubectl("patch", "pod", "web", "--subresource=status", "--type=merge", "-p", json.dumps({"status": said}))


def cells(kubectl: Kubectl, *arguments: str) -> list[str]:
    """The cells of the only row of a table."""
    (row,) = kubectl("get", *arguments, "--no-headers").splitlines()
    return row.split()


def test_a_pod_is_listed(kubectl: Kubectl, pod: str) -> None:
    assert cells(kubectl, "pod", pod)[:4] == ["web", "1/1", "Running", "2"]
    wide = cells(kubectl, "pods", "-o", "wide")
    assert wide[5:] == ["127.0.0.1", "here", "<none>", "<none>"]


def test_a_pod_in_trouble_says_so(kubectl: Kubectl, pod: str) -> None:
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2020-01-01T00:00:00Z"}}
    waits = {"waiting": {"reason": "CrashLoopBackOff"}}
    report(kubectl, state=waits, lastState=ended, ready=False, restartCount=7)

    assert cells(kubectl, "pod", pod)[1:4] == ["0/1", "CrashLoopBackOff", "7"]
    assert "Exit Code:    1" in kubectl("describe", "pod", pod)


def test_a_pod_is_waited_for(kubectl: Kubectl, pod: str) -> None:
    for what in ("condition=Ready", "jsonpath={.status.phase}=Running"):
        assert "condition met" in kubectl("wait", f"pod/{pod}", f"--for={what}", "--timeout=10s")


def test_a_log_is_printed_and_followed(kubectl: Kubectl, pod: str) -> None:
    assert kubectl("logs", pod) == "hello\nworld\n"
    assert "not found" in kubectl("logs", pod, "--previous", status=1)
    assert "container x is not valid for pod web" in kubectl("logs", pod, "-c", "x", status=1)
    following = kubectl.start("logs", "-f", "-l", "app=web")
    try:
        assert following.stdout is not None
        assert following.stdout.readline() == "hello\n"
    finally:
        following.kill()
        following.communicate()


def test_a_pod_terminates_until_its_node_has_ended_it(kubectl: Kubectl, pod: str) -> None:
    kubectl("delete", "pod", pod, "--wait=false")
    assert cells(kubectl, "pod", pod)[2] == "Terminating"
    assert "timed out" in kubectl("wait", "pod/web", "--for=delete", "--timeout=1s", status=1)

    kubectl("delete", "pod", pod, "--force")

    assert "NotFound" in kubectl("get", "pod", pod, status=1)


def test_what_pods_use_is_shown(kubectl: Kubectl, pod: str) -> None:
    metadata = json.loads(kubectl("get", "pod", pod, "-o", "json"))["metadata"]
    owner = {"apiVersion": "v1", "kind": "Pod", "name": pod, "uid": metadata["uid"]}
    usage = {
        "apiVersion": "metrics.k8s.io/v1beta1",
        "kind": "PodMetrics",
        "metadata": {"name": pod, "labels": {"app": "web"}, "ownerReferences": [owner]},
        "timestamp": "2026-01-01T00:00:00Z",
        "window": "15s",
        "containers": [{"name": "web", "usage": {"cpu": "12m", "memory": "64Mi"}}],
    }
    kubectl("apply", "-f", "-", stdin=json.dumps(usage))

    assert kubectl("top", "pods", "--no-headers").split() == ["web", "12m", "64Mi"]
    assert kubectl("top", "pod", "-l", "app=web", "--containers", "--no-headers").split()[1] == "web"
    assert kubectl("get", "pods", "-o", "name") == "pod/web\n"

    kubectl("delete", "pod", pod, "--force")
    assert kubectl("get", "podmetrics", "-o", "name") == ""


def test_objects_are_made_without_manifests(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "made")
    made = [
        kubectl("create", "-n", "made", *arguments.split())
        for arguments in (
            "deployment web --image=i --replicas=2 --port=80 -- sleep 1",
            "service clusterip web --tcp=80:8080",
            "service externalname far --external-name=example.test",
            "serviceaccount bob",
            "configmap settings --from-literal=a=b",
            "secret generic keys --from-literal=a=b",
        )
    ]
    assert all("created" in line for line in made)
    assert "exposed" in kubectl("expose", "-n", "made", "deployment", "web", "--name=web2", "--port=81")

    spec = json.loads(kubectl("get", "-n", "made", "deployment", "web", "-o", "json"))["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert (spec["replicas"], container["image"], container["command"]) == (2, "i", ["sleep", "1"])
    assert cells(kubectl, "svc", "web", "-n", "made")[1:5] == ["ClusterIP", "<none>", "<none>", "80/TCP"]


def test_a_deployment_is_changed_by_verbs(kubectl: Kubectl) -> None:
    kubectl("create", "deployment", "app", "--image=i")
    for verb in (
        ("set", "image", "deployment/app", "i=j"),
        ("set", "env", "deployment/app", "A=b"),
        ("set", "resources", "deployment/app", "--limits=memory=1Gi"),
        ("scale", "deployment/app", "--replicas=3"),
        ("rollout", "restart", "deployment/app"),
        ("rollout", "pause", "deployment/app"),
        ("rollout", "resume", "deployment/app"),
    ):
        kubectl(*verb)

    manifest = json.loads(kubectl("get", "deployment", "app", "-o", "json"))
    template = manifest["spec"]["template"]
    assert manifest["spec"]["replicas"] == 3
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]
    assert template["spec"]["containers"][0]["env"] == [{"name": "A", "value": "b"}]

    generation = manifest["metadata"]["generation"]
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 3)
    status = {"status": {"observedGeneration": generation, **counts}}
    patch = ("deployment", "app", "--subresource=status", "--type=merge", "-p", json.dumps(status))
    kubectl("patch", *patch)
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/app", "--timeout=10s")
    assert cells(kubectl, "deployment", "app")[1:4] == ["3/3", "3", "3"]


def test_events_are_listed(kubectl: Kubectl) -> None:
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "web."},
        "involvedObject": {"kind": "Pod", "name": "web", "namespace": "default"},
        "type": "Warning",
        "reason": "BackOff",
        "message": "starts again soon",
        "lastTimestamp": "2020-01-01T00:00:00Z",
    }
    kubectl("create", "-f", "-", stdin=json.dumps(event))

    assert cells(kubectl, "events")[1:] == ["Warning", "BackOff", "pod/web", "starts", "again", "soon"]
    assert "BackOff" in kubectl("events", "--types=Warning")


def test_the_server_says_what_it_is(kubectl: Kubectl) -> None:
    assert "control plane is running" in kubectl("cluster-info")
    assert "+lmos" in kubectl("version")
    assert "metrics.k8s.io/v1beta1" in kubectl("api-versions")


@pytest.mark.parametrize(
    "arguments",
    [
        "autoscale deployment app --min=1 --max=2",
        "create role r --verb=get --resource=pods",
        "create job j --image=i",
        "rollout undo deployment/app",
        "auth can-i get pods",
        "create token bob",
        "top nodes",
    ],
)
def test_what_is_left_out_is_refused_and_not_pretended(kubectl: Kubectl, arguments: str) -> None:
    kubectl(*arguments.split(), status=1)
