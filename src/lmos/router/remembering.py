"""An encoder that encodes each text once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lmos.ports.models import Encoder

MOST_REMEMBERED = 10_000
"""At 512 dimensions, 20 MB."""


class RememberingEncoder:
    """
    Wraps an encoder and remembers the embeddings of the texts it saw last.

    For the examples that heads are trained on; users' messages do not come twice. For one thread.
    """

    def __init__(self, encoder: Encoder, most: int = MOST_REMEMBERED) -> None:
        self._encoder = encoder
        self._most = most
        self._known: dict[str, NDArray[np.float32]] = {}
        self.name = encoder.name

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit embeddings, shape (n, d)."""
        fresh = list(dict.fromkeys(text for text in texts if text not in self._known))
        self._known.update(zip(fresh, self._encoder.encode(fresh), strict=True))
        rows = [self._known[text] for text in texts]
        # The texts that were asked for last are the last to be forgotten.
        self._known |= {text: self._known.pop(text) for text in dict.fromkeys(texts)}
        for text in list(self._known)[: max(0, len(self._known) - self._most)]:
            del self._known[text]
        return np.vstack(rows)
