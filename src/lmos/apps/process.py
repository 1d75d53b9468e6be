"""What every process of ours does around its work: logs, signals, the event loop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, TextIO

import structlog
import uvloop

from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


def run_process(main: Callable[[], Coroutine[None, None, None]]) -> None:
    """
    Run `main` until it returns or the process is told to stop (SIGINT, SIGTERM); both end well.

    Raises:
        LmosError: What `main` failed with, also when it failed inside a task group.
    """
    try:
        uvloop.run(_until_signal(main))
    except* LmosError as errors:
        raise _first(errors) from errors


async def _until_signal(main: Callable[[], Coroutine[None, None, None]]) -> None:
    work = asyncio.create_task(main())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        # We were told to stop and have stopped.
        return


def _first(errors: BaseExceptionGroup[LmosError]) -> LmosError:
    first = errors.exceptions[0]
    return first if isinstance(first, LmosError) else _first(first)


def configure_logging(stream: TextIO | None = None) -> None:
    """
    Log events with fields: readable on a terminal, JSON lines anywhere else.

    `LMOS_LOG_LEVEL` (debug, info, warning, error) sets the level; info if unset.
    """
    output = stream or sys.stderr
    level = logging.getLevelNamesMapping().get(os.environ.get("LMOS_LOG_LEVEL", "info").upper(), logging.INFO)
    renderer = structlog.dev.ConsoleRenderer() if output.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(output),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(stream=output, level=max(level, logging.WARNING))
