"""`lmos up`, as people use it: started, asked, followed, stopped and killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import threading
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.e2e.running import AGENTS, Up, billing_folder, channel, has_proc, until, workload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not has_proc(), reason="which processes are left is told by /proc"),
]


@pytest.fixture(scope="module")
def two_agents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`lmos up agent.py`, where the file holds two Agents."""
    folder = tmp_path_factory.mktemp("file")
    (folder / "agent.py").write_text(AGENTS)
    with Up.start(folder, "agent.py") as up:
        yield up


def test_the_agents_of_a_python_file_answer(two_agents: Up) -> None:
    assert two_agents.ask("how much is my bill?") == "Your bill is 42 euros."
    assert two_agents.ask("will it rain?") == "Sunny."


def test_the_screen_says_what_runs_and_how_to_ask(two_agents: Up) -> None:
    assert two_agents.endpoints
    output = until(lambda: "Ctrl-C" in two_agents.output and two_agents.output, "the screen is there")

    for address in two_agents.endpoints.values():
        assert address in output
    for words in ("demo-web-stable  RESOLVED", "billing-agent  ready", "lmos ask 'how much is my bill'"):
        assert words in output
    assert "\x1b[" not in output
    assert all(len(line) <= 80 for line in output.splitlines())


def test_addresses_and_kubeconfig_are_in_the_data_folder_for_their_owner_alone(two_agents: Up) -> None:
    assert set(two_agents.endpoints) == {"api", "operator", "runtime"}
    for name in ("kubeconfig", "token", "endpoints.json"):
        assert stat.S_IMODE((two_agents.data / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(two_agents.data.stat().st_mode) == 0o700


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer guessed"}, {"host": "evil.example"}])
def test_nobody_without_the_token_reads_or_writes(two_agents: Up, headers: dict[str, str]) -> None:
    api = f"{two_agents.endpoints['api']}/apis/lmos.eclipse/v1/namespaces/default/channels"
    answers = [
        httpx2.get(api, headers=headers),
        httpx2.post(api, headers=headers, json={"metadata": {"name": "mine"}}),
        httpx2.delete(f"{api}/demo-web-stable", headers=headers),
        httpx2.get(f"{api}?watch=true", headers=headers),
    ]

    assert {answer.status_code for answer in answers} <= {401, 403}


def test_a_second_one_on_the_same_folder_is_refused_and_the_first_goes_on(two_agents: Up) -> None:
    before = two_agents.endpoints
    second = two_agents.lmos(
        "up", "agent.py", "--api-port", "0", "--operator-port", "0", "--runtime-port", "0"
    )

    assert second.returncode == 5
    assert f"Another LMOS (process {two_agents.process.pid}) runs on" in second.stderr
    assert "Next:" in second.stderr
    assert two_agents.endpoints == before
    assert two_agents.ask("how much is my bill?")


def test_changed_code_replaces_its_processes_without_an_unanswered_moment(two_agents: Up) -> None:
    file = two_agents.folder / "agent.py"
    file.write_text(AGENTS.replace("42 euros", "43 euros"))
    answers: list[str] = []
    while not any("43" in answer for answer in answers[-1:]):
        answers.append(two_agents.ask("how much is my bill?"))
        assert len(answers) < 10_000
    file.write_text("this is no Python")
    until(lambda: "agent.py does not import" in two_agents.output, "it says that the file is broken")

    assert set(answers) == {"Your bill is 42 euros.", "Your bill is 43 euros."}
    assert two_agents.ask("how much is my bill?") == "Your bill is 43 euros."


def test_ctrl_c_in_the_middle_of_a_turn_ends_everything_well(two_agents: Up) -> None:
    asking = threading.Thread(target=_asked_in_vain, args=(two_agents,))
    asking.start()
    until((two_agents.folder / "asked").exists, "the Agent is asked")

    assert two_agents.stop(signal.SIGINT) == 0
    asking.join()
    assert two_agents.left() == []
    assert not (two_agents.data / "endpoints.json").exists()
    assert "Traceback" not in two_agents.output


def test_a_folder_of_manifests_is_followed_and_a_kill_leaves_nothing(tmp_path: Path) -> None:
    billing_folder(tmp_path)
    with Up.start(tmp_path, ".") as up:
        assert up.ask("show me my bill", "acme") == "Your bill is 42 euros."

        (tmp_path / "channels.yaml").write_text(
            channel("acme-web", "view-bill") + "---" + channel("acme-new")
        )
        until(lambda: up.names("channels") == ["acme-new", "acme-web"], "the new Channel is there")
        (tmp_path / "channels.yaml").write_text(channel("acme-web", "view-bill"))
        until(lambda: up.names("channels") == ["acme-web"], "the removed Channel is gone")

        (tmp_path / "channels.yaml").write_text("kind: [broken")
        until(lambda: "channels.yaml cannot be read" in up.output, "the broken file is reported")
        assert up.names("channels") == ["acme-web"]
        (tmp_path / "channels.yaml").unlink()
        until(lambda: up.names("channels") == [], "the Channel of the removed file is gone")

        assert len(up.left()) > 2
        assert up.stop(signal.SIGKILL) == -signal.SIGKILL
        until(lambda: up.left() == [], "no process is left")


def test_what_cannot_run_is_reported_by_name_and_the_rest_runs(tmp_path: Path) -> None:
    billing_folder(tmp_path)
    code = "import sys; sys.exit('the licence is missing')"
    (tmp_path / "crashing.yaml").write_text(workload("crashing", f'[python, -c, "{code}"]'))
    (tmp_path / "imaged.yaml").write_text(workload("imaged", "[]"))
    (tmp_path / "typo.yaml").write_text(
        channel("typo").replace("requiredCapabilities", "requiredCapabilites")
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = ("--api-port", "0", "--operator-port", str(port), "--runtime-port", "0")
        with Up.start(tmp_path, ".", ports=ports) as up:
            assert up.ask("how much is my bill?", "acme")
            output = until(lambda: "Ctrl-C" in up.output and up.output, "the screen is there")

            assert set(up.endpoints) == {"api", "runtime"}
            assert f"The operator cannot listen on 127.0.0.1:{port}: Address already in use." in output
            assert "Choose another port with --operator-port" in output
            assert 'unknown field "spec.requiredCapabilites"' in output
            assert "Agent crashing" in output
            assert "the licence is missing" in output
            assert "Agent imaged" in output
            assert "no command" in output
            assert "Traceback" not in output
            status = up.lmos("status")
            assert "its address is not known" in status.stdout


def test_everything_is_kept_across_a_restart(tmp_path: Path) -> None:
    billing_folder(tmp_path)
    (tmp_path / "other").mkdir()
    by_hand = tmp_path / "other" / "by-hand.yaml"
    by_hand.write_text(channel("globex-web", "view-bill", tenant="globex"))
    with Up.start(tmp_path, "agents.yaml", "channels.yaml", "--data", "kept") as up:
        up.data = tmp_path / "kept"
        os.environ["KUBECONFIG"] = str(up.data / "kubeconfig")
        assert up.endpoints
        applied = up.lmos("apply", "-f", str(by_hand))
        assert applied.stdout == "Channel globex-web created\n", applied.stderr
        assert up.ask("how much is my bill?", "acme") == "Your bill is 42 euros."
        assert up.stop(signal.SIGTERM) == 0
    try:
        with Up.start(tmp_path, "agents.yaml", "channels.yaml", "--data", "kept") as up:
            up.data = tmp_path / "kept"
            assert up.names("channels") == ["acme-web", "globex-web"]
            why = json.loads(up.lmos("why", "turn-1", "-o", "json").stdout)
            assert (why["question"], why["agent"]) == ("how much is my bill?", "billing-agent")
            assert up.ask("how much is my bill?", "globex") == "Your bill is 42 euros."
    finally:
        del os.environ["KUBECONFIG"]


@pytest.mark.parametrize("data", ["/proc/nowhere", "taken"])
def test_a_data_folder_that_cannot_be_used_is_an_error_with_a_next_step(tmp_path: Path, data: str) -> None:
    (tmp_path / "taken").write_text("a file")
    up = Up.start(tmp_path, "--data", data)

    assert up.process.wait(15) == 74
    assert "Error: The data folder" in up.output
    assert "Next:" in up.output
    assert "Traceback" not in up.output


def test_a_path_that_is_not_there_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    up = Up.start(tmp_path, "nowhere.yaml")

    assert up.process.wait(15) == 2
    assert (
        up.output == "Error: There is no nowhere.yaml.\nNext:  Name a manifest, a folder or a Python file.\n"
    )


def _asked_in_vain(up: Up) -> None:
    with pytest.raises((AssertionError, httpx2.HTTPError)):
        up.ask("how much is my bill, slowly please")
