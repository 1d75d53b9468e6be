"""Where a language model is, how it is spoken to, and what it may cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto


class Dialect(Enum):
    """How a server wants to be told the schema of an answer; all of them speak OpenAI's chat completions."""

    OPENAI = auto()
    """As a strict `json_schema`: OpenAI and Azure."""

    SCHEMA = auto()
    """As a `json_schema` with everything in it: vLLM, Ollama, llama.cpp, Gemini and others."""

    TOOL = auto()
    """As a tool that must be called: servers that pass over `response_format`, such as Anthropic's."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    One model.

    Attributes:
        url: The base of the API, such as `http://localhost:8000/v1`.
        model: Its name there.
        api_key: Sent to `url` and shown nowhere; empty where none is needed.
        dialect: How the schema is told.
        temperature: 0 for the likeliest answer.
        max_tokens: How much it may write.
        token_budget: How much it may be given to read, at about four characters a token.
        timeout_seconds: For everything from the question to the answer, repair included.
    """

    url: str
    model: str
    api_key: str = field(default="", repr=False)
    dialect: Dialect = Dialect.SCHEMA
    temperature: float = 0.0
    max_tokens: int = 2000
    token_budget: int = 8000
    timeout_seconds: float = 10.0
