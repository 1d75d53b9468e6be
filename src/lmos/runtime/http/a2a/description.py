"""The A2A door in the OpenAPI document: a plain route, so described by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lmos.runtime.http.a2a.door import A2A_PATH
from lmos.runtime.http.description import describe, parameter, reference, refusals

if TYPE_CHECKING:
    from fastapi import FastAPI


def describe_a2a(app: FastAPI) -> None:
    """Have the OpenAPI document of `app` tell of the door."""
    answer = {
        "application/json": {"schema": reference("A2aAnswer")},
        # No schema: of a stream it would have to be that of all events in one text.
        "text/event-stream": {"example": 'data: {"jsonrpc": "2.0", "id": "1", "result": {"task": {}}}\n\n'},
    }
    operation = {
        "tags": ["a2a"],
        "summary": "Ask, as an A2A agent",
        "description": "JSON-RPC: SendMessage, SendStreamingMessage, GetTask, CancelTask, SubscribeToTask. "
        "A2A 1.0 describes their parameters and answers; a Turn is a Task.",
        "operationId": "a2a",
        "parameters": [
            parameter("path", "tenant"),
            parameter("path", "channel"),
            parameter("header", "a2a-version", required=False),
            parameter("header", "x-subset", required=False),
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": reference("A2aCall"), "example": _EXAMPLE}},
        },
        "responses": {"200": {"description": "The result or an error, or events of them.", "content": answer}}
        | refusals(400, 403, 413, 415, 500),
    }
    describe(app, A2A_PATH, operation, {"A2aCall": _CALL, "A2aAnswer": _ANSWER})


_EXAMPLE = {
    "jsonrpc": "2.0",
    "id": "1",
    "method": "SendMessage",
    "params": {
        "message": {
            "messageId": "t-1",
            "contextId": "c-1",
            "role": "ROLE_USER",
            "parts": [{"text": "How much is my bill?"}],
        }
    },
}

_CALL: dict[str, Any] = {
    "type": "object",
    "properties": {
        "jsonrpc": {"const": "2.0"},
        "id": {"type": ["string", "integer", "null"]},
        "method": {"type": "string"},
        "params": {"type": "object"},
    },
    "required": ["jsonrpc", "method"],
}

_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "jsonrpc": {"const": "2.0"},
        "id": {"type": ["string", "integer", "null"]},
        "result": {"type": "object"},
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "data": {"type": "array"},
            },
            "required": ["code", "message"],
        },
    },
    "required": ["jsonrpc", "id"],
}
