"""People with kubectl cannot tell the difference."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kubectl.conftest import Kubectl

pytestmark = pytest.mark.e2e

AGENT = """
apiVersion: lmos.eclipse/v1
kind: Agent
metadata: {name: billing, labels: {team: money}}
spec:
  description: Answers questions about bills
  supportedChannels: [web]
  providedCapabilities:
    - {name: view-bill, version: 1.2.0, description: Shows a bill}
"""
CHANNEL = """
apiVersion: lmos.eclipse/v1
kind: Channel
metadata: {name: acme-web, labels: {tenant: acme, channel: web, version: "1"}}
spec:
  requiredCapabilities:
    - {name: view-bill, version: ^1.0}
"""
CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: blue, size: "4"}
"""


def test_objects_are_applied_from_the_client(kubectl: Kubectl, namespace: str) -> None:
    assert "created" in kubectl("apply", "-n", namespace, "-f", "-", stdin=AGENT)
    assert "unchanged" in kubectl("apply", "-n", namespace, "-f", "-", stdin=AGENT)
    assert "configured" in kubectl("apply", "-n", namespace, "-f", "-", stdin=AGENT.replace("1.2.0", "1.3.0"))


def test_objects_are_applied_by_the_server(kubectl: Kubectl, namespace: str) -> None:
    applied = kubectl("apply", "--server-side", "-n", namespace, "-f", "-", stdin=AGENT)
    other = AGENT.replace("1.2.0", "1.3.0").replace("Answers", "Explains")
    refused = kubectl(
        "apply",
        "--server-side",
        "--field-manager",
        "other",
        "-n",
        namespace,
        "-f",
        "-",
        stdin=other,
        status=1,
    )

    assert "serverside-applied" in applied
    assert 'conflicts with "kubectl"' in refused


def test_a_kustomization_is_applied(kubectl: Kubectl, namespace: str, tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text(AGENT)
    (tmp_path / "kustomization.yaml").write_text("namePrefix: my-\nresources: [agent.yaml]\n")

    assert "my-billing created" in kubectl("apply", "-n", namespace, "-k", str(tmp_path))


def test_objects_are_printed_in_every_form(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", stdin=AGENT)

    assert "billing" in kubectl("get", "ag", "-n", namespace, "-o", "wide")
    assert kubectl("get", "agents", "-n", namespace, "-o", "jsonpath={.items[*].metadata.name}") == "billing"
    columns = "custom-columns=NAME:.metadata.name,VERSION:.spec.providedCapabilities[0].version"
    assert kubectl("get", "agent", "billing", "-n", namespace, "-o", columns).split() == [
        "NAME",
        "VERSION",
        "billing",
        "1.2.0",
    ]
    assert json.loads(kubectl("get", "agents", "-n", namespace, "-l", "team=money", "-o", "json"))["items"]


def test_changes_are_watched(kubectl: Kubectl, namespace: str) -> None:
    watching = kubectl.start("get", "agents", "-n", namespace, "-w", "-o", "name")
    try:
        time.sleep(0.5)
        kubectl("apply", "-n", namespace, "-f", "-", stdin=AGENT)
        assert watching.stdout is not None
        assert watching.stdout.readline().strip() == "agent.lmos.eclipse/billing"
    finally:
        watching.kill()
        watching.communicate()


def test_an_object_is_described(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", stdin=CHANNEL)
    kubectl("wait", "channel/acme-web", "-n", namespace, "--for=condition=Accepted", "--timeout=20s")
    described = kubectl("describe", "channel", "acme-web", "-n", namespace)

    assert "Resolve Status" in described
    assert "UnresolvedCapabilities" in described


def test_a_channel_is_waited_for(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", stdin=f"{AGENT}---{CHANNEL}")

    assert "condition met" in kubectl(
        "wait", "channel/acme-web", "-n", namespace, "--for=condition=Resolved", "--timeout=20s"
    )
    assert "RESOLVED" in kubectl("get", "channels", "-n", namespace)


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("merge", '{"spec": {"description": "new"}}'),
        ("json", '[{"op": "replace", "path": "/spec/description", "value": "new"}]'),
    ],
)
def test_a_custom_object_is_patched(kubectl: Kubectl, namespace: str, kind: str, patch: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", stdin=AGENT)
    kubectl("patch", "agent", "billing", "-n", namespace, "--type", kind, "-p", patch)

    path = "jsonpath={.spec.description}"
    assert kubectl("get", "agent", "billing", "-n", namespace, "-o", path) == "new"


def test_a_built_in_object_is_patched_strategically(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", stdin=CONFIG)
    kubectl("patch", "configmap", "settings", "-n", namespace, "-p", '{"data": {"colour": "red"}}')

    assert kubectl("get", "cm", "settings", "-n", namespace, "-o", "jsonpath={.data}") == (
        '{"colour":"red","size":"4"}'
    )


def test_an_object_is_edited_by_a_script(kubectl: Kubectl, namespace: str, tmp_path: Path) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", stdin=CONFIG)
    editor = tmp_path / "editor.sh"
    editor.write_text("#!/bin/sh\nsed -i 's/blue/green/' \"$1\"\n")
    editor.chmod(0o755)
    kubectl("edit", "configmap", "settings", "-n", namespace, KUBE_EDITOR=str(editor))

    assert kubectl("get", "cm", "settings", "-n", namespace, "-o", "jsonpath={.data.colour}") == "green"


def test_a_difference_is_shown_before_it_is_applied(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", stdin=CONFIG)
    difference = kubectl("diff", "-n", namespace, "-f", "-", stdin=CONFIG.replace("blue", "red"), status=1)

    assert "-  colour: blue" in difference
    assert "+  colour: red" in difference


def test_an_object_is_replaced(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", stdin=CONFIG)
    kubectl("replace", "-n", namespace, "-f", "-", stdin=CONFIG.replace('size: "4"', 'size: "5"'))

    assert kubectl("get", "cm", "settings", "-n", namespace, "-o", "jsonpath={.data.size}") == "5"


def test_labels_and_annotations_are_set_and_removed(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", stdin=CONFIG)
    kubectl("label", "cm", "settings", "-n", namespace, "tier=gold")
    kubectl("annotate", "cm", "settings", "-n", namespace, "note=hello")
    kubectl("label", "cm", "settings", "-n", namespace, "tier-")
    metadata = json.loads(kubectl("get", "cm", "settings", "-n", namespace, "-o", "json"))["metadata"]

    assert "tier" not in metadata.get("labels", {})
    assert metadata["annotations"]["note"] == "hello"


def test_an_object_is_deleted(kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "-", stdin=CONFIG)

    assert "deleted" in kubectl("delete", "configmap", "settings", "-n", namespace)
    assert "NotFound" in kubectl("get", "configmap", "settings", "-n", namespace, status=1)


def test_fields_are_explained(kubectl: Kubectl) -> None:
    explained = kubectl("explain", "channel.spec", "--recursive")

    assert "requiredCapabilities" in explained
    assert "strategy" in explained


def test_kinds_are_listed(kubectl: Kubectl) -> None:
    listed = kubectl("api-resources")

    assert "channelroutings" in listed
    assert "deployments" in listed


def test_a_misspelt_field_is_refused(kubectl: Kubectl, namespace: str) -> None:
    refused = kubectl(
        "apply",
        "-n",
        namespace,
        "-f",
        "-",
        stdin=AGENT.replace("supportedChannels", "supportedChanels"),
        status=1,
    )

    assert 'unknown field "spec.supportedChanels"' in refused


def test_a_chart_is_installed_upgraded_and_uninstalled(
    kubectl: Kubectl, namespace: str, tmp_path: Path
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: agents\nversion: 0.1.0\n")
    (tmp_path / "values.yaml").write_text("version: 1.2.0\n")
    (tmp_path / "templates" / "agent.yaml").write_text(AGENT.replace("1.2.0", "{{ .Values.version }}"))
    version = (
        "get",
        "agent",
        "billing",
        "-n",
        namespace,
        "-o",
        "jsonpath={.spec.providedCapabilities[0].version}",
    )

    kubectl.run_helm("install", "mine", str(tmp_path), "-n", namespace)
    assert kubectl(*version) == "1.2.0"
    kubectl.run_helm("upgrade", "mine", str(tmp_path), "-n", namespace, "--set", "version=1.4.0")
    assert kubectl(*version) == "1.4.0"
    kubectl.run_helm("uninstall", "mine", "-n", namespace)
    assert "NotFound" in kubectl("get", "agent", "billing", "-n", namespace, status=1)
