"""Embeddings from any server that speaks OpenAI's API."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal

import httpx2
import numpy as np
from pydantic import BaseModel, ValidationError

from lmos.ports.models import EncoderUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lmos.ports.clock import Clock

PAUSE_SECONDS = 5.0
"""How long a server that failed is left alone: no Turn waits for it meanwhile."""

_LARGEST_BATCH = 256
_LONGEST_TEXT = 2000


class _Embedding(BaseModel):
    index: int
    embedding: list[float]


class _Answer(BaseModel):
    data: list[_Embedding]


class OpenAiEncoder:
    """
    As many dimensions and languages as the model has; each text takes a request or a share of one.

    Args:
        url: Of the API, such as `https://api.openai.com/v1`.
        model: Its name there.
        api_key: Sent along; empty where none is wanted.
        clock: Measures the pauses.
        timeout_seconds: For a request.
    """

    is_remote: Literal[True] = True

    def __init__(
        self, url: str, model: str, api_key: str, clock: Clock, timeout_seconds: float = 10.0
    ) -> None:
        self.name = f"{url.rstrip('/')}#{model}"
        self._model = model
        self._clock = clock
        self._retry_at = 0.0
        self._http = httpx2.Client(
            base_url=url.rstrip("/"),
            headers={"authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=timeout_seconds,
            trust_env=False,
        )
        # Requests come one at a time: more would only wait for each other at the server.
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """
        Unit embeddings, shape (n, d); of a longer text the first 2,000 characters count.

        Raises:
            EncoderUnavailable: The server cannot be reached, or answers with anything else.
        """
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        with self._lock:
            if self._clock.monotonic() < self._retry_at:
                raise EncoderUnavailable("The encoder failed a moment ago and is left alone for a while.")
            try:
                rows = [
                    self._embeddings(texts[start : start + _LARGEST_BATCH])
                    for start in range(0, len(texts), _LARGEST_BATCH)
                ]
            except EncoderUnavailable:
                self._retry_at = self._clock.monotonic() + PAUSE_SECONDS
                raise
        return np.vstack(rows)

    def _embeddings(self, texts: Sequence[str]) -> NDArray[np.float32]:
        # An empty text is refused by some servers.
        written = [text[:_LONGEST_TEXT].encode(errors="replace").decode().strip() or "-" for text in texts]
        asked: dict[str, Any] = {"model": self._model, "input": written, "encoding_format": "float"}
        try:
            response = self._http.post("/embeddings", json=asked)
            response.raise_for_status()
            answer = _Answer.model_validate_json(response.content)
        except httpx2.HTTPStatusError as error:
            status = error.response.status_code
            raise EncoderUnavailable(f"The encoder answers with status {status}.") from error
        except httpx2.HTTPError as error:
            raise EncoderUnavailable(f"The encoder cannot be reached: {type(error).__name__}.") from error
        except ValidationError as error:
            raise EncoderUnavailable("The encoder answers with something else than embeddings.") from error
        ordered = sorted(answer.data, key=lambda each: each.index)
        lengths = {len(each.embedding) for each in ordered}
        if [each.index for each in ordered] != list(range(len(texts))) or len(lengths) != 1:
            raise EncoderUnavailable("The encoder answers with other embeddings than were asked for.")
        rows = np.array([each.embedding for each in ordered], dtype=np.float32)
        if not np.isfinite(rows).all():
            raise EncoderUnavailable("The encoder answers with numbers that are none.")
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        units: NDArray[np.float32] = (rows / np.where(norms == 0, 1, norms)).astype(np.float32)
        return units
