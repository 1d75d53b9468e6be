"""Messages of several Turns, encoded in one go."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from lmos.ports.models import RemoteEncoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lmos.ports.models import Encoder

    Batch = list[tuple[str, asyncio.Future[NDArray[np.float32]]]]

LARGEST_BATCH = 16
"""Takes half as long a text as one alone; larger ones gain little and keep the event loop from others."""


class BatchingEncoder:
    """
    Encodes together what is asked for in one round of the event loop.

    A Turn that is alone waits for nobody. Under load the loop reads several messages in a round, the more
    the longer the batch before took. A remote encoder is waited for on a thread.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._is_remote = isinstance(encoder, RemoteEncoder)
        self._under_way: set[asyncio.Task[NDArray[np.float32]]] = set()
        self._waiting: Batch = []

    def encode(self, text: str) -> asyncio.Future[NDArray[np.float32]]:
        """The unit embedding of a text, shape (d,); fails with what the encoder raises."""
        loop = asyncio.get_running_loop()
        encoded: asyncio.Future[NDArray[np.float32]] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._encode_some)
        self._waiting.append((text, encoded))
        return encoded

    def _encode_some(self) -> None:
        batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._encode_some)
        # Who was cancelled meanwhile wants nothing any more.
        batch = [(text, encoded) for text, encoded in batch if not encoded.done()]
        texts = [text for text, _ in batch]
        if self._is_remote:
            task = asyncio.create_task(asyncio.to_thread(self._encoder.encode, texts))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            task.add_done_callback(partial(_tell, batch))
            return
        try:
            rows = self._encoder.encode(texts)
        except Exception as error:  # noqa: BLE001 - it is each Turn's own
            _fail(batch, error)
        else:
            _give(batch, rows)


def _tell(batch: Batch, task: asyncio.Task[NDArray[np.float32]]) -> None:
    if task.cancelled():
        for _, encoded in batch:
            encoded.cancel()
    elif error := task.exception():
        _fail(batch, error)
    else:
        _give(batch, task.result())


def _fail(batch: Batch, error: BaseException) -> None:
    for _, encoded in batch:
        if not encoded.done():
            encoded.set_exception(error)


def _give(batch: Batch, rows: NDArray[np.float32]) -> None:
    for (_, encoded), row in zip(batch, rows, strict=True):
        if not encoded.done():
            encoded.set_result(row)
