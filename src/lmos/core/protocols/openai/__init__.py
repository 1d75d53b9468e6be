"""
OpenAI's chat completions and responses as values: bodies in, Questions out, and answers in their shapes.

Source:
    OpenAI's API reference, as far as an Agent can keep its promises; docs/reference/http.md says how far.
"""

from __future__ import annotations

from lmos.core.protocols.openai.chat import ChatWriter, chat_question
from lmos.core.protocols.openai.errors import (
    ModelNotFound,
    ParameterInvalid,
    ParameterUnsupported,
    PreviousResponseNotFound,
    ResponseNotFound,
)
from lmos.core.protocols.openai.model_name import ModelName
from lmos.core.protocols.openai.question import INSTRUCTIONS_KEY, Question
from lmos.core.protocols.openai.requests import ChatRequest, ResponsesRequest
from lmos.core.protocols.openai.response_id import TurnName, response_id, turn_of
from lmos.core.protocols.openai.responses import KeptResponse, ResponsesWriter, responses_question
from lmos.core.protocols.openai.writing import Heading, Writer

__all__ = [
    "INSTRUCTIONS_KEY",
    "ChatRequest",
    "ChatWriter",
    "Heading",
    "KeptResponse",
    "ModelName",
    "ModelNotFound",
    "ParameterInvalid",
    "ParameterUnsupported",
    "PreviousResponseNotFound",
    "Question",
    "ResponseNotFound",
    "ResponsesRequest",
    "ResponsesWriter",
    "TurnName",
    "Writer",
    "chat_question",
    "response_id",
    "responses_question",
    "turn_of",
]
