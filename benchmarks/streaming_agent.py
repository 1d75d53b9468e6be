"""
An Agent for `benchmarks.streams`: says when it speaks, or waits until it may.

A message `now` is answered with pieces that are the time at which each left, in nanoseconds. Any other
message is answered with itself once a message `go` has come.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from lmos.arc import Agent, Turn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PIECES = 20

streaming = Agent("streaming-agent", description="Speaks piece by piece", channels=["web"])
may_speak = asyncio.Event()


@streaming.capability("speak", examples=["now"])
async def speak(turn: Turn) -> AsyncIterator[str]:
    """Answer."""
    if turn.text == "now":
        for _ in range(_PIECES):
            await asyncio.sleep(0.01)
            yield f"{time.perf_counter_ns()} "
    elif turn.text == "go":
        may_speak.set()
        yield "gone"
    else:
        await may_speak.wait()
        yield turn.text
