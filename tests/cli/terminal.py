"""A command on a terminal of its own, typed at and read as a person would."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CTRL_C = "\x03"
CTRL_D = "\x04"
UP = "\x1b[A"
PATIENCE_SECONDS = 15.0

_ESCAPES = re.compile(r"\x1b\[[?\d;]*[A-Za-z]")

# The terminal becomes that of the command's session, so that Ctrl-C on it reaches the command.
_TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """What stands on the terminal of a running command."""

    def __init__(self, screen: int, process: subprocess.Popen[bytes]) -> None:
        self._screen = screen
        self._process = process
        self._news = asyncio.Event()
        self._raw = b""
        self._read = 0
        asyncio.get_running_loop().add_reader(screen, self._take)

    @property
    def text(self) -> str:
        """All that was printed, without colours."""
        return _ESCAPES.sub("", self._raw.decode(errors="replace")).replace("\r", "")

    def type(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    async def shows(self, text: str) -> str:
        """Wait until `text` stands behind what was waited for last; returns what came before it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (found := self.text.find(text, self._read)) < 0:
                self._news.clear()
                await self._news.wait()
        before = self.text[self._read : found]
        self._read = found + len(text)
        return before

    async def ends(self, keys: str) -> int:
        """
        The exit status, once `keys` have ended the command.

        They are typed until they are heard: Python misses a Ctrl-C in the instant before readline waits.
        """
        ended = asyncio.create_task(asyncio.to_thread(self._process.wait))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not ended.done():
                self.type(keys)
                await asyncio.wait([ended], timeout=1)
        return ended.result()

    def _take(self) -> None:
        try:
            self._raw += os.read(self._screen, 65536)
        except OSError:
            # Linux says so when the last process has left its terminal.
            asyncio.get_running_loop().remove_reader(self._screen)
        self._news.set()


@asynccontextmanager
async def terminal(home: Path, *arguments: str) -> AsyncIterator[Terminal]:
    """`lmos` with these arguments on a terminal, in a home of its own."""
    screen, line = pty.openpty()
    environment = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKE_TERMINAL, sys.executable, "-m", "lmos.cli.main", *arguments],
        stdin=line,
        stdout=line,
        stderr=line,
        start_new_session=True,
        env=environment,
    )
    os.close(line)
    try:
        yield Terminal(screen, process)
    finally:
        asyncio.get_running_loop().remove_reader(screen)
        process.kill()
        process.wait()
        os.close(screen)
