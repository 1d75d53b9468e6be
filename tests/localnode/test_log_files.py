"""Logs of processes: stamped, masked, bounded, and read back as asked for."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from lmos.localnode.log_files import LogWriter, last_lines, read_log
from lmos.ports.pod_logs import LogRequest, NoLog
from lmos.testing.clock import FrozenClock
from lmos.testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2026, 1, 1, tzinfo=UTC)


class Printing:
    """A process that prints into a log."""

    def __init__(self, path: Path, *secrets: bytes, limit_bytes: int = 1_000_000) -> None:
        readable, self._pipe = os.pipe()
        self.clock = FrozenClock(START)
        self._path = path
        self._writer = LogWriter(readable, path, secrets, self.clock, limit_bytes=limit_bytes)
        self._writer.start()

    def says(self, text: str) -> None:
        """Print without waiting."""
        os.write(self._pipe, text.encode())

    async def prints(self, text: str) -> None:
        """Print, and wait until it is in the log."""
        self.says(text)
        await self.has(text.splitlines()[-1])

    async def has(self, text: str) -> None:
        await eventually(lambda: self._path.exists() and text in self._path.read_text())

    def ends(self) -> None:
        if self._pipe:
            os.close(self._pipe)
            self._writer.join()
            self._pipe = 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "0.log"


@pytest.fixture
def printing(path: Path) -> Iterator[Printing]:
    it = Printing(path, b"hunter22", b"first line\nsecond line\n")
    yield it
    it.ends()


async def text_of(path: Path, *, is_written: bool = False, **request: object) -> str:
    pieces = read_log(path, LogRequest(**request), lambda: is_written)  # type: ignore[arg-type]  # its fields
    return b"".join([piece async for piece in pieces]).decode()


async def test_lines_are_kept_with_their_times_and_read_without_them(path: Path, printing: Printing) -> None:
    await printing.prints("one\n")
    printing.clock.advance(61)
    await printing.prints("two\n")

    assert await text_of(path) == "one\ntwo\n"
    stamped = await text_of(path, timestamps=True)
    assert stamped == "2026-01-01T00:00:00.000000Z one\n2026-01-01T00:01:01.000000Z two\n"


async def test_the_last_words_are_kept_without_an_end_of_line(path: Path, printing: Printing) -> None:
    await printing.prints("one\n")
    printing.says("two")
    printing.ends()

    assert await text_of(path) == "one\ntwo\n"
    assert last_lines(path, 1) == ["two"]


async def test_a_part_of_a_log_can_be_asked_for(path: Path, printing: Printing) -> None:
    await printing.prints("one\n")
    printing.clock.advance(60)
    await printing.prints("two\nthree\n")

    assert await text_of(path, since=START + timedelta(seconds=30)) == "two\nthree\n"
    assert await text_of(path, tail_lines=1) == "three\n"
    assert await text_of(path, tail_lines=0) == ""
    assert await text_of(path, limit_bytes=5) == "one\nt"


async def test_secrets_are_masked_line_by_line(path: Path, printing: Printing) -> None:
    await printing.prints("token=hunter22!\nthe second line\nend\n")

    assert await text_of(path) == "token=****!\nthe ****\nend\n"


async def test_following_goes_on_until_the_process_has_ended(path: Path, printing: Printing) -> None:
    await printing.prints("one\n")
    alive = [True]
    following = read_log(path, LogRequest(follow=True), lambda: bool(alive))
    seen = [await anext(following)]
    await printing.prints("two\n")
    seen.append(await anext(following))
    printing.ends()
    alive.clear()

    assert seen == [b"one\n", b"two\n"]
    assert [piece async for piece in following] == []


async def test_a_long_log_begins_anew_and_keeps_the_part_before(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    path.touch()
    printing = Printing(path, limit_bytes=100)
    alive = [True]
    following = read_log(path, LogRequest(follow=True), lambda: bool(alive))
    for number in range(7):
        printing.says(f"line {number} {'.' * 20}\n")
        printing.clock.advance(1)
        piece = await asyncio.wait_for(anext(following), 5)
        assert piece.decode().startswith(f"line {number}")
    printing.ends()
    alive.clear()
    assert [piece async for piece in following] == []

    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 300
    assert (await text_of(path)).endswith(f"line 6 {'.' * 20}\n")


async def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "0.log"
    printing = Printing(path)
    printing.says("x" * 60_000)
    printing.ends()

    assert not path.exists()


async def test_where_there_is_no_log_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoLog):
        await text_of(tmp_path / "0.log")
