"""The runtime's HTTP surface: every door under its path, every error in one shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from lmos.core.errors import LmosError
from lmos.runtime.http.catalogue import catalogue_routes
from lmos.runtime.http.chat import ChatDoor, InvalidRequest
from lmos.runtime.http.errors import on_bug, on_error, on_http_error, problem_response
from lmos.runtime.http.turns import turn_routes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from lmos.ports.store import ConversationStore
    from lmos.runtime.conversation import Turns
    from lmos.runtime.routing_table import RoutingTable

PREFIXES = ("/apis/v1", "/lmos/runtime/apis/v1")
"""The path since September 2025, and the one that older clients still use."""


def runtime_app(turns: Turns, table: RoutingTable, store: ConversationStore) -> ASGIApp:
    """All doors of the runtime."""
    app = FastAPI(title="LMOS runtime", description="Users' messages, sent to the most capable Agent.")
    chat = ChatDoor(turns)
    for prefix in PREFIXES:
        is_current = prefix == PREFIXES[0]
        app.router.add_route(
            f"{prefix}/{{tenant}}/chat/{{conversation}}/message", chat.post, methods=["POST"]
        )
        app.include_router(catalogue_routes(table), prefix=prefix, include_in_schema=is_current)
        app.include_router(turn_routes(store), prefix=prefix, include_in_schema=is_current)
    app.add_exception_handler(LmosError, on_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, on_bug)
    app.add_exception_handler(RequestValidationError, _on_invalid)

    @app.get("/health", tags=["health"])
    @app.get("/health/liveness", tags=["health"])
    def health() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "UP"}

    @app.get("/health/readiness", tags=["health"])
    def readiness() -> JSONResponse:
        """Whether the routing has been read once and can still be followed."""
        waiting = [str(each.kind) for each in table.informers if not each.synced.is_set() or each.last_error]
        return JSONResponse(
            {"status": "DOWN" if waiting else "UP", "waitingFor": waiting}, 503 if waiting else 200
        )

    return app


async def _on_invalid(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    fields = ", ".join(f"{'.'.join(map(str, each['loc']))}={each['msg']}" for each in error.errors())
    return problem_response(InvalidRequest(f"Invalid request. Field errors: {{{fields}}}", hint="See /docs."))
