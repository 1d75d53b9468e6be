"""What every process of ours does around its work: signals, the event loop, the garbage collector."""

from __future__ import annotations

import asyncio
import gc
import signal
from typing import TYPE_CHECKING

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
    tune_collector()
    try:
        uvloop.run(_until_signal(main))
    except* LmosError as errors:
        raise _first(errors) from errors


def tune_collector() -> None:
    """
    Let the garbage collector look less often.

    A service holds hundreds of thousands of objects that live as long as it does; at the default
    thresholds each full collection stops the loop for a tenth of a second to find none of them dead
    (docs/decisions/0010-garbage-collection.md).
    """
    gc.set_threshold(20_000, 50, 100)


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
