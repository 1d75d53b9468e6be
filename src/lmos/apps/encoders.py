"""The sentence encoder that the environment asks for, and what is kept of its work."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from lmos.adapters.cache import FileCache
from lmos.adapters.system import SystemClock
from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lmos.ports.models import Encoder

CACHE = "router.db"


class EncoderKind(StrEnum):
    """What `LMOS_ENCODER` may say."""

    USE = "use"
    EN = "en"
    TFIDF = "tfidf"
    OPENAI = "openai"


# Imported by name when chosen: weights are large, and an encoder's library may be missing.
_CLASSES = {
    EncoderKind.USE: ("lmos.adapters.use_encoder", "UseEncoder"),
    EncoderKind.EN: ("lmos.adapters.bge_encoder", "BgeEncoder"),
    EncoderKind.TFIDF: ("lmos.adapters.tfidf_encoder", "TfidfEncoder"),
}
_OPENAI = "https://api.openai.com/v1"
_EMBEDDINGS = "/embeddings"


def encoder_of(environment: Mapping[str, str]) -> Encoder:
    """
    What `LMOS_ENCODER` says, loaded and ready; without it, the Universal Sentence Encoder.

    A server that speaks OpenAI's API is named by `EMBEDDING_MODEL_OPENAI_BASE_URL` and `…_API_KEY` of the
    original, and by `EMBEDDING_MODEL_NAME`.

    Raises:
        InvalidInput: It is none of the words that mean something, what it needs is not installed, or a
            server's model is not named.
    """
    said = environment.get("LMOS_ENCODER", EncoderKind.USE)
    try:
        kind = EncoderKind(said)
    except ValueError as error:
        raise InvalidInput(
            f"LMOS_ENCODER is {said!r}.", hint=f"Set it to one of {', '.join(EncoderKind)}."
        ) from error
    if kind is EncoderKind.OPENAI:
        return _server_of(environment)
    module, name = _CLASSES[kind]
    try:
        encoder: Encoder = getattr(import_module(module), name)()
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"LMOS_ENCODER is {said!r}, and {error.name} is not installed.",
            hint=f"Install it: pip install 'lmos[{kind}]'",
        ) from error
    return encoder


def _server_of(environment: Mapping[str, str]) -> Encoder:
    from lmos.adapters.openai_encoder import OpenAiEncoder  # noqa: PLC0415 - loaded when chosen, like the others

    model = environment.get("EMBEDDING_MODEL_NAME", "")
    # The original's variable names the endpoint, ours may name the API.
    url = (
        (environment.get("EMBEDDING_MODEL_OPENAI_BASE_URL") or _OPENAI).rstrip("/").removesuffix(_EMBEDDINGS)
    )
    if not model or not url.startswith(("http://", "https://")):
        raise InvalidInput(
            "LMOS_ENCODER is 'openai', and no model of a server is named.",
            hint="Set EMBEDDING_MODEL_NAME, and for others than OpenAI EMBEDDING_MODEL_OPENAI_BASE_URL.",
        )
    return OpenAiEncoder(url, model, environment.get("EMBEDDING_MODEL_API_KEY", ""), SystemClock())


def cache_in(folder: Path) -> FileCache:
    """Embeddings of examples and trained heads of a data folder."""
    return FileCache(folder / CACHE)
