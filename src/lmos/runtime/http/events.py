"""Turns as server-sent events, which a client that lost the line takes up again where it left off."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import StreamingResponse

from lmos.runtime.http.errors import problem
from lmos.runtime.running import (
    Answered,
    Delta,
    Failed,
    Finished,
    HandedOver,
    Remark,
    Started,
    kept_events,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping

    from lmos.ports.store import TurnRecord
    from lmos.runtime.running import TurnEvent

    Numbered = tuple[int, TurnEvent]

EVENT_STREAM = "text/event-stream"
HEARTBEAT_SECONDS = 15.0
"""Of silence, after which a comment keeps the line open and tells us whether the client is there."""

_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_HEARTBEAT = b": the Turn goes on\n\n"


def event_stream(
    events: AsyncGenerator[Numbered, None],
    headers: Mapping[str, str],
    first: Numbered | None = None,
    *,
    write: Callable[[int, TurnEvent], bytes] | None = None,
) -> StreamingResponse:
    """The answer that tells `first` and then `events` as they come, in our own frames or as `write` does."""
    frames = _frames(first, events, write or _frame)
    return StreamingResponse(frames, media_type=EVENT_STREAM, headers={**headers, **_HEADERS})


async def told_again(record: TurnRecord, after: int) -> AsyncGenerator[Numbered, None]:
    """
    The events of a Turn that is over, for a client that has heard those up to number `after`.

    What was streamed is not kept; the message repeats the whole, so it is told with the next number.
    """
    unheard = (event for event in kept_events(record) if not (after and isinstance(event, Started)))
    for number, event in enumerate(unheard, start=after + 1):
        yield number, event


async def _frames(
    first: Numbered | None,
    events: AsyncGenerator[Numbered, None],
    write: Callable[[int, TurnEvent], bytes],
) -> AsyncIterator[bytes]:
    async with aclosing(events):
        if first is not None:
            yield write(*first)
        while True:
            coming = asyncio.ensure_future(anext(events, None))
            try:
                while not (await asyncio.wait({coming}, timeout=HEARTBEAT_SECONDS))[0]:
                    yield _HEARTBEAT
            finally:
                # The client may leave while we wait.
                if not coming.done():
                    coming.cancel()
                    await asyncio.wait({coming})
            event = coming.result()
            if event is None:
                return
            yield write(*event)


def _frame(number: int, event: TurnEvent) -> bytes:
    """An event as server-sent; the number is its id."""
    name, data = _told(event)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, name.encode(), orjson.dumps(data))


def _told(event: TurnEvent) -> tuple[str, dict[str, Any]]:
    """The name and the data of an event."""
    match event:
        case Started(turn, decision):
            told = {"turn": turn, "agent": decision.agent, "stage": decision.stage, "reason": decision.reason}
            return "turn.started", told
        case HandedOver(turn, agent, to):
            return "turn.handover", {"turn": turn, "agent": agent, "to": to}
        case Delta(text):
            return "message.delta", {"content": text}
        case Remark(message) | Answered(message, _):
            return "message.intermediate" if isinstance(event, Remark) else "message", message.to_wire()
        case Finished(record):
            over = record.turn
            return "turn.finished", {"turn": over.id, "agent": over.agent, "seconds": record.seconds}
        case Failed(failure):
            return "error", problem(failure)
