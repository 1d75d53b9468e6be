"""Commands that need nothing but files."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from lmos.core.resources.definitions import crd_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Said

CHANNEL = """
apiVersion: lmos.eclipse/v1
kind: Channel
metadata: {name: acme-web, labels: {tenant: acme, channel: web}}
spec: {requiredCapabilities: [{name: view-bill, version: ^1.0.0}]}
"""
AGENT = """
apiVersion: lmos.eclipse/v1
kind: Agent
metadata: {name: billing}
spec:
  supportedChannels: [web]
  providedCapabilities: [{name: view-bill, version: 1.2.0}]
"""


def test_help_loads_nothing_heavy() -> None:
    heavy = "fastapi numpy pydantic rich starlette uvicorn httpx2 lightkube yaml orjson structlog".split()
    code = (
        "import sys\n"
        "from lmos.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as ended: assert not ended.code\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stderr == "[]\n"
    for command in "up apply get describe delete plan explain ask chat why agents status export".split():
        assert f"\n  {command} " in said.stdout


def test_every_command_explains_itself(lmos: Callable[..., Said]) -> None:
    commands = "up apply get describe delete plan explain ask chat why agents status export apiserver".split()
    for command in [[each] for each in (*commands, "operator", "runtime", "version")] + [["agent", "run"]]:
        said = lmos(*command, "--help")

        assert (said.status, said.err) == (0, "")
        assert "Usage: lmos" in said.out


def test_the_version_is_printed(lmos: Callable[..., Said]) -> None:
    number = lmos("version", "--short").out.strip()

    assert lmos("version").out.startswith(f"lmos {number} (Python 3.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_of_a_shell_is_printed(lmos: Callable[..., Said], shell: str) -> None:
    said = lmos("--show-completion", shell)

    assert said.status == 0
    assert f"complete_{shell}" in said.out


def test_a_shell_completes_commands() -> None:
    asked = {"_LMOS_COMPLETE": "complete_bash", "COMP_WORDS": "lmos a", "COMP_CWORD": "1"}
    code = "import sys; sys.argv = ['lmos']; from lmos.cli.main import main; main()"
    said = subprocess.run(
        [sys.executable, "-c", code], env=asked, capture_output=True, text=True, check=False
    )

    assert said.stdout.split() == ["agents", "apply", "ask", "apiserver", "agent"]


def test_an_unknown_command_is_an_error_of_usage(lmos: Callable[..., Said]) -> None:
    said = lmos("fly")

    assert said.status == 2
    assert "No such command 'fly'" in said.err


def test_the_crds_are_exported(lmos: Callable[..., Said], tmp_path: Path) -> None:
    printed = list(yaml.safe_load_all(lmos("export", "crds").out))
    written = lmos("export", "crds", "-d", str(tmp_path / "crds"))

    assert printed == list(crd_files().values())
    assert sorted(file.name for file in (tmp_path / "crds").iterdir()) == sorted(crd_files())
    assert len(written.out.splitlines()) == 4
    assert lmos("export", "everything").status == 2


def test_what_cannot_be_written_is_an_error_with_a_next_step(
    lmos: Callable[..., Said], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    said = lmos("export", "crds", "-d", str(tmp_path / "file" / "crds"))

    assert said.status == 74
    assert said.err.startswith("Error: ")
    assert "Next:  " in said.err


@pytest.mark.usefixtures("nowhere")
def test_a_plan_needs_no_api_server(lmos: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(f"{AGENT}---{CHANNEL}")
    said = lmos("plan", "-f", str(tmp_path), "-o", "json")

    assert (said.status, said.err) == (0, "")
    (channel,) = said.json["channels"]
    assert said.json["problems"] == []
    assert (channel["namespace"], channel["name"], channel["resolveStatus"]) == (
        "default",
        "acme-web",
        "RESOLVED",
    )
    assert channel["unresolved"] == []
    assert channel["routing"]["kind"] == "ChannelRouting"
    assert [one["reason"] for one in channel["explain"]] == ["Wired"]
    assert set(channel) == {"namespace", "name", "resolveStatus", "unresolved", "routing", "explain"}


@pytest.mark.usefixtures("nowhere")
def test_router_settings_that_cannot_be_read_are_a_problem(lmos: Callable[..., Said], tmp_path: Path) -> None:
    channel = yaml.safe_load(CHANNEL)
    channel["metadata"]["annotations"] = {"lmos.eclipse/router": "precison: 0.9"}
    (tmp_path / "all.yaml").write_text(f"{AGENT}---\n{yaml.safe_dump(channel)}")

    (problem,) = lmos("plan", "-f", str(tmp_path), "-o", "json").json["problems"]

    assert (problem["code"], problem["name"]) == ("InvalidRouterSettings", "acme-web")
    assert "precison" in problem["message"]


@pytest.mark.usefixtures("nowhere")
def test_an_unresolved_plan_exits_with_3_and_says_what_is_missing(
    lmos: Callable[..., Said], tmp_path: Path
) -> None:
    (tmp_path / "channel.yaml").write_text(CHANNEL)
    as_json = lmos("plan", "-f", str(tmp_path), "-o", "json")
    as_text = lmos("plan", "-f", str(tmp_path / "channel.yaml"))
    as_yaml = lmos("plan", "-f", str(tmp_path), "-o", "yaml")

    assert (as_json.status, as_text.status, as_yaml.status) == (3, 3, 3)
    assert as_json.json["channels"][0]["unresolved"][0]["name"] == "view-bill"
    assert yaml.safe_load(as_yaml.out) == as_json.json
    assert "UNRESOLVED" in as_text.out


@pytest.mark.usefixtures("nowhere")
def test_a_plan_of_unreadable_files_is_still_the_same_json(lmos: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("kind: [")
    (tmp_path / "good.yaml").write_text(f"{AGENT}---{CHANNEL}")
    said = lmos("plan", "-f", str(tmp_path), "-o", "json")

    assert (said.status, said.err) == (2, "")
    assert [channel["name"] for channel in said.json["channels"]] == ["acme-web"]
    (problem,) = said.json["problems"]
    assert set(problem) == {"code", "message", "hint", "kind", "namespace", "name"}
    assert problem["code"] == "UnreadableManifest"
    assert "broken.yaml" in problem["message"]


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("written", "code"),
    [
        (b"kind: Channel\n\tspec: {}", "UnreadableManifest"),
        (b"\xff\xfe\x00", "UnreadableManifest"),
        (b"", None),
        (b"---\n---\n", None),
        (b"just a text", "UnreadableManifest"),
        (b"- 1\n- 2", "UnreadableManifest"),
        (b"[" * 100_000, "UnreadableManifest"),
        (b"apiVersion: lmos.eclipse/v1\nkind: Channel\nmetadata: {}", "UnreadableManifest"),
        (b"apiVersion: lmos.eclipse/v1\nkind: Door\nmetadata: {name: a}", "UnknownKind"),
        (CHANNEL.replace("requiredCap", "requiredCpa").encode(), "UnknownField"),
        (CHANNEL.replace("^1.0.0", "soon").encode(), "InvalidRange"),
        (CHANNEL.replace("acme-web", "acme/web").encode(), "InvalidManifest"),
        (CHANNEL.replace("acme-web", '"acme\\nweb"').encode(), "InvalidManifest"),
        (CHANNEL.replace("tenant: acme, ", "").encode(), "MissingLabels"),
        (f"{CHANNEL}---{CHANNEL}".encode(), "DuplicateName"),
        (AGENT.replace("1.2.0", "one").encode(), "InvalidVersion"),
    ],
)
def test_bad_input_is_told_by_code_with_a_next_step(
    lmos: Callable[..., Said], tmp_path: Path, written: bytes, code: str | None
) -> None:
    (tmp_path / "given.yaml").write_bytes(written)
    said = lmos("plan", "-f", str(tmp_path), "-o", "json")

    problems = said.json["problems"]
    assert code in {problem["code"] for problem in problems} or (code is None and problems == [])
    assert all(problem["hint"] for problem in problems)
    assert said.status == (2 if code else 0)


def test_manifests_are_read_from_standard_input(lmos: Callable[..., Said]) -> None:
    said = lmos("plan", "-f", "-", "-o", "json", given=f"{AGENT}---{CHANNEL}")

    assert said.json["channels"][0]["resolveStatus"] == "RESOLVED"


def test_a_plan_of_nothing_says_so(lmos: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("")

    assert lmos("plan", "-f", str(tmp_path)).err == "There is no Channel to plan.\n"
    assert lmos("plan", "-f", str(tmp_path / "nowhere")).status == 2


def test_the_agents_of_a_file_are_described(lmos: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "agent.py"
    file.write_text(
        "from lmos.arc import Agent\n"
        "print('importing')\n"
        "agent = Agent('billing', channels=['web'])\n"
        "@agent.capability('view-bill', examples=['my bill'])\n"
        "def view_bill(turn): return 'nothing'\n"
    )
    as_json = lmos("agent", "describe", str(file))
    as_table = lmos("agent", "describe", str(file), "-o", "table")

    assert as_json.json[0]["capabilities"][0]["name"] == "view-bill"
    assert as_json.err == "importing\n"
    assert as_table.out.splitlines()[1].split() == ["billing", "view-bill", "1.0.0", "1"]
    assert lmos("agent", "describe", str(tmp_path / "nothing.py")).status == 4


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    "command",
    [
        ["get", "agents"],
        ["status"],
        ["agents"],
        ["explain", "acme-web"],
        ["ask", "hello"],
        ["delete", "ch", "a"],
    ],
)
def test_without_a_kubeconfig_the_next_step_is_told(lmos: Callable[..., Said], command: list[str]) -> None:
    said = lmos(*command)

    assert said.status == 2
    assert "No usable kubeconfig" in said.err
    assert "lmos up" in said.err


@pytest.mark.usefixtures("nowhere")
def test_without_a_runtime_the_next_step_is_told(lmos: Callable[..., Said]) -> None:
    said = lmos("why", "some-turn")

    assert (said.status, "--runtime" in said.err) == (2, True)


@pytest.mark.parametrize("runtime", ["http://127.0.0.1:1", "nonsense", "http://[", "ftp://x"])
def test_a_runtime_that_is_not_there_is_a_temporary_error(lmos: Callable[..., Said], runtime: str) -> None:
    said = lmos("why", "some-turn", "--runtime", runtime)

    assert said.status == 75
    assert "does not answer" in said.err


@pytest.mark.parametrize("port", ["70000", "many"])
def test_a_port_that_is_none_is_an_error_of_usage(lmos: Callable[..., Said], port: str) -> None:
    assert lmos("up", "--api-port", port).status == 2


def test_output_is_json_that_says_unicode_as_it_is(lmos: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(CHANNEL.replace("view-bill", "Rechnung-öffnen"), encoding="utf-8")
    said = lmos("plan", "-f", str(tmp_path), "-o", "json")

    assert "Rechnung-öffnen" in said.out
    assert json.loads(said.out)
