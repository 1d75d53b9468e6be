"""The doors in OpenAI's shape: chat completions, responses, and Channels as models."""

from __future__ import annotations

from lmos.runtime.http.openai.description import describe_openai
from lmos.runtime.http.openai.door import CHAT_PATH, RESPONSES_PATH, OpenAiDoor
from lmos.runtime.http.openai.kept import kept_routes
from lmos.runtime.http.openai.models import model_routes

__all__ = ["CHAT_PATH", "RESPONSES_PATH", "OpenAiDoor", "describe_openai", "kept_routes", "model_routes"]
