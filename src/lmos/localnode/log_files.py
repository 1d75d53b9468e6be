"""Logs of processes: each line with its time, Secrets masked, bounded in size, read back as asked for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections import deque
from typing import TYPE_CHECKING

import structlog

from lmos.ports.pod_logs import NoLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from lmos.ports.clock import Clock
    from lmos.ports.pod_logs import LogRequest

log = structlog.get_logger()

LIMIT_BYTES = 10 * 1024 * 1024
"""A log that grows past this begins anew; the part before is kept once."""
_EARLIER = ".1"
_CHUNK_BYTES = 64 * 1024
_LINE_BYTES = 64 * 1024
_SHORTEST_SECRET = 6
_MASK = b"****"
_LOOK_SECONDS = 0.1


class LogWriter(threading.Thread):
    """
    Copies what a process prints into its log until the last writer has closed the pipe.

    A thread of its own, so that no process waits for the event loop; a full disk loses lines, never time.

    Args:
        pipe: Where the process prints; closed at the end.
        path: The log.
        secrets: What is masked in it.
        clock: Stamps the lines.
        limit_bytes: Where it begins anew.
    """

    def __init__(
        self,
        pipe: int,
        path: Path,
        secrets: Iterable[bytes],
        clock: Clock,
        *,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        super().__init__(name=f"log-{path.stem}", daemon=True)
        self._pipe = pipe
        self._path = path
        # Line by line, as logs are read; the longest first, for one may hold another.
        lines = {line for secret in secrets for line in secret.splitlines() if len(line) >= _SHORTEST_SECRET}
        self._secrets = sorted(lines, key=len, reverse=True)
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._is_losing = False

    def run(self) -> None:
        """Copy to the end."""
        unfinished = b""
        with open(self._pipe, "rb", buffering=0) as pipe:  # noqa: PTH123 - a descriptor has no path
            while chunk := pipe.read(_CHUNK_BYTES):
                *lines, unfinished = (unfinished + chunk).split(b"\n")
                if len(unfinished) > _LINE_BYTES:
                    lines, unfinished = [*lines, unfinished], b""
                self._write(lines)
        if unfinished:
            self._write([unfinished])

    def _write(self, lines: list[bytes]) -> None:
        stamp = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ ").encode()
        written = b"".join(stamp + self._masked(line) + b"\n" for line in lines)
        try:
            with self._path.open("ab") as file:
                file.write(written)
                size = file.tell()
            if size > self._limit_bytes:
                self._path.replace(_earlier(self._path))
            self._is_losing = False
        except OSError as error:
            # Once, for a full disk stays full for a while.
            if not self._is_losing:
                log.warning("log_lost", log=str(self._path), error=error.strerror)
            self._is_losing = True

    def _masked(self, line: bytes) -> bytes:
        for secret in self._secrets:
            line = line.replace(secret, _MASK)
        return line


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a log without their times; none where there is no log."""
    with contextlib.suppress(OSError):
        return [_text(line).decode(errors="replace").strip() for line in deque(_stamped(path), maxlen=count)]
    return []


async def read_log(path: Path, request: LogRequest, is_written: Callable[[], bool]) -> AsyncIterator[bytes]:
    """
    A log as `request` asks for it, in pieces of whole lines.

    Args:
        path: The log.
        request: Which part of it.
        is_written: Whether somebody may still write; following ends when nobody does.

    Raises:
        NoLog: There is no such log.
    """
    try:
        lines, file = await asyncio.to_thread(_opened, path, request)
    except OSError as error:
        raise NoLog(f"There is no log at {path}.") from error
    left = request.limit_bytes
    try:
        while left is None or left > 0:
            # Asked first: what is written before the answer is still read.
            is_last = not (request.follow and is_written())
            piece = b"".join(line if request.timestamps else _text(line) for line in lines)[:left]
            if piece:
                yield piece
                left = left and left - len(piece)
            lines = file.readlines()
            if not lines and _begins_anew(path, file):
                file.close()
                file = path.open("rb")
            elif not lines and is_last:
                return
            elif not lines:
                await asyncio.sleep(_LOOK_SECONDS)
    finally:
        file.close()


def _opened(path: Path, request: LogRequest) -> tuple[list[bytes], BinaryIO]:
    """The lines that are there and wanted, and the file behind the last of them."""
    file = path.open("rb")
    try:
        lines: Iterable[bytes] = _all_lines(path, file)
        if request.since:
            first = request.since.strftime("%Y-%m-%dT%H:%M:%S").encode()
            lines = (line for line in lines if line >= first)
        return list(deque(lines, maxlen=request.tail_lines)), file
    except BaseException:
        file.close()
        raise


def _all_lines(path: Path, file: BinaryIO) -> Iterator[bytes]:
    with contextlib.suppress(OSError):
        yield from _stamped(_earlier(path))
    yield from file


def _stamped(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _text(line: bytes) -> bytes:
    return line.partition(b" ")[2]


def _earlier(path: Path) -> Path:
    return path.with_name(path.name + _EARLIER)


def _begins_anew(path: Path, file: BinaryIO) -> bool:
    """Whether the log that was open is the earlier part by now."""
    with contextlib.suppress(OSError):
        return not os.path.samestat(path.stat(), os.fstat(file.fileno()))
    return False
