"""The OpenAPI document: plain routes described by hand, and how every path refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Path
from pydantic.json_schema import models_json_schema

from lmos.core.conversation import AssistantMessage, Conversation
from lmos.runtime.asked import LONGEST_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from fastapi.routing import APIRoute

SCHEMAS = "#/components/schemas/"

EXAMPLES = {"tenant": "acme", "channel": "web", "conversation": "c-1", "turn": "t-1", "x-turn-id": "t-1"}

# No schema: of a stream it would have to be that of all events in one text.
STREAMED = {"example": 'id: 1\nevent: turn.started\ndata: {"turn": "t-1", "agent": "billing-agent"}\n\n'}

Tenant = Annotated[str, Path(examples=[EXAMPLES["tenant"]])]
ChannelName = Annotated[str, Path(examples=[EXAMPLES["channel"]])]
ConversationId = Annotated[str, Path(examples=[EXAMPLES["conversation"]])]
TurnId = Annotated[str, Path(examples=[EXAMPLES["turn"]])]

_REFUSED = {
    400: "The request cannot be read.",
    403: "The request comes from a web page, or for a host, that is not let in.",
    404: "There is no such thing; for a Turn: no such Channel, or no Agent of that name in it.",
    409: "It is not the time for that: a Turn is under way, or over, or was cancelled.",
    413: "The body is too large.",
    415: "The body is not JSON in UTF-8.",
    500: "The runtime failed; its log says why.",
    502: "The Agent failed.",
    503: "The Agent, or the store, is unavailable; try again after Retry-After.",
    504: "The Agent did not answer in time.",
}
EVERYWHERE = (400, 403, 500)
KEPT = (*EVERYWHERE, 503)
"""What a request that needs the store may be refused with, whatever it is."""
ASKING = (*KEPT, 404, 409, 413, 415, 502, 504)
"""What a Turn may be refused with."""


def refusals(*statuses: int, schema: str = "Problem") -> dict[int | str, dict[str, Any]]:
    """The answers of a door that refuses with these statuses."""
    content = {"application/json": {"schema": reference(schema)}}
    return {str(status): {"description": _REFUSED[status], "content": content} for status in sorted(statuses)}


def operation_id(route: APIRoute) -> str:
    """The name of an operation: that of its function."""
    first, *more = route.name.split("_")
    return first + "".join(map(str.capitalize, more))


def describe_refusals(app: FastAPI) -> None:
    """Have the document tell of our refusals, and not of those that FastAPI would answer with."""
    described_by_fastapi = app.openapi

    def openapi() -> dict[str, Any]:
        document = described_by_fastapi()
        for path in document["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        schemas = document["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas["Problem"] = _PROBLEM
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to add to the document


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


def describe_chat(app: FastAPI, path: str) -> None:
    """Have the OpenAPI document of `app` tell of the chat door at `path` too."""
    _, definitions = models_json_schema(
        [(Conversation, "validation"), (AssistantMessage, "serialization")], ref_template=SCHEMAS + "{model}"
    )
    answer = {
        "application/json": {"schema": reference("AssistantMessage")},
        "text/event-stream": STREAMED,
    }
    asked = {"application/json": {"schema": reference("Conversation"), "example": _ASKED}}
    operation = {
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
        "requestBody": {"required": True, "content": asked},
        "responses": {"200": {"description": "The answer.", "content": answer}, **refusals(*ASKING)},
    }
    describe(app, path, operation, definitions["$defs"])


def parameter(place: str, name: str, *, required: bool = True) -> dict[str, Any]:
    """A name in the path or a header."""
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
    example = {"example": EXAMPLES[name]} if name in EXAMPLES else {}
    return {"in": place, "name": name, "required": required, "schema": schema, **example}


def reference(model: str) -> dict[str, str]:
    """Where the schema of that name is."""
    return {"$ref": SCHEMAS + model}


_ASKED = {
    "inputContext": {"messages": [{"role": "user", "content": "How much is my bill?"}]},
    "systemContext": {"channelId": EXAMPLES["channel"]},
    "userContext": {"userId": "u-1"},
}

_PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457) with the original's errorCode and message.",
    "properties": {
        name: {"type": "integer" if name == "status" else "string"}
        for name in ("errorCode", "message", "type", "title", "status", "detail", "code", "hint")
    },
    "required": ["errorCode", "message", "type", "title", "status", "detail", "code", "hint"],
}
