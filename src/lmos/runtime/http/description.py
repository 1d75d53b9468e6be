"""The chat door in the OpenAPI document: a plain route, so described by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from lmos.core.conversation import AssistantMessage, Conversation
from lmos.runtime.asked import LONGEST_NAME

if TYPE_CHECKING:
    from fastapi import FastAPI

_SCHEMAS = "#/components/schemas/"


def describe_chat(app: FastAPI, path: str) -> None:
    """Have the OpenAPI document of `app` tell of the chat door at `path` too."""
    described_by_fastapi = app.openapi

    def openapi() -> dict[str, Any]:
        document = described_by_fastapi()
        if path not in document["paths"]:
            document["paths"][path] = {"post": _operation()}
            document["components"]["schemas"] |= _models() | {"Problem": _PROBLEM}
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to add to the document


def _models() -> dict[str, Any]:
    _, definitions = models_json_schema(
        [(Conversation, "validation"), (AssistantMessage, "serialization")], ref_template=_SCHEMAS + "{model}"
    )
    models: dict[str, Any] = definitions["$defs"]
    return models


def _operation() -> dict[str, Any]:
    answer = {
        "application/json": {"schema": _ref("AssistantMessage")},
        "text/event-stream": {"schema": {"type": "string"}},
    }
    refusals = {
        "400": "The request cannot be read.",
        "404": "No Channel, or no Agent of that name in it.",
        "413": "The body is too large.",
        "415": "The body is not JSON in UTF-8.",
        "502": "The Agent failed.",
        "503": "The Agent, or the store, is unavailable; try again after Retry-After.",
        "504": "The Agent did not answer in time.",
    }
    return {
        "tags": ["chat"],
        "summary": "Ask",
        "description": "The final answer; with `Accept: text/event-stream`, everything on the way to it.",
        "operationId": "chat",
        "parameters": [
            _parameter("path", "tenant"),
            _parameter("path", "conversation"),
            _parameter("header", "x-turn-id"),
            _parameter("header", "x-subset", required=False),
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref("Conversation")}},
        },
        "responses": {"200": {"description": "The answer.", "content": answer}}
        | {status: _refusal(description) for status, description in refusals.items()},
    }


def _parameter(place: str, name: str, *, required: bool = True) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
    return {"in": place, "name": name, "required": required, "schema": schema}


def _refusal(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _ref("Problem")}}}


def _ref(model: str) -> dict[str, str]:
    return {"$ref": _SCHEMAS + model}


_PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457) with the original's errorCode and message.",
    "properties": {
        name: {"type": "integer" if name == "status" else "string"}
        for name in ("errorCode", "message", "type", "title", "status", "detail", "code", "hint")
    },
    "required": ["errorCode", "message", "code", "hint"],
}
