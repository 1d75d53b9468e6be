"""Turns of a runtime that is killed at any moment under load: counted, and none of them lost or doubled."""

from __future__ import annotations

import asyncio
import functools
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from lmos.testing.waiting import eventually
from tests.runtime.rig import body

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

KILLS = int(os.environ.get("LMOS_KILLS", "20"))
CLIENTS = 8
MOST_ANSWERS = 30
"""Of one runtime before it is killed; fewer by chance."""
RUNTIME = Path(__file__).with_name("killed_runtime.py")


class Killed:
    """A runtime that can be started, killed and started again on the same file."""

    def __init__(self, folder: Path) -> None:
        self.asked = folder / "asked"
        self.asked.touch()
        command = [sys.executable, str(RUNTIME), str(folder / "conversations.db"), str(self.asked)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            env=environment,
        )
        self._child = 0

    def start(self) -> str:
        """The URL of a new server."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("start\n")
        pid, port = self._process.stdout.readline().split()
        self._child = int(pid)
        return f"http://127.0.0.1:{port}/apis/v1/acme/chat"

    def kill(self) -> None:
        os.kill(self._child, signal.SIGKILL)

    def close(self) -> None:
        with suppress(ProcessLookupError):
            self.kill()
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Killed]:
    killed = Killed(tmp_path)
    yield killed
    killed.close()


async def ask(http: httpx2.AsyncClient, url: str, turn: str) -> httpx2.Response:
    conversation = turn.rpartition("-")[0]
    content = body(turn, explicit="billing")
    return await http.post(f"{url}/{conversation}/message", json=content, headers={"x-turn-id": turn})


async def load(http: httpx2.AsyncClient, url: str, client: str, sent: dict[str, str | None]) -> None:
    """Ask one Turn after the other until the line breaks; `sent` tells which, and what was answered."""
    try:
        for number in range(10_000):
            turn = f"{client}-{number}"
            sent[turn] = None
            response = await ask(http, url, turn)
            assert response.status_code == 200, response.text
            sent[turn] = response.json()["content"]
    except httpx2.TransportError:
        return


async def test_every_turn_is_answered_or_interrupted_and_asked_at_most_once(runtime: Killed) -> None:
    chance, outcomes = random.Random(4), Counter[str]()  # noqa: S311 - which moment is no secret
    sent: dict[str, str | None] = {}
    url = runtime.start()
    for round_ in range(KILLS):
        this_round: dict[str, str | None] = {}
        async with httpx2.AsyncClient() as http:
            clients = [load(http, url, f"r{round_}c{each}", this_round) for each in range(CLIENTS)]
            asking = asyncio.gather(*clients)
            wanted = chance.randrange(MOST_ANSWERS)
            await eventually(functools.partial(are_answered, this_round, wanted), within_seconds=30)
            await asyncio.sleep(chance.uniform(0.0, 0.01))
            runtime.kill()
            await asking
            url = runtime.start()
            for turn, answer in this_round.items():
                outcomes[await judged(http, url, turn, answer)] += 1
        sent |= this_round
    asked = Counter(runtime.asked.read_text().split())

    print(f"{KILLS} kills, {len(sent)} Turns: {dict(outcomes)}")
    assert outcomes["answered"] > KILLS
    assert {turn for turn, times in asked.items() if times > 1} == set()
    assert set(asked) <= set(sent)


def are_answered(turns: dict[str, str | None], count: int) -> bool:
    """Whether so many Turns are."""
    return sum(answer is not None for answer in turns.values()) >= count


async def judged(http: httpx2.AsyncClient, url: str, turn: str, answer: str | None) -> str:
    """How a Turn stands after the restart, where it must stand however often it is asked for."""
    kept = await http.get(f"{url}/{turn.rpartition('-')[0]}/turns/{turn}")
    again = await ask(http, url, turn)
    if answer is not None:
        # The client has it, so it is kept.
        assert kept.json()["status"] == "answered"
    if again.is_success:
        assert again.json()["content"] == f"about {turn}"
        return "answered" if kept.is_success else "never taken, answered now"
    assert (again.status_code, again.json()["code"]) == (503, "TurnInterrupted")
    assert "retry-after" in again.headers
    return "interrupted"
