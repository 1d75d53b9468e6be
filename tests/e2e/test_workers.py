"""`lmos runtime --workers`: several processes behind one port that are one runtime to everybody outside."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
from collections import Counter
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from lmos.testing.waiting import eventually
from tests.e2e.running import LMOS, MARK, Up, has_proc, until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not has_proc(), reason="which processes are left is told by /proc"),
]

AGENT = """
import asyncio
import pathlib
from lmos.arc import Agent, Turn

echo = Agent("echo-agent", description="Says it again", channels=["web"])
asked = pathlib.Path(__file__).with_name("asked")

@echo.capability("echo", examples=["say it again"])
async def say(turn: Turn) -> str:
    with asked.open("a") as file:
        file.write(f"{turn.text}\\n")
    await asyncio.sleep(0.2 if "slowly" in turn.text else 0.005)
    return f"about {turn.text}"
"""

CLIENTS = 16
KILLS = int(os.environ.get("LMOS_WORKER_KILLS", "1"))


class Workers:
    """A runtime of two workers over the API server of `up`."""

    def __init__(self, up: Up, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.host = url
        self.url = f"{url}/apis/v1/demo/chat"
        self._asked = up.folder / "asked"
        self._asked.touch()

    def asked(self) -> Counter[str]:
        """How often the Agent was asked each message."""
        return Counter(self._asked.read_text().split("\n"))

    def pids(self) -> list[int]:
        """The worker processes."""
        pid = self.process.pid
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("workers")
    (folder / "agent.py").write_text(AGENT)
    with Up.start(folder, "agent.py") as started:
        assert started.endpoints
        yield started


@contextmanager
def two_workers(up: Up, folder: Path) -> Iterator[Workers]:
    config = ("--kubeconfig", str(up.data / "kubeconfig"), "--data", str(folder))
    command = [*LMOS, "runtime", "--workers", "2", "--port", "0", *config]
    environment = os.environ | {MARK: str(folder)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        found = re.search(r"http://[^\s,]+", process.stdout.readline())
        assert found
        workers = Workers(up, process, found[0])
        try:
            until(lambda: are_ready(found[0]), "both workers are ready")
            yield workers
        finally:
            process.kill()


def are_ready(url: str) -> bool:
    """Whether whoever takes a connection, many times over, has read the routing."""
    with suppress(httpx2.RequestError):
        return all(
            httpx2.get(f"{url}/apis/v1/agents/demo/web", timeout=10).is_success
            and httpx2.get(f"{url}/health/readiness", timeout=10).is_success
            for _ in range(12)
        )
    return False


async def ask(url: str, turn: str, text: str, conversation: str = "") -> httpx2.Response:
    """One message over a connection of its own, which any worker may take."""
    body: dict[str, Any] = {
        "inputContext": {
            "messages": [{"role": "user", "content": text}],
            "explicitAgent": "echo-agent",
        },
        "systemContext": {"channelId": "web"},
        "userContext": {"userId": "tests"},
    }
    async with httpx2.AsyncClient(timeout=20) as http:
        path = f"{url}/{conversation or turn}/message"
        return await http.post(path, json=body, headers={"x-turn-id": turn})


async def test_a_turn_that_comes_in_at_every_door_at_once_is_asked_once(up: Up, tmp_path: Path) -> None:
    with two_workers(up, tmp_path) as workers:
        sent = [ask(workers.url, "t1", "slowly once") for _ in range(CLIENTS)]
        answers = await asyncio.gather(*sent)

        assert [(each.status_code, each.json()["content"]) for each in answers] == [
            (200, "about slowly once")
        ] * CLIENTS
        assert workers.asked()["slowly once"] == 1

        workers.process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(workers.process.wait, 15) == 0


async def test_messages_of_one_conversation_keep_their_order(up: Up, tmp_path: Path) -> None:
    texts = [f"slowly ordered {number}" for number in range(5)]
    with two_workers(up, tmp_path) as workers:
        sent = []
        for number, text in enumerate(texts):
            sent.append(asyncio.create_task(ask(workers.url, f"t{number}", text, "ordered")))
            await eventually(partial(is_taken, workers.url, f"t{number}", "ordered"))
        answers = await asyncio.gather(*sent)

        assert [each.json()["content"] for each in answers] == [f"about {text}" for text in texts]
        turns = (await listed(workers.url, "ordered"))["turns"]
        assert [each["question"] for each in reversed(turns)] == texts


async def is_taken(url: str, turn: str, conversation: str) -> bool:
    """Whether a Turn is written down."""
    async with httpx2.AsyncClient() as http:
        return (await http.get(f"{url}/{conversation}/turns/{turn}")).is_success


async def test_a_worker_that_is_killed_takes_no_turn_along_and_comes_back(up: Up, tmp_path: Path) -> None:
    outcomes, sent = Counter[str](), list[str]()
    with two_workers(up, tmp_path) as workers:
        for round_ in range(KILLS):
            turns = [f"slowly {round_}-{number}" for number in range(CLIENTS * 4)]
            heard: dict[str, str | None] = {}
            gate = asyncio.Semaphore(CLIENTS)
            asking = asyncio.gather(*(tell(workers.url, turn, heard, gate) for turn in turns))
            await eventually(partial(are_under_way, workers, turns, heard))
            before = workers.pids()
            os.kill(before[round_ % 2], signal.SIGKILL)
            await asking
            await eventually(partial(has_another, workers, before))
            await asyncio.to_thread(until, partial(are_ready, workers.host), "it is ready again")
            for turn in turns:
                outcomes[await stands(workers.url, turn, heard[turn])] += 1
            sent += turns
        asked = workers.asked()

    print(f"{KILLS} workers killed, {len(sent)} Turns: {dict(outcomes)}")
    assert outcomes["answered"] > len(sent) / 2
    assert outcomes["interrupted"] > 0
    assert {turn for turn in sent if asked[turn] > 1} == set()


def are_under_way(workers: Workers, turns: list[str], heard: dict[str, str | None]) -> bool:
    """Whether some Turns are answered, and enough of the others asked that each worker has some."""
    asked = workers.asked()
    return len(heard) >= CLIENTS // 2 and sum(turn in asked for turn in turns) >= len(heard) + 6


def has_another(workers: Workers, before: list[int]) -> bool:
    """Whether there is a worker for the one that was killed."""
    return len(set(workers.pids()) - set(before)) == 1


async def tell(url: str, turn: str, heard: dict[str, str | None], gate: asyncio.Semaphore) -> None:
    """Ask a Turn, and note its answer, or that there was none."""
    heard_now = None
    async with gate:
        with suppress(httpx2.RequestError):
            heard_now = await answer(url, turn)
    heard[turn] = heard_now


async def answer(url: str, turn: str) -> str | None:
    response = await ask(url, turn, turn)
    if response.is_success:
        return str(response.json()["content"])
    assert response.status_code == 503, response.text
    return None


async def stands(url: str, turn: str, heard: str | None) -> str:
    """How a Turn stands once all workers are back, where it must stand however often it is asked for."""
    again = await ask(url, turn, turn)
    if again.is_success:
        assert again.json()["content"] == f"about {turn}"
        return "answered"
    assert heard is None
    assert (again.status_code, again.json()["code"]) == (503, "TurnInterrupted")
    return "interrupted"


async def listed(url: str, conversation: str) -> dict[str, Any]:
    async with httpx2.AsyncClient() as http:
        found = await http.get(f"{url.removesuffix('/chat')}/conversations/{conversation}")
    page: dict[str, Any] = found.json()
    return page


def test_when_whoever_started_them_is_killed_the_workers_end(up: Up, tmp_path: Path) -> None:
    with two_workers(up, tmp_path) as workers:
        pids = workers.pids()
        workers.process.kill()
        workers.process.wait()

        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "no worker is left")


def test_a_worker_that_cannot_do_its_work_ends_them_all(up: Up, tmp_path: Path) -> None:
    (tmp_path / "conversations.db").mkdir()
    config = ("--kubeconfig", str(up.data / "kubeconfig"), "--data", str(tmp_path))
    ended = subprocess.run(
        [*LMOS, "runtime", "--workers", "2", "--port", "0", *config],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ended.returncode == 1
    assert "cannot be read or written" in ended.stderr
    assert "Worker" in ended.stderr
