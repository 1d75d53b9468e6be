"""Objects of a running API server: apply, get, describe, delete, plan, explain, status, agents."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.e2e.running import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Said
    from tests.e2e.running import Up

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("up")]


def channel(name: str, *capabilities: str, more: str = "") -> str:
    required = ", ".join(f"{{name: {each}, version: '>=1.0.0'}}" for each in capabilities)
    return (
        f"apiVersion: lmos.eclipse/v1\nkind: Channel\n"
        f"metadata: {{name: {name}, labels: {{tenant: {name}, channel: web, version: '1'}}}}\n"
        f"spec: {{requiredCapabilities: [{required}]{more}}}\n"
    )


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"c-{uuid.uuid4().hex[:8]}"


def test_applying_says_what_became_of_each_object(
    lmos: Callable[..., Said], tmp_path: Path, name: str
) -> None:
    file = tmp_path / "channel.yaml"
    file.write_text(channel(name, "view-bill"))
    created, unchanged = lmos("apply", "-f", str(file)), lmos("apply", "-f", str(tmp_path))
    file.write_text(channel(name, "forecast"))
    configured = lmos("apply", "-f", str(file))

    assert [created.out, unchanged.out, configured.out] == [
        f"Channel {name} created\n",
        f"Channel {name} unchanged\n",
        f"Channel {name} configured\n",
    ]
    assert {each.status for each in (created, unchanged, configured)} == {0}


def test_one_failure_does_not_stop_the_others(lmos: Callable[..., Said], name: str) -> None:
    manifests = [channel(name, more=", typo: 1"), "kind: Channel\n", channel(f"{name}-2")]
    said = lmos("apply", "-f", "-", given="---\n".join(manifests))

    assert said.status == 2
    assert said.out == f"Channel {name}-2 created\n"
    assert f'Error: Channel {name} in -: unknown field "spec.typo"' in said.err
    assert "a document has no apiVersion and no metadata.name" in said.err


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ("apiVersion: lmos.eclipse/v1\nkind: Door\nmetadata: {name: a}", "no kind Door in lmos.eclipse/v1"),
        ("apiVersion: example.com/v9\nkind: Thing\nmetadata: {name: a}", "no kind Thing in example.com/v9"),
        (channel("a/b"), "is no valid name"),
        (channel('"a\\eb"'), "is no valid name"),
        (channel("Upper"), "Upper"),
        (channel("tilted").replace("name: tilted,", "name: tilted, namespace: absent,"), "absent"),
        (channel("tilted").replace("[]", "7"), "requiredCapabilities"),
        (f"{channel('twice')}---\n{channel('twice')}", "more than one Channel default/twice"),
        ("a: &a [x, x]\n" * 2, "stands twice"),
    ],
)
def test_what_cannot_be_applied_is_told_with_its_status(
    lmos: Callable[..., Said], manifest: str, says: str
) -> None:
    said = lmos("apply", "-f", "-", given=manifest)

    assert said.status in {2, 4}
    assert says in said.err
    assert "Traceback" not in said.err
    assert "\x1b" not in said.err


def test_objects_are_found_by_any_of_their_names(lmos: Callable[..., Said]) -> None:
    words = ["channels", "channel", "Channel", "ch", "channels.lmos.eclipse"]

    for word in words:
        said = lmos("get", word, "demo-web-stable")
        assert said.status == 0
        assert said.out.splitlines()[1].startswith("demo-web-stable")


def test_objects_are_printed_as_table_json_or_yaml(lmos: Callable[..., Said]) -> None:
    table = lmos("get", "agents").out
    as_json = lmos("get", "agents", "-o", "json").json
    as_yaml = yaml.safe_load(lmos("get", "agents", "billing-agent", "-o", "yaml").out)

    assert [line.split()[0] for line in table.splitlines()] == ["NAME", "billing-agent", "weather-agent"]
    assert as_json["kind"] == "AgentList"
    assert as_yaml in as_json["items"]
    assert "managedFields" not in as_yaml["metadata"]


def test_all_namespaces_are_printed_with_their_names(lmos: Callable[..., Said]) -> None:
    table = lmos("get", "channels", "-A").out.splitlines()

    assert table[0].split()[:2] == ["NAMESPACE", "NAME"]
    assert any(line.split()[:2] == ["default", "demo-web-stable"] for line in table)
    assert lmos("get", "configmaps", "-n", "kube-system").err == "No configmaps found in kube-system.\n"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["get", "doors"], "no kind called 'doors'"),
        (["get", "channels", "nothing"], "nothing"),
        (["describe", "ch", "nothing"], "nothing"),
        (["delete", "ch", "nothing"], "nothing"),
        (["explain", "nothing"], "nothing"),
        (["get", "channels", "a?b"], "a?b"),
    ],
)
def test_what_is_not_there_exits_with_4(lmos: Callable[..., Said], command: list[str], says: str) -> None:
    said = lmos(*command)

    assert said.status == 4
    assert says in said.err


def test_an_object_is_described_for_people(lmos: Callable[..., Said]) -> None:
    said = lmos("describe", "channel", "demo-web-stable").out

    assert said.startswith("Channel demo-web-stable in default\n  Created ")
    for words in (
        "  Labels       channel=web, subset=stable, tenant=demo, version=1.0.0",
        "\nSpec\n  requiredCapabilities:\n  - name: view-bill",
        "\nStatus\n  resolveStatus: RESOLVED",
        "\nConditions\nTYPE",
        "\nEvents\nTIME",
    ):
        assert words in said
    assert "managedFields" not in said


def test_an_object_is_described_for_programs(lmos: Callable[..., Said]) -> None:
    said = lmos("describe", "channel", "demo-web-stable", "-o", "json").json

    assert said["object"]["metadata"]["name"] == "demo-web-stable"
    assert {"time", "type", "reason", "message"} == set(said["events"][0])


def test_a_deleted_object_is_gone_with_what_it_owns(lmos: Callable[..., Said], name: str) -> None:
    lmos("apply", "-f", "-", given=channel(name))
    said = lmos("delete", "channel", name)

    assert (said.status, said.out) == (0, f"channels/{name} deleted\n")
    assert lmos("get", "channel", name).status == 4


def test_a_channel_is_explained(lmos: Callable[..., Said], name: str) -> None:
    lmos("apply", "-f", "-", given=channel(name, "view-bills"))
    wired, missing = lmos("explain", "demo-web-stable"), lmos("explain", name, "-o", "json")
    lmos("delete", "channel", name)

    assert "view-bill" in wired.out
    assert missing.json["resolveStatus"] == "UNRESOLVED"
    assert missing.json["requirements"][0]["nearMisses"]


def test_files_are_planned_together_with_what_is_there(lmos: Callable[..., Said], name: str) -> None:
    alone = lmos("plan", "-f", "-", "-o", "json", given=channel(name, "view-bill"))
    live = lmos("plan", "-f", "-", "--live", "-o", "json", given=channel(name, "view-bill"))
    without_files = lmos("plan")

    assert alone.status == 3
    assert {each["name"]: each["resolveStatus"] for each in live.json["channels"]}[name] == "RESOLVED"
    assert {each["name"] for each in live.json["channels"]} >= {"demo-web-stable", name}
    assert "demo-web-stable" in without_files.out


def test_the_agents_are_printed_with_what_they_serve(lmos: Callable[..., Said]) -> None:
    (billing, _) = until(
        lambda: (found := lmos("agents", "-o", "json").json)[0]["memory"] and found, "processes are measured"
    )
    words = lmos("agents").out.splitlines()[1].split()

    assert words[:4] + words[6:] == "default billing-agent ready 1/1 view-bill 1.0.0 demo-web-stable".split()
    assert words[4].endswith("m")
    assert words[5].endswith("Mi")
    assert billing.pop("cpu") >= 0
    assert billing.pop("memory") > 10_000_000
    assert billing == {
        "namespace": "default",
        "name": "billing-agent",
        "ready": 1,
        "wanted": 1,
        "state": "ready",
        "message": "",
        "capabilities": ["view-bill 1.0.0"],
        "channels": ["demo-web-stable"],
    }


def test_the_status_shows_parts_channels_and_agents(lmos: Callable[..., Said], up: Up) -> None:
    table = lmos("status").out
    as_yaml = yaml.safe_load(lmos("status", "-o", "yaml").out)

    assert as_yaml["parts"] == [
        {"name": name, "url": up.endpoints[name], "state": "ready"} for name in ("api", "operator", "runtime")
    ]
    for words in ("demo-web-stable", "RESOLVED", "weather-agent", "forecast 1.0.0"):
        assert words in table


def test_a_named_kubeconfig_counts_more_than_the_one_here(lmos: Callable[..., Said], tmp_path: Path) -> None:
    said = lmos("get", "agents", "--kubeconfig", str(tmp_path / "none"))

    assert said.status == 2
    assert str(tmp_path / "none") in said.err


def test_an_api_server_that_went_away_exits_with_7(lmos: Callable[..., Said], up: Up, tmp_path: Path) -> None:
    gone = tmp_path / "kubeconfig"
    config = yaml.safe_load((up.data / "kubeconfig").read_text())
    config["clusters"][0]["cluster"]["server"] = "http://127.0.0.1:1"
    gone.write_text(yaml.safe_dump(config))
    said = lmos("get", "agents", "--kubeconfig", str(gone))

    assert said.status == 7
    assert "does not answer" in said.err


def test_without_the_token_nothing_is_read(lmos: Callable[..., Said], up: Up, tmp_path: Path) -> None:
    stolen = tmp_path / "kubeconfig"
    token = (up.data / "token").read_text()
    stolen.write_text((up.data / "kubeconfig").read_text().replace(token, "guessed"))

    assert lmos("get", "agents", "--kubeconfig", str(stolen)).status == 6
