"""`lmos up` as a person starts it: a process of its own, with whatever it starts in turn."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx2

if TYPE_CHECKING:
    from collections.abc import Callable

LMOS = (sys.executable, "-m", "lmos.cli.main")
FREE_PORTS = ("--api-port", "0", "--operator-port", "0", "--runtime-port", "0")
MARK = "LMOS_TEST_MARK"
PATIENCE_SECONDS = 15.0

AGENTS = """
import asyncio
import pathlib
from lmos.arc import Agent, Turn

billing = Agent("billing-agent", description="Bills", channels=["web"])
weather = Agent("weather-agent", description="Weather", channels=["web"])

@billing.capability("view-bill", examples=["how much is my bill", "show me my invoice", "what do I owe you"])
async def view_bill(turn: Turn) -> str:
    if "slowly" in turn.text:
        pathlib.Path("asked").touch()
        await asyncio.sleep(60)
    return "Your bill is 42 euros."

@weather.capability("forecast", examples=["will it rain tomorrow", "how is the weather", "will it be sunny"])
def forecast(turn: Turn) -> str:
    return "Sunny."
"""


@dataclass
class Up:
    """A running `lmos up`; `mark` is in the environment of every process that it started."""

    folder: Path
    data: Path
    process: subprocess.Popen[str]
    mark: str
    turns: int = field(default=0)

    @classmethod
    def start(cls, folder: Path, *arguments: str, ports: tuple[str, ...] = FREE_PORTS) -> Self:
        """`lmos up ARGUMENTS` in `folder`, its output in `out.txt` beside it."""
        mark = uuid.uuid4().hex
        output = (folder / "out.txt").open("w")
        process = subprocess.Popen(
            [*LMOS, "up", *arguments, *ports],
            cwd=folder,
            env=os.environ | {MARK: mark, "COLUMNS": "80"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        output.close()
        return cls(folder, folder / ".lmos", process, mark)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.process.kill()
        self.process.wait()
        until(lambda: not self.left(), "no process is left")

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return (self.folder / "out.txt").read_text()

    @property
    def endpoints(self) -> dict[str, str]:
        """Its URLs, once everything answers."""

        def read() -> Any:
            assert self.process.poll() is None, self.output
            file = self.data / "endpoints.json"
            return json.loads(file.read_text()) if file.exists() else None

        found: dict[str, str] = until(read, "everything answers", lambda: self.output)
        return found

    def left(self) -> list[str]:
        """The commands of the processes that belong to it and run."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                is_ours = f"{MARK}={self.mark}".encode() in (process / "environ").read_bytes()
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if is_ours and command:
                found.append(command)
        return found

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal, and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def lmos(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of the same machine, in the same folder."""
        return subprocess.run(
            [*LMOS, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=30, check=False
        )

    def ask(self, text: str, tenant: str = "demo", channel: str = "web") -> str:
        """The answer to a question, through the runtime's door."""
        self.turns += 1
        response = httpx2.post(
            f"{self.endpoints['runtime']}/apis/v1/{tenant}/chat/{uuid.uuid4()}/message",
            json={
                "inputContext": {"messages": [{"role": "user", "content": text}]},
                "systemContext": {"channelId": channel},
                "userContext": {"userId": "tests"},
            },
            headers={"x-turn-id": f"turn-{self.turns}"},
            timeout=PATIENCE_SECONDS,
        )
        assert response.status_code == 200, response.text
        return str(response.json()["content"])

    def names(self, kind: str) -> list[str]:
        """The objects of a kind in the namespace `default`."""
        path = {"deployments": "/apis/apps/v1", "services": "/api/v1"}.get(kind, "/apis/lmos.eclipse/v1")
        response = httpx2.get(
            f"{self.endpoints['api']}{path}/namespaces/default/{kind}",
            headers={"authorization": f"Bearer {(self.data / 'token').read_text()}"},
        )
        return [each["metadata"]["name"] for each in response.json()["items"]]


def until(condition: Callable[[], Any], what: str, more: Callable[[], str] = str) -> Any:
    """Ask until the answer is truthy, and return it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"Waited in vain until {what}. {more()}")


def channel(name: str, *capabilities: str, tenant: str = "acme") -> str:
    """A Channel's manifest."""
    required = ", ".join(f"{{name: {each}, version: '>=1.0.0'}}" for each in capabilities)
    return textwrap.dedent(
        f"""
        apiVersion: lmos.eclipse/v1
        kind: Channel
        metadata: {{name: {name}, labels: {{tenant: {tenant}, channel: web, version: '1'}}}}
        spec: {{requiredCapabilities: [{required}]}}
        """
    )


def workload(name: str, command: str) -> str:
    """A Deployment and a Service for one Agent; `command` is a YAML list."""
    return textwrap.dedent(
        f"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {{name: {name}, labels: {{lmos-agent: "true"}}}}
        spec:
          selector: {{matchLabels: {{app: {name}}}}}
          template:
            metadata: {{labels: {{app: {name}}}}}
            spec: {{containers: [{{name: agent, image: {name}, command: {command}}}]}}
        ---
        apiVersion: v1
        kind: Service
        metadata: {{name: {name}}}
        spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 8080}}]}}
        """
    )


def billing_folder(folder: Path) -> None:
    """One Agent and one Channel as manifests, the code beside them."""
    (folder / "code.py").write_text(AGENTS)
    run = "[lmos, agent, run, code.py, --agent, billing-agent]"
    (folder / "agents.yaml").write_text(workload("billing-agent", run))
    (folder / "channels.yaml").write_text(channel("acme-web", "view-bill"))


def has_proc() -> bool:
    """Whether this system tells which processes there are."""
    return Path("/proc/self/environ").exists() and shutil.which("sh") is not None
