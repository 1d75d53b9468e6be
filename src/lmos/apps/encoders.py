"""The sentence encoder that the environment asks for, and what is kept of its work."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from lmos.adapters.cache import FileCache
from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lmos.ports.models import Encoder

CACHE = "router.db"


class EncoderKind(StrEnum):
    """What `LMOS_ENCODER` may say."""

    USE = "use"
    TFIDF = "tfidf"


# Imported by name when chosen: weights are large, and an encoder's library may be missing.
_CLASSES = {
    EncoderKind.USE: ("lmos.adapters.use_encoder", "UseEncoder"),
    EncoderKind.TFIDF: ("lmos.adapters.tfidf_encoder", "TfidfEncoder"),
}


def encoder_of(environment: Mapping[str, str]) -> Encoder:
    """
    What `LMOS_ENCODER` says, loaded and ready; without it, the Universal Sentence Encoder.

    Raises:
        InvalidInput: It is none of the words that mean something.
    """
    said = environment.get("LMOS_ENCODER", EncoderKind.USE)
    try:
        module, name = _CLASSES[EncoderKind(said)]
    except ValueError as error:
        raise InvalidInput(
            f"LMOS_ENCODER is {said!r}.", hint=f"Set it to one of {', '.join(EncoderKind)}."
        ) from error
    encoder: Encoder = getattr(import_module(module), name)()
    return encoder


def cache_in(folder: Path) -> FileCache:
    """Embeddings of examples and trained heads of a data folder."""
    return FileCache(folder / CACHE)
