"""Language models behind an OpenAI-compatible API, asked with pydantic-ai (`lmos[llm]`)."""

from __future__ import annotations

from lmos.adapters.language_model.endpoint import Dialect, Endpoint
from lmos.adapters.language_model.model import PydanticAiModel

__all__ = ["Dialect", "Endpoint", "PydanticAiModel"]
