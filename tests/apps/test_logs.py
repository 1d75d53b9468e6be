"""What the services write as they work: every line, however it came."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import structlog

from lmos.apps.logs import configure_logging

if TYPE_CHECKING:
    from collections.abc import Iterator


class Counting(io.StringIO):
    """A stream that remembers each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return super().write(text)


@pytest.fixture
def output() -> Iterator[Counting]:
    output = Counting()
    configure_logging(output)
    yield output
    structlog.reset_defaults()


async def test_lines_of_one_round_of_the_event_loop_are_written_at_once(output: Counting) -> None:
    log = structlog.get_logger()
    for number in range(3):
        log.info("event", number=number)
    assert not output.writes

    await asyncio.sleep(0)

    (written,) = output.writes
    assert [json.loads(line)["number"] for line in written.splitlines()] == [0, 1, 2]


def test_without_an_event_loop_a_line_is_written_as_it_comes(output: Counting) -> None:
    structlog.get_logger().info("event")

    assert json.loads(output.getvalue())["event"] == "event"


async def test_a_line_of_another_thread_is_written_as_it_comes(output: Counting) -> None:
    await asyncio.to_thread(structlog.get_logger().info, "event")

    assert json.loads(output.getvalue())["event"] == "event"


def test_the_last_lines_of_a_process_are_written_before_it_ends() -> None:
    script = """
import asyncio, structlog
from lmos.apps.logs import configure_logging
configure_logging()
async def main():
    structlog.get_logger().info("last words")
    asyncio.get_running_loop().stop()
    await asyncio.sleep(1)
try:
    asyncio.run(main())
except RuntimeError:
    pass
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "last words" in ended.stderr
