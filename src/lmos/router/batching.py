"""Messages of several Turns, encoded in one go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lmos.ports.models import Encoder

LARGEST_BATCH = 16
"""Takes half as long a text as one alone; larger ones gain little and keep the event loop from others."""


class BatchingEncoder:
    """
    Encodes together what is asked for in one round of the event loop.

    A Turn that is alone waits for nobody. Under load the loop reads several messages in a round, the more
    the longer the batch before took.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._waiting: list[tuple[str, asyncio.Future[NDArray[np.float32]]]] = []

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
        try:
            rows = self._encoder.encode([text for text, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is each Turn's own
            for _, encoded in batch:
                encoded.set_exception(error)
        else:
            for (_, encoded), row in zip(batch, rows, strict=True):
                encoded.set_result(row)
