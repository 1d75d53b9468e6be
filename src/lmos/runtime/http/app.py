"""The runtime's HTTP surface: every door under its path, every error in one shape."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import FastAPI, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route, Router

from lmos.core.errors import LmosError
from lmos.core.protocols.openai import ChatWriter, ResponsesWriter, chat_question, responses_question
from lmos.runtime.http.catalogue import catalogue_routes
from lmos.runtime.http.chat import ChatDoor
from lmos.runtime.http.conversations import conversation_routes
from lmos.runtime.http.description import describe_chat, describe_refusals, operation_id, refusals
from lmos.runtime.http.errors import on_bug, on_error, on_http_error, on_invalid
from lmos.runtime.http.graphql import describe_graphql, graphql_routes, schema_routes
from lmos.runtime.http.openai import (
    CHAT_PATH,
    RESPONSES_PATH,
    OpenAiDoor,
    describe_openai,
    model_routes,
)
from lmos.runtime.http.origins import NO_ORIGINS, guarded
from lmos.runtime.http.paths import PlainPaths
from lmos.runtime.http.shown import Health, Readiness
from lmos.runtime.http.turns import turn_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import ASGIApp

    from lmos.ports.clock import Ids
    from lmos.ports.store import ConversationStore
    from lmos.runtime.conversation import Turns
    from lmos.runtime.http.origins import Origins
    from lmos.runtime.routing_table import RoutingTable

PREFIX = "/apis/v1"
FORMER_PREFIX = "/lmos/runtime/apis/v1"
"""Where clients of before September 2025 look."""

METRICS = "text/plain; version=1.0.0; charset=utf-8"
"""The form in which Prometheus reads what is counted."""

CHAT = "/{tenant}/chat/{conversation}/message"


def runtime_app(
    turns: Turns,
    table: RoutingTable,
    store: ConversationStore,
    *,
    ids: Ids,
    learning: Callable[[], Sequence[str]] = tuple,
    origins: Origins = NO_ORIGINS,
    host: str = "",
) -> ASGIApp:
    """
    All doors of the runtime.

    Args:
        turns: Takes the Turns.
        table: Tells of Channels and Agents.
        store: Tells of Turns that were taken.
        ids: Names Turns whose clients do not.
        learning: Names the ChannelRoutings whose Agents the router is still learning to tell apart.
        origins: Web pages that may speak with it from a browser.
        host: Where it listens.
    """
    app = FastAPI(
        title="LMOS runtime",
        description="Users' messages, sent to the most capable Agent.",
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        exception_handlers={
            LmosError: on_error,
            HTTPException: on_http_error,
            RequestValidationError: on_invalid,
            Exception: on_bug,
        },
    )
    for prefix in (PREFIX, FORMER_PREFIX):
        is_current = prefix == PREFIX
        app.include_router(catalogue_routes(table), prefix=prefix, include_in_schema=is_current)
        app.include_router(turn_routes(turns, store), prefix=prefix, include_in_schema=is_current)
        app.include_router(conversation_routes(turns, store), prefix=prefix, include_in_schema=is_current)
    app.include_router(model_routes(table))
    app.include_router(schema_routes())
    _add_health(app, table, learning)
    describe_chat(app, PREFIX + CHAT)
    describe_openai(app)
    describe_graphql(app)
    describe_refusals(app)
    chat = ChatDoor(turns)
    # Before FastAPI, whose layers around a request take as long as a Turn's own work.
    doors = [
        *(Route(prefix + CHAT, chat) for prefix in (PREFIX, FORMER_PREFIX)),
        Route(CHAT_PATH, OpenAiDoor(turns, store, ids, read=chat_question, writer=ChatWriter)),
        Route(RESPONSES_PATH, OpenAiDoor(turns, store, ids, read=responses_question, writer=ResponsesWriter)),
        *graphql_routes(turns, ids),
        Route("/metrics", lambda _: Response(turns.metrics.exposition(), media_type=METRICS)),
    ]
    return guarded(PlainPaths(Router(doors, redirect_slashes=False, default=app)), origins, host)


def _add_health(app: FastAPI, table: RoutingTable, learning: Callable[[], Sequence[str]]) -> None:
    @app.get("/health", tags=["health"], responses=refusals(403), operation_id="health")
    @app.get("/health/liveness", tags=["health"], responses=refusals(403), operation_id="liveness")
    def health() -> Health:
        """Whether the process answers."""
        return Health(status="UP")

    waits = {"model": Readiness, "description": "It waits for something."}

    @app.get("/health/readiness", tags=["health"], responses=refusals(403) | {503: waits})
    def readiness(response: Response) -> Readiness:
        """Whether the routing has been read once and can still be followed; what is still being learned."""
        waiting = [str(each.kind) for each in table.informers if not each.synced.is_set() or each.last_error]
        if waiting:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Readiness(
            status="DOWN" if waiting else "UP", waiting_for=tuple(waiting), learning=tuple(learning())
        )
