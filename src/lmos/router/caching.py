"""An encoder that looks up what it has encoded in an earlier run."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lmos.ports.cache import Cache
    from lmos.ports.models import Encoder


class CachingEncoder:
    """
    Wraps an encoder and keeps its embeddings by the hash of their texts.

    For the examples of Agents; what users say is not kept.
    """

    def __init__(self, encoder: Encoder, cache: Cache) -> None:
        self._encoder = encoder
        self._cache = cache
        self.name = encoder.name

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit embeddings, shape (n, d)."""
        keys = [self._key(text) for text in texts]
        known = self._cache.read(keys)
        fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if fresh:
            rows = self._encoder.encode(list(fresh.values()))
            encoded = {key: row.astype(np.float32).tobytes() for key, row in zip(fresh, rows, strict=True)}
            self._cache.keep(encoded)
            known |= encoded
        return np.array([np.frombuffer(known[key], dtype=np.float32) for key in keys])

    def _key(self, text: str) -> str:
        hashed = hashlib.sha256(f"{self.name}\0{text}".encode(errors="surrogatepass"))
        return f"embedding-{hashed.hexdigest()}"
