"""The HTTP surface of an Agent: its WebSocket, its descriptions, its health."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from lmos.arc.descriptions import capabilities_document, card
from lmos.arc.ensemble import Ensemble
from lmos.arc.sockets import INIT_SECONDS, Sockets
from lmos.arc.subscriptions import answers_of
from lmos.core.errors import InvalidInput, LmosError
from lmos.core.protocols.agent_api import names_answer

if TYPE_CHECKING:
    from starlette.requests import Request

    from lmos.arc.agent import Agent

MAX_BODY_BYTES = 1_048_576


def agent_app(*agents: Agent, init_seconds: float = INIT_SECONDS) -> Starlette:
    """
    An ASGI application that serves `agents`; its `state.sockets` can be drained, `state.names` are theirs.

    Raises:
        InvalidAgent: There is no Agent, two share a name, or one has nothing that answers.
    """
    ensemble = Ensemble(agents)
    sockets = Sockets(answers_of(ensemble), init_seconds=init_seconds)
    surface = _Surface(ensemble, sockets)
    app = Starlette(
        routes=[
            WebSocketRoute("/subscriptions", sockets.serve),
            Route("/graphql", surface.graphql, methods=["POST"]),
            Route("/.well-known/capabilities.json", surface.capabilities),
            Route("/.well-known/agent.json", surface.card),
            Route("/.well-known/agent-card.json", surface.card),
            Route("/health", surface.health),
            Route("/health/liveness", surface.liveness),
            Route("/health/readiness", surface.health),
        ],
        exception_handlers={HTTPException: _problem},
    )
    app.state.sockets = sockets
    app.state.names = ensemble.names
    return app


class _Surface:
    def __init__(self, ensemble: Ensemble, sockets: Sockets) -> None:
        self._ensemble = ensemble
        self._sockets = sockets
        self._capabilities = orjson.dumps(capabilities_document(ensemble))
        self._tag = f'"{hashlib.sha256(self._capabilities).hexdigest()[:32]}"'

    async def capabilities(self, request: Request) -> Response:
        """Operators read this again and again; it is sent only to those who do not have it."""
        headers = {"etag": self._tag}
        if request.headers.get("if-none-match") == self._tag:
            return Response(status_code=304, headers=headers)
        return Response(self._capabilities, headers=headers, media_type="application/json")

    async def card(self, request: Request) -> Response:
        return _json(card(self._ensemble, str(request.base_url).rstrip("/")))

    async def liveness(self, _request: Request) -> Response:
        return _json({"ok": True, "agents": self._ensemble.names})

    async def health(self, _request: Request) -> Response:
        """Not ready while stopping: no new Turns come this way."""
        ready = not self._sockets.is_draining
        return _json({"ok": ready, "agents": self._ensemble.names}, 200 if ready else 503)

    async def graphql(self, request: Request) -> Response:
        try:
            data = names_answer(await _body(request), self._ensemble.names)
        except LmosError as error:
            told = {"message": error.message, "extensions": {"code": error.code, "hint": error.hint}}
            return _json({"errors": [told]}, 200 if error.code == "GraphQlInvalid" else error.http_status)
        return _json({"data": data})


async def _body(request: Request) -> dict[str, Any]:
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > MAX_BODY_BYTES:
            raise BodyInvalid("The body is larger than 1 MiB.", hint="Send a smaller query.")
    try:
        body = orjson.loads(bytes(read))
    except orjson.JSONDecodeError as error:
        raise BodyInvalid("The body is no JSON in UTF-8.", hint='Send {"query": "..."}.') from error
    if not isinstance(body, dict):
        raise BodyInvalid("The body is no JSON object.", hint='Send {"query": "..."}.')
    return body


class BodyInvalid(InvalidInput):
    """A request's body cannot be read."""

    code = "BodyInvalid"


def _json(body: Any, status: int = 200, media_type: str = "application/json") -> Response:  # noqa: ANN401 - JSON
    return Response(orjson.dumps(body), status, media_type=media_type)


async def _problem(_request: Request, error: Exception) -> Response:
    """A problem document for an unknown path or a wrong method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    title = error.detail if isinstance(error, HTTPException) else "Internal Server Error"
    headers = error.headers if isinstance(error, HTTPException) else None
    response = _json(
        {
            "type": "about:blank",
            "status": status,
            "title": title,
            "code": title.title().replace(" ", ""),
            "hint": "An Agent serves /subscriptions, /graphql, /health and /.well-known/capabilities.json.",
        },
        status,
        "application/problem+json",
    )
    response.headers.update(headers or {})
    return response
