"""The GraphQL door: queries over HTTP, Turns as subscriptions over WebSocket, as in the original."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from lmos.arc.sockets import Sockets
from lmos.core.errors import LmosError
from lmos.core.protocols.agent_api import names_answer
from lmos.core.protocols.agent_sdl import SDL
from lmos.core.protocols.graphql_values import GraphQlInvalid
from lmos.runtime.failure import Failure
from lmos.runtime.http.description import describe, refusals
from lmos.runtime.http.errors import bug
from lmos.runtime.http.graphql_schema import asks_for_schema, schema_answer
from lmos.runtime.http.graphql_turns import errors_of, turns_answered
from lmos.runtime.http.requests import InvalidRequest, headers_in, json_in

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

    from lmos.ports.clock import Ids
    from lmos.runtime.taking import TakesTurns

GRAPHQL_PATH = "/graphql"
SUBSCRIPTIONS_PATH = "/subscriptions"

NAMES = ("lmos-runtime",)
"""What the original answers when it is asked for its Agents: there is one, and it stands for all."""


def graphql_routes(turns: TakesTurns, ids: Ids) -> list[BaseRoute]:
    """
    `POST /graphql` and `WS /subscriptions`.

    Source:
        Contract §2.3.
    """
    sockets = Sockets(turns_answered(turns, ids))
    return [
        Route(GRAPHQL_PATH, GraphQlDoor()),
        WebSocketRoute(SUBSCRIPTIONS_PATH, sockets.serve),
        Route(SUBSCRIPTIONS_PATH, UpgradeDoor()),
    ]


def schema_routes() -> APIRouter:
    """`GET /sdl`."""
    router = APIRouter(tags=["graphql"], responses=refusals(403))

    @router.get("/sdl", response_class=PlainTextResponse)
    async def sdl() -> str:
        """The schema of the GraphQL door."""
        return SDL

    return router


class GraphQlDoor:
    """`POST /graphql`, as an ASGI app. All that can be queried is who answers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one query; every error is one of GraphQL's."""
        try:
            response = await _response(scope, receive)
        except LmosError as error:
            # A document that cannot be run is answered with 200, as by the original.
            status = HTTPStatus.OK if isinstance(error, GraphQlInvalid) else error.http_status
            response = _refusal(Failure.of(error), status)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - logged there, and told to nobody else
            failure = bug(error)
            response = _refusal(failure, failure.http_status)
        await response(scope, receive, send)


class UpgradeDoor:
    """`/subscriptions` for who comes without a WebSocket, as an ASGI app."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say what the path is for."""
        if scope["method"] == "GET":
            status = HTTPStatus.UPGRADE_REQUIRED
            hint = "Open a WebSocket; POST /graphql takes queries."
            failure = Failure("UpgradeRequired", status.phrase, hint, status)
            response = _refusal(failure, status, upgrade="websocket")
        else:
            response = _not_allowed("GET, HEAD", "Open a WebSocket; POST /graphql takes queries.")
        await response(scope, receive, send)


async def _response(scope: Scope, receive: Receive) -> Response:
    if scope["method"] != "POST":
        return _not_allowed("POST", 'POST {"query": "..."}.')
    body = await json_in(receive, headers_in(scope))
    query = _object(body)
    if asks_for_schema(query.get("query")):
        return _json(await schema_answer(query, NAMES))
    return _json({"data": names_answer(query, NAMES)})


def _object(body: bytes) -> dict[str, Any]:
    try:
        query = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest("The body is no JSON in UTF-8.", hint='Send {"query": "..."}.') from error
    if not isinstance(query, dict):
        raise InvalidRequest("The body is no JSON object.", hint='Send {"query": "..."}.')
    return query


def _not_allowed(methods: str, hint: str) -> Response:
    status = HTTPStatus.METHOD_NOT_ALLOWED
    return _refusal(Failure("MethodNotAllowed", status.phrase, hint, status), status, allow=methods)


def _refusal(failure: Failure, status: int, **headers: str) -> Response:
    return _json({"errors": errors_of(failure)}, status, headers)


def _json(content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, media_type="application/json")


def describe_graphql(app: FastAPI) -> None:
    """Have the OpenAPI document of `app` tell of the door; of WebSockets it can tell in words only."""
    query = {
        "type": "object",
        "properties": {
            "query": {"type": "string", "example": "{agent {names}}"},
            "operationName": {"type": ["string", "null"]},
            "variables": {"type": ["object", "null"]},
        },
        "required": ["query"],
    }
    problems = {"type": "array", "items": {"type": "object", "required": ["message"]}}
    shape = {
        "type": "object",
        "properties": {"data": {"type": "object"}, "errors": problems},
        "anyOf": [{"required": ["data"]}, {"required": ["errors"]}],
    }
    answer = {"description": "Data or errors.", "content": {"application/json": {"schema": shape}}}
    operation = {
        "tags": ["graphql"],
        "summary": "Query",
        "description": "`{agent {names}}`. Turns are subscriptions on the WebSocket `/subscriptions`, which "
        "speaks graphql-transport-ws; `GET /sdl` is the schema.",
        "operationId": "graphql",
        "requestBody": {"required": True, "content": {"application/json": {"schema": query}}},
        "responses": {"200": answer} | dict.fromkeys(("400", "403", "413", "415", "500"), answer),
    }
    describe(app, GRAPHQL_PATH, operation, {})
