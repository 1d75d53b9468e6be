"""Models as LMOS needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


class Encoder(Protocol):
    """Turns sentences into embeddings."""

    @property
    def name(self) -> str:
        """Names the model and its version; embeddings of different names do not compare."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """
        Unit embeddings of `texts`, shape (n, d).

        May be called from several threads at once.
        """
        ...
