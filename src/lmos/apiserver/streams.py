"""Answers that go on, such as watches with a line of JSON for each event, until the client goes."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from itertools import chain, repeat
from typing import TYPE_CHECKING

from lmos.apiserver.answers import object_bytes
from lmos.apiserver.status import ApiError
from lmos.apiserver.values import encode
from lmos.apiserver.watch import Change

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from starlette.types import Message, Receive, Scope, Send

    from lmos.apiserver.answers import Form
    from lmos.apiserver.kinds import Resource
    from lmos.apiserver.server import Server
    from lmos.apiserver.storage import Entry
    from lmos.apiserver.watch import Selection, Watches
    from lmos.core.resources.kinds import Manifest

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


async def event_lines(
    server: Server,
    resource: Resource,
    selection: Selection,
    form: Form,
    *,
    version: int,
    initial: Sequence[Entry] = (),
    marks_initial_end: bool = False,
    wants_bookmarks: bool = False,
) -> AsyncGenerator[bytes, None]:
    """
    The lines of a watch, joined where several are due.

    Args:
        server: The server watched.
        resource: The resource in the version wanted.
        selection: Which of its objects.
        form: The form of each event's object.
        version: Events after this version follow.
        initial: Objects that come first as if they were added just now.
        marks_initial_end: Whether a bookmark says that those were all.
        wants_bookmarks: Whether a bookmark comes when nothing happened for a while.
    """
    # In a Table, only the first row comes with the description of its columns.
    headed = chain([True], repeat(object=False))

    def lines(changes: Sequence[Change]) -> bytes:
        now = server.now()
        bodies = (object_bytes(resource, it.entry, form, now, headed=next(headed)) for it in changes)
        return b"".join(map(_line, (it.type for it in changes), bodies))

    if initial:
        yield lines([Change("ADDED", entry) for entry in initial])
    if marks_initial_end:
        yield _bookmark(resource, version, {"annotations": {INITIAL_EVENTS_END: "true"}})
    try:
        async with aclosing(server.watches.follow(resource.key, selection, version)) as batches:
            async for batch in batches:
                if batch.changes:
                    yield lines(batch.changes)
                elif wants_bookmarks:
                    yield _bookmark(resource, batch.version, {})
    except ApiError as error:
        yield _line("ERROR", encode(error.status))


def _line(event: str, body: bytes) -> bytes:
    return b'{"type":"%b","object":%b}\n' % (event.encode(), body)


def _bookmark(resource: Resource, version: int, metadata: Manifest) -> bytes:
    kind = resource.kind
    said = {"kind": kind.kind, "apiVersion": kind.api_version}
    return _line("BOOKMARK", encode({**said, "metadata": {"resourceVersion": str(version), **metadata}}))


class Stream:
    """
    An answer that sends pieces as they come.

    It ends with them, after `seconds`, when the client goes, or when the server closes its watches.

    Args:
        watches: What bounds the number of streams and ends them all.
        pieces: What to send; where the first one fails, the answer is that failure.
        seconds: How long it lasts at most.
        media_type: What it is. Those who watch are told at once that they do; a log may turn out not to be
            there, so its answer begins with its first piece.
    """

    def __init__(
        self,
        watches: Watches,
        pieces: AsyncGenerator[bytes, None],
        seconds: float | None = None,
        media_type: str = "application/json",
    ) -> None:
        watches.refuse_too_many()
        self._watches = watches
        self._pieces = pieces
        self._seconds = seconds
        self._media_type = media_type
        self._has_begun = False

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        with self._watches.counted():
            sending = asyncio.create_task(self._send(send))
            leaving = asyncio.create_task(_disconnected(receive))
            closing = asyncio.create_task(self._watches.closing.wait())
            tasks = (sending, leaving, closing)
            try:
                await asyncio.wait(tasks, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            finally:
                has_client = not leaving.done()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        if not sending.cancelled():
            sending.result()
        if has_client:
            await self._begin(send)
            await send(_chunk(b"", more=False))

    async def _send(self, send: Send) -> None:
        async with aclosing(self._pieces) as pieces:
            if self._media_type == "application/json":
                await self._begin(send)
            async for piece in pieces:
                await self._begin(send)
                await send(_chunk(piece, more=True))

    async def _begin(self, send: Send) -> None:
        if self._has_begun:
            return
        self._has_begun = True
        headers = [(b"content-type", self._media_type.encode()), (b"cache-control", b"no-cache, private")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        # An empty chunk makes the headers leave at once.
        await send(_chunk(b"", more=True))


def _chunk(body: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
