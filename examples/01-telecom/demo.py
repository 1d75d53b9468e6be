"""
Start LMOS with this example, ask what `story.py` says, and check who answered.

Run it with `make demo`. It needs no key, no network and no model download, keeps its data in a temporary
folder, and leaves neither a process nor a file behind. Exit status 0 if every question went as expected.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text
from story import ASKED_BACK, STORY

from lmos.apps.data_folder import ENDPOINTS, KUBECONFIG
from lmos.apps.door import Question, RuntimeDoor
from lmos.apps.overview import overview
from lmos.core.errors import LmosError, TemporaryError

if TYPE_CHECKING:
    from story import Line

HERE = Path(__file__).parent
WIDEST = 100
LOOK_SECONDS = 0.2
SURE_LOOKS = 2
STALLED_SECONDS = 20.0
STOP_SECONDS = 20.0
TAIL_LINES = 15
INDENT = 2


class DemoFailed(Exception):
    """LMOS did not come up; the message says what is known about it."""


@dataclass(frozen=True)
class Up:
    """A running `lmos up` with its data folder."""

    process: subprocess.Popen[bytes]
    data: Path

    @classmethod
    def start(cls, data: Path) -> Up:
        """Start it in a session of its own, so that Ctrl-C reaches only the demo, which then stops it."""
        command = [sys.executable, "-m", "lmos.cli.main", "up", str(HERE), "--data", str(data)]
        command += ["--api-port", "0", "--operator-port", "0", "--runtime-port", "0"]
        with (data / "output.txt").open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own command
                command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        return cls(process, data)

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return (self.data / "output.txt").read_text(encoding="utf-8", errors="replace").strip()

    @property
    def endpoints(self) -> dict[str, str]:
        """Its addresses; empty until it answers."""
        file = self.data / ENDPOINTS
        try:
            found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    def log_of(self, agent: str) -> str:
        """The end of an Agent's newest log."""
        logs = sorted(self.data.glob(f"pods/*/{agent}-*/*.log"), key=lambda file: file.stat().st_mtime)
        lines = logs[-1].read_text(encoding="utf-8", errors="replace").splitlines() if logs else []
        return "\n".join(lines[-TAIL_LINES:])

    def stop(self) -> None:
        """Ctrl-C, and wait until it and its Agents have ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


async def wait_until_up(up: Up, console: Console) -> None:
    """
    Return once every Channel is resolved and the router knows all Agents; tell each step on the way.

    Raises:
        DemoFailed: It ended, complained, lost an Agent, or nothing moved for a while.
    """
    told, moved, looks = "", time.monotonic(), 0
    failed: dict[str, str] = {}
    # Every state counts when it is seen twice: what was just resolved may still be on its way to the router.
    while looks < SURE_LOOKS:
        await asyncio.sleep(LOOK_SECONDS)
        if up.process.poll() is not None:
            raise DemoFailed(f"`lmos up` ended with status {up.process.returncode}:\n{up.output}")
        if "Error:" in up.output:
            raise DemoFailed(f"`lmos up` complains:\n{up.output}")
        state = await look(up)
        before, failed = failed, failed_agents(state)
        for name in before.keys() & failed.keys():
            raise DemoFailed(f"{name} failed: {failed[name]}\n{up.log_of(name)}")
        now, is_up = progress(state)
        looks = looks + 1 if is_up else 0
        if now != told:
            told, moved = now, time.monotonic()
            console.print(Text(f"  {now}", style="dim"))
        elif time.monotonic() - moved > STALLED_SECONDS:
            raise DemoFailed(f"Nothing moves any more: {now}.\n{unresolved(state) or up.output}")


async def look(up: Up) -> dict[str, Any]:
    """What `lmos status` shows; nothing before the API server answers."""
    if not (up.data / KUBECONFIG).exists():
        return {}
    try:
        return await overview(up.data / KUBECONFIG, "")
    except TemporaryError:
        return {}


def failed_agents(state: dict[str, Any]) -> dict[str, str]:
    """What the Agents that failed say of it, by name."""
    agents = state.get("agents", ())
    return {agent["name"]: agent["message"] for agent in agents if agent["state"] == "failed"}


def progress(state: dict[str, Any]) -> tuple[str, bool]:
    """How far it is, in a line, and whether questions can be asked."""
    if not state.get("agents") or not state["channels"]:
        return "starting API server, operator and runtime", False
    agents = [agent["state"] == "ready" for agent in state["agents"]]
    channels = [channel["resolveStatus"] == "RESOLVED" for channel in state["channels"]]
    parts = [part["state"] == "ready" for part in state["parts"]]
    line = (
        f"{sum(agents)} of {len(agents)} Agents ready, {sum(channels)} of {len(channels)} Channels resolved"
    )
    if all((*agents, *channels)) and not all(parts):
        return f"{line}, the router is learning their examples", False
    return line, all((*agents, *channels, *parts))


def unresolved(state: dict[str, Any]) -> str:
    """What the Channels that are not resolved say."""
    waiting = (each for each in state.get("channels", ()) if each["resolveStatus"] != "RESOLVED")
    return "\n".join(f"{channel['name']}: {channel['message']}" for channel in waiting)


async def ask_all(door: RuntimeDoor, console: Console) -> tuple[list[str], float]:
    """Ask the whole story; the misses in a sentence each, and when the first answer was there."""
    misses, first_answer = [], 0.0
    for number, talk in enumerate(STORY, start=1):
        console.print()
        console.rule(Text(f"{talk.tenant} · {talk.channel} · Conversation {number}", "bold"), align="left")
        for at, line in enumerate(talk.lines, start=1):
            turn = f"demo-{number}-{at}"
            answer = await door.ask(Question(talk.tenant, talk.channel, f"demo-{number}", turn, line.text))
            first_answer = first_answer or time.monotonic()
            decision = (await door.turn(turn))["decision"]
            problem = miss(line, answer, decision)
            show(line, answer, decision, problem, console)
            if problem:
                misses.append(f"“{line.text}”: {problem}")
    return misses, first_answer


def miss(line: Line, answer: str, decision: dict[str, Any]) -> str:
    """What is not as expected; empty if all is."""
    chosen = decision["agent"] or ASKED_BACK
    if chosen != line.agent:
        return f"expected {line.agent or 'a question back'}, got {chosen or 'a question back'}"
    return "" if line.says in answer else f"the answer does not say {line.says!r}"


def show(line: Line, answer: str, decision: dict[str, Any], problem: str, console: Console) -> None:
    """Print one question with its answer, who gave it and why."""
    console.print()
    console.print(Text.assemble((line.text, "bold"), (f"   ({line.note})" if line.note else "", "dim")))
    mark = Text("✗ ", style="red") if problem else Text("✓ ", style="green")
    for text in (Text(answer), mark.append_text(because(decision)), Text(problem, style="red")):
        if text:
            console.print(Padding(text, (0, 0, 0, INDENT), expand=False))


def because(decision: dict[str, Any]) -> Text:
    """`billing-agent, 98 % sure: It reads like …`, or that the user was asked back and why."""
    if not decision["agent"]:
        return Text.assemble(("asked back", "yellow"), (f": {decision['reason']}", "dim"))
    sure = f", {decision['probability'] * 100:.0f} % sure"
    return Text.assemble((decision["agent"], "cyan"), (f"{sure}: {decision['reason']}", "dim"))


async def run(up: Up, console: Console, started: float) -> list[str]:
    """Wait, ask everything, sum up; the misses."""
    await wait_until_up(up, console)
    async with RuntimeDoor(up.endpoints["runtime"]) as door:
        misses, first_answer = await ask_all(door, console)
    asked = sum(len(talk.lines) for talk in STORY)
    console.print()
    console.rule()
    for each in misses:
        console.print(Text(each, style="red"))
    summary = (
        f"{asked - len(misses)} of {asked} as expected · {first_answer - started:.1f} s from start to first"
        f" answer · {time.monotonic() - started:.1f} s in all"
    )
    console.print(Text(summary, style="bold red" if misses else "bold green"))
    return misses


def main() -> int:
    """Run the demo; its exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(highlight=False)
    console.width = min(WIDEST, console.width)
    console.print(Text("LMOS starts with five Agents and four Channels of two companies …"))
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lmos-demo-") as folder:
        up = Up.start(Path(folder))
        try:
            misses = asyncio.run(run(up, console, started))
        except (DemoFailed, LmosError) as error:
            # Unwrapped, so that a path in it can be copied.
            console.print(Text(str(error), style="red"), soft_wrap=True)
            return 1
        except KeyboardInterrupt:
            console.print("Stopped.")
            return 130
        finally:
            up.stop()
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
