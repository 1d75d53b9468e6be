"""The doors in OpenAI's shape in the OpenAPI document: plain routes, so described by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from lmos.core.protocols.openai import ChatRequest, ResponsesRequest
from lmos.runtime.http.description import ASKING, SCHEMAS, describe, parameter, reference, refusals
from lmos.runtime.http.openai.door import (
    CHAT_PATH,
    CONVERSATION_HEADER,
    IDEMPOTENCY_HEADER,
    RESPONSES_PATH,
)
from lmos.runtime.http.requests import TURN_HEADER

if TYPE_CHECKING:
    from fastapi import FastAPI
    from pydantic import BaseModel

_HEADERS = (TURN_HEADER, IDEMPOTENCY_HEADER, CONVERSATION_HEADER, "x-subset")


def describe_openai(app: FastAPI) -> None:
    """Have the OpenAPI document of `app` tell of both doors."""
    for path, request, summary in (
        (CHAT_PATH, ChatRequest, "Ask, as for a chat completion"),
        (RESPONSES_PATH, ResponsesRequest, "Ask, as for a response"),
    ):
        _, definitions = models_json_schema([(request, "validation")], ref_template=SCHEMAS + "{model}")
        describe(app, path, _operation(request, summary), definitions["$defs"] | {"OpenAiError": _ERROR})


def _operation(request: type[BaseModel], summary: str) -> dict[str, Any]:
    answer = {
        "application/json": {"schema": _ANSWER},
        # No schema: of a stream it would have to be that of all events in one text.
        "text/event-stream": {"example": 'data: {"id": "chatcmpl-t-1"}\n\ndata: [DONE]\n\n'},
    }
    return {
        "tags": ["openai"],
        "summary": summary,
        "description": "`model` is tenant/channel or tenant/channel/agent. OpenAI's reference describes the "
        "answer; its field `lmos` tells of conversation, turn, agent, stage and reason.",
        "operationId": request.__name__,
        "parameters": [parameter("header", name, required=False) for name in _HEADERS],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": reference(request.__name__)}},
        },
        "responses": {"200": {"description": "The answer, or its events.", "content": answer}}
        | refusals(*ASKING, schema="OpenAiError"),
    }


_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
                "hint": {"type": "string"},
            },
            "required": ["message", "type", "param", "code"],
        }
    },
    "required": ["error"],
}

_ANSWER = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "object": {"enum": ["chat.completion", "response"]},
        "model": {"type": "string"},
        "usage": {"type": "object"},
        "lmos": {"type": "object"},
    },
    "required": ["id", "object", "model", "usage", "lmos"],
}
