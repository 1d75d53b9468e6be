"""An Agent that speaks only A2A, from its manifest to its answer at the doors of the runtime."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.e2e.running import PATIENCE_SECONDS, Up, channel, has_proc, workload

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not has_proc(), reason="which processes are left is told by /proc"),
]


@pytest.fixture(scope="module")
def roaming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`lmos up` on manifests of a Deployment with such an Agent, and of a Channel."""
    folder = tmp_path_factory.mktemp("a2a")
    shutil.copy(Path(__file__).with_name("a2a_agent.py"), folder)
    manifest = workload("roaming", "[python, a2a_agent.py]")
    manifest = manifest.replace("labels:", "annotations: {lmos.eclipse/channels: web}, labels:", 1)
    (folder / "roaming.yaml").write_text(manifest)
    (folder / "channel.yaml").write_text(channel("acme-web", "buy-pass"))
    with Up.start(folder, ".") as up:
        yield up


def test_it_answers_at_the_rest_door(roaming: Up) -> None:
    assert roaming.ask("I go to Norway", tenant="acme") == "A pass costs 5 euros."


def test_its_words_on_the_way_and_its_pieces_are_events(roaming: Up) -> None:
    question = {
        "inputContext": {"messages": [{"role": "user", "content": "sell me a pass"}]},
        "systemContext": {"channelId": "web"},
        "userContext": {"userId": "tests"},
    }
    response = httpx2.post(
        f"{roaming.endpoints['runtime']}/apis/v1/acme/chat/c1/message",
        json=question,
        headers={"accept": "text/event-stream", "x-turn-id": "t1"},
        timeout=PATIENCE_SECONDS,
    )

    events = [_read(event) for event in response.text.split("\n\n") if "data:" in event]
    assert response.status_code == 200, response.text
    assert [(name, data.get("content")) for name, data in events] == [
        ("turn.started", None),
        ("message.intermediate", "Looking for passes"),
        ("message.delta", "A pass "),
        ("message.delta", "costs "),
        ("message.delta", "5 euros."),
        ("message", "A pass costs 5 euros."),
        ("turn.finished", None),
    ]


def test_the_agents_manifest_says_how_it_is_asked(roaming: Up) -> None:
    shown = roaming.lmos("get", "agents", "roaming", "-o", "json")

    assert json.loads(shown.stdout)["spec"]["endpoint"] == {
        "scheme": "http",
        "host": "roaming.default.svc.cluster.local",
        "port": 8080,
        "path": "/rpc",
        "protocol": "a2a+jsonrpc",
    }


def _read(event: str) -> tuple[str, dict[str, Any]]:
    fields = dict(line.split(": ", 1) for line in event.splitlines() if ": " in line)
    return fields["event"], json.loads(fields["data"])
