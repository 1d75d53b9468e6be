"""The runtime's HTTP surface: every door under its path, every error in one shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.routing import Route, Router

from lmos.core.protocols.openai import ChatWriter, ResponsesWriter, chat_question, responses_question
from lmos.runtime.http.a2a import A2A_PATH, A2aDoor, card_routes, describe_a2a
from lmos.runtime.http.catalogue import catalogue_routes
from lmos.runtime.http.chat import ChatDoor
from lmos.runtime.http.conversations import conversation_routes
from lmos.runtime.http.description import describe_chat, describe_refusals, operation_id
from lmos.runtime.http.errors import HANDLERS
from lmos.runtime.http.graphql import describe_graphql, graphql_routes, schema_routes
from lmos.runtime.http.management import add_health, metrics_route
from lmos.runtime.http.methods import AnyMethods
from lmos.runtime.http.openai import (
    CHAT_PATH,
    RESPONSES_PATH,
    OpenAiDoor,
    describe_openai,
    kept_routes,
    model_routes,
)
from lmos.runtime.http.origins import NO_ORIGINS, guarded
from lmos.runtime.http.paths import PlainPaths
from lmos.runtime.http.turns import turn_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import ASGIApp

    from lmos.ports.clock import Ids
    from lmos.ports.store import ConversationStore
    from lmos.runtime.http.origins import Origins
    from lmos.runtime.routing_table import RoutingTable
    from lmos.runtime.taking import TakesTurns
    from lmos.runtime.telling import Telling

PREFIX = "/apis/v1"
FORMER_PREFIX = "/lmos/runtime/apis/v1"
"""Where clients of before September 2025 look."""

CHAT = "/{tenant}/chat/{conversation}/message"


def runtime_app(
    turns: TakesTurns,
    table: RoutingTable,
    store: ConversationStore,
    *,
    ids: Ids,
    telling: Telling,
    learning: Callable[[], Sequence[str]] = tuple,
    origins: Origins = NO_ORIGINS,
    host: str = "",
    with_metrics: bool = True,
) -> ASGIApp:
    """
    All doors of the runtime.

    Args:
        turns: Takes the Turns.
        table: Tells of Channels and Agents.
        store: Tells of Turns that were taken.
        ids: Names Turns whose clients do not.
        telling: Tells operators of single Turns.
        learning: Names the ChannelRoutings whose Agents the router is still learning to tell apart.
        origins: Web pages that may speak with it from a browser.
        host: Where it listens.
        with_metrics: Whether `/metrics` is told here; not where it has a port of its own.
    """
    app = FastAPI(
        title="LMOS runtime",
        description="Users' messages, sent to the most capable Agent.",
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        # FastAPI's own pages load their scripts from the internet.
        docs_url=None,
        redoc_url=None,
        exception_handlers=HANDLERS,
    )
    for prefix in (PREFIX, FORMER_PREFIX):
        is_current = prefix == PREFIX
        app.include_router(catalogue_routes(table), prefix=prefix, include_in_schema=is_current)
        app.include_router(turn_routes(turns, store, telling), prefix=prefix, include_in_schema=is_current)
        app.include_router(conversation_routes(turns, store), prefix=prefix, include_in_schema=is_current)
    app.include_router(model_routes(table))
    app.include_router(kept_routes(turns, store))
    app.include_router(schema_routes())
    app.include_router(card_routes(table))
    add_health(app, table, learning)
    describe_chat(app, PREFIX + CHAT)
    describe_openai(app)
    describe_a2a(app)
    describe_graphql(app)
    describe_refusals(app)
    chat = ChatDoor(turns)
    # Before FastAPI, whose layers around a request take as long as a Turn's own work.
    doors = [
        *(Route(prefix + CHAT, chat) for prefix in (PREFIX, FORMER_PREFIX)),
        Route(CHAT_PATH, OpenAiDoor(turns, store, ids, read=chat_question, writer=ChatWriter)),
        Route(RESPONSES_PATH, OpenAiDoor(turns, store, ids, read=responses_question, writer=ResponsesWriter)),
        *graphql_routes(turns, ids),
        Route(A2A_PATH, A2aDoor(turns, store)),
    ]
    if with_metrics:
        doors.append(metrics_route(turns))
    paths = PlainPaths(Router(doors, redirect_slashes=False, default=app))
    return guarded(AnyMethods(paths), origins, host)
