"""Examples around the corners of a space, as tests of scoring need them."""

import numpy as np
from numpy.typing import NDArray

from lmos.core.scoring import Examples, Matrix, Texts, unit
from lmos.core.scoring.features import BUCKETS

DIMENSIONS = 16


def wordless(embeddings: Matrix) -> Texts:
    """Texts of which embeddings alone are known."""
    return Texts(embeddings, np.zeros((len(embeddings), BUCKETS), dtype=np.float32))


def around(classes: NDArray[np.intp], spread: float, seed: int = 7) -> Matrix:
    """Unit embeddings, each near the corner of its class."""
    corners = np.eye(int(classes.max()) + 1, DIMENSIONS, dtype=np.float32)
    noise = np.random.default_rng(seed).standard_normal((len(classes), DIMENSIONS)).astype(np.float32)
    return unit(corners[classes] + spread * noise)


def examples(classes: NDArray[np.intp], spread: float = 0.1, names: Matrix | None = None) -> Examples:
    """Examples that users say, one for each of `classes`; without names, none fits."""
    count = int(classes.max()) + 1
    called = np.zeros((count, DIMENSIONS), dtype=np.float32) if names is None else names
    said = np.ones(len(classes), dtype=np.bool_)
    made = Examples.of(wordless(around(classes, spread)), classes, said, wordless(called), np.arange(count))
    return made if names is not None else made.without(made.importance < 1)
