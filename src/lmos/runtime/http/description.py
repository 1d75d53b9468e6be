"""Plain routes in the OpenAPI document, described by hand; the chat door first of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from lmos.core.conversation import AssistantMessage, Conversation
from lmos.runtime.asked import LONGEST_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

SCHEMAS = "#/components/schemas/"


def describe_chat(app: FastAPI, path: str) -> None:
    """Have the OpenAPI document of `app` tell of the chat door at `path` too."""
    describe(app, path, _operation(), _models() | {"Problem": _PROBLEM})


def describe(app: FastAPI, path: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> None:
    """Have the OpenAPI document of `app` tell of a POST to `path` too, and of the schemas that it names."""
    described_by_fastapi = app.openapi

    def openapi() -> dict[str, Any]:
        document = described_by_fastapi()
        if path not in document["paths"]:
            document["paths"][path] = {"post": operation}
            document["components"]["schemas"] |= schemas
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to add to the document


def _models() -> dict[str, Any]:
    _, definitions = models_json_schema(
        [(Conversation, "validation"), (AssistantMessage, "serialization")], ref_template=SCHEMAS + "{model}"
    )
    models: dict[str, Any] = definitions["$defs"]
    return models


def _operation() -> dict[str, Any]:
    answer = {
        "application/json": {"schema": reference("AssistantMessage")},
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
            parameter("path", "tenant"),
            parameter("path", "conversation"),
            parameter("header", "x-turn-id"),
            parameter("header", "x-subset", required=False),
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": reference("Conversation")}},
        },
        "responses": {"200": {"description": "The answer.", "content": answer}}
        | {status: _refusal(description) for status, description in refusals.items()},
    }


def parameter(place: str, name: str, *, required: bool = True) -> dict[str, Any]:
    """A name in the path or a header."""
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
    return {"in": place, "name": name, "required": required, "schema": schema}


def _refusal(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": reference("Problem")}}}


def reference(model: str) -> dict[str, str]:
    """Where the schema of that name is."""
    return {"$ref": SCHEMAS + model}


_PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457) with the original's errorCode and message.",
    "properties": {
        name: {"type": "integer" if name == "status" else "string"}
        for name in ("errorCode", "message", "type", "title", "status", "detail", "code", "hint")
    },
    "required": ["errorCode", "message", "code", "hint"],
}
