"""Workloads with kubectl: Pods, logs, rollouts and scale on the local node."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kubectl.conftest import Kubectl

pytestmark = pytest.mark.e2e

SERVES = textwrap.dedent(
    """
    import http.server, os, sys, time
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(sys.argv[1].encode())
            print("asked for", self.path, flush=True)
            if self.path == "/crash":
                os._exit(3)
        def log_message(self, *args): pass
    print("serving", sys.argv[1], flush=True)
    http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
    """
)


def web(word: str = "hello", replicas: int = 1) -> str:
    """A Deployment that answers with a word, and its Service."""
    container = {"name": "web", "image": "web", "command": [sys.executable, "-S", "-c", SERVES, word]}
    pod = {
        "terminationGracePeriodSeconds": 2,
        "containers": [container | {"ports": [{"containerPort": 8080}]}],
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod},
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [deployment, service]})


@pytest.fixture
def deployed(kubectl: Kubectl, namespace: str) -> Callable[..., str]:
    """`kubectl -n NAMESPACE …`, where the Deployment runs."""

    def run(*arguments: str, **options: Any) -> str:
        return kubectl("-n", namespace, *arguments, **options)

    run("apply", "-f", "-", stdin=web())
    run("rollout", "status", "deployment/web", "--timeout=30s")
    return run


def eventually(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 15
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def port_of(run: Callable[..., str]) -> int:
    return int(
        run(
            "get",
            "pods",
            "-l",
            "app=web",
            "-o",
            "jsonpath={.items[0].metadata.annotations.lmos\\.eclipse/port}",
        )
    )


def test_pods_are_listed_and_described(deployed: Callable[..., str]) -> None:
    header, line = deployed("get", "pods").splitlines()
    assert header.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert line.split()[1:4] == ["1/1", "Running", "0"]
    assert "lmos-local-node" in deployed("get", "pods", "-o", "wide")
    assert "web" in deployed("get", "all")
    described = deployed("describe", "pod", "-l", "app=web")
    assert "Ready:          True" in described
    assert "Controlled By:  Deployment/web" in described
    assert "1 available" in deployed("describe", "deployment", "web")


def test_logs_are_read_followed_and_those_before_a_restart_too(
    deployed: Callable[..., str], kubectl: Kubectl, namespace: str
) -> None:
    assert deployed("logs", "deployment/web") == "serving hello\n"
    assert deployed("logs", "-l", "app=web", "--tail=1").strip() == "serving hello"
    with kubectl.start("-n", namespace, "logs", "-f", "deployment/web") as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "serving hello\n"
        with suppress(httpx2.HTTPError):
            httpx2.get(f"http://127.0.0.1:{port_of(deployed)}/crash")
        assert following.stdout.readline() == "asked for /crash\n"
        assert following.wait(timeout=20) == 0
    eventually(lambda: "1 (" in deployed("get", "pods") and "1/1" in deployed("get", "pods"))
    assert "asked for /crash" in deployed("logs", "deployment/web", "--previous")
    assert deployed("logs", "deployment/web", "--timestamps").endswith("Z serving hello\n")


def test_a_deployment_is_scaled_restarted_and_undone_without_a_gap(deployed: Callable[..., str]) -> None:
    deployed("scale", "deployment/web", "--replicas=3")
    assert "successfully rolled out" in deployed("rollout", "status", "deployment/web", "--timeout=30s")
    before = set(deployed("get", "pods", "-o", "name").split())
    assert len(before) == 3

    deployed("rollout", "restart", "deployment/web")
    assert "successfully rolled out" in deployed("rollout", "status", "deployment/web", "--timeout=30s")
    eventually(lambda: len(deployed("get", "pods", "-o", "name").split()) == 3)
    assert not before & set(deployed("get", "pods", "-o", "name").split())
    deployed("wait", "--for=condition=Available", "deployment/web", "--timeout=10s")


def test_a_deleted_pod_is_waited_for_and_replaced(deployed: Callable[..., str]) -> None:
    (name,) = deployed("get", "pods", "-o", "name").split()
    deployed("delete", name, "--timeout=20s")
    assert name not in deployed("get", "pods", "-o", "name").split()
    deployed("wait", "--for=condition=Ready", "pod", "-l", "app=web", "--timeout=20s")


def test_what_pods_use_is_shown(deployed: Callable[..., str]) -> None:
    shown = eventually(lambda: "web-" in (said := deployed("top", "pods", status=None)) and said)
    assert "MEMORY(bytes)" in shown


def test_a_broken_image_says_what_to_do(kubectl: Kubectl, namespace: str) -> None:
    kubectl("-n", namespace, "create", "deployment", "nginx", "--image=nginx")
    said = eventually(
        lambda: "add `command:`" in (said := kubectl("-n", namespace, "describe", "pods")) and said
    )
    assert "names image 'nginx' but no command" in said
    assert "UnrunnablePod" in kubectl("-n", namespace, "get", "pods")


def test_pods_of_other_makers_run_as_well(kubectl: Kubectl, namespace: str) -> None:
    command = (sys.executable, "-S", "-c", "print('once')")
    kubectl("-n", namespace, "run", "once", "--image=none", "--restart=Never", "--command", "--", *command)
    kubectl("-n", namespace, "wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/once", "--timeout=20s")
    assert kubectl("-n", namespace, "logs", "once") == "once\n"
    assert "Completed" in kubectl("-n", namespace, "get", "pod", "once")
