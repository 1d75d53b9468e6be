"""What the services say while they work: events with fields."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import sys
import traceback
from typing import TYPE_CHECKING, TextIO, cast

import orjson
import structlog

from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from structlog.typing import ExcInfo


def configure_logging(stream: TextIO | None = None) -> None:
    """
    Log events with fields: readable on a terminal, JSON lines anywhere else.

    Of an exception its kind and its places are told, not its message, which may hold what a user said.

    `LMOS_LOG_LEVEL` (debug, info, warning, error) sets the level; info if unset.
    """
    output = stream or sys.stderr
    level = logging.getLevelNamesMapping().get(os.environ.get("LMOS_LOG_LEVEL", "info").upper(), logging.INFO)
    renderer = (
        structlog.dev.ConsoleRenderer()
        if output.isatty()
        else structlog.processors.JSONRenderer(serializer=_json_line)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_told),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # A line is one write; printed it would be two.
        logger_factory=structlog.WriteLoggerFactory(_gathered(output)),
        cache_logger_on_first_use=True,
    )
    others = logging.StreamHandler(output)
    others.setFormatter(_Wordless(logging.BASIC_FORMAT))
    logging.basicConfig(handlers=[others], level=max(level, logging.WARNING))


def _gathered(output: TextIO) -> TextIO:
    """Lines for a person as they come; for a file or a pipe, those of a round of the event loop at once."""
    return output if output.isatty() else cast("TextIO", _Gathered(output))


class _Gathered:
    """
    A stream that is written to once a round of the event loop.

    Under load a write takes as long as making its line. Where no loop runs in this thread, and when the
    process ends, lines are written as they come.
    """

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._lines: list[str] = []
        atexit.register(self._send)

    def write(self, line: str) -> None:
        """Write a line before long."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._output.write(line)
            self._output.flush()
            return
        if not self._lines:
            loop.call_soon(self._send)
        self._lines.append(line)

    def flush(self) -> None:
        """It is done when the round ends."""

    def _send(self) -> None:
        lines, self._lines = self._lines, []
        if lines and not self._output.closed:
            self._output.write("".join(lines))
            self._output.flush()


class _Wordless(logging.Formatter):
    """Lines of other libraries, whose exceptions are told as ours are."""

    def formatException(self, ei: ExcInfo | tuple[None, None, None]) -> str:  # noqa: N802 - logging's own name
        """Only what `_told` tells."""
        return _told(ei) if ei[1] else ""


def _told(exc_info: ExcInfo) -> str:
    """The kinds of an exception and its causes, each with the places it came through."""
    lines: list[str] = []
    error: BaseException | None = exc_info[1]
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        kind = type(error)
        code = f" ({error.code})" if isinstance(error, LmosError) else ""
        lines += [f"{kind.__module__}.{kind.__qualname__}{code}\n", *traceback.format_tb(error.__traceback__)]
        error = error.__cause__ or error.__context__
    return "".join(lines).rstrip()


def _json_line(event: object, **_: object) -> str:
    """One line of the log; what JSON has no word for is written as text."""
    return orjson.dumps(event, default=str).decode()
