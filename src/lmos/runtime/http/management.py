"""What operators look at: health and metrics, beside the doors of users or at a port of their own."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import FastAPI, Response
from starlette.routing import Route

from lmos.runtime.http.description import operation_id, refusals
from lmos.runtime.http.errors import HANDLERS
from lmos.runtime.http.origins import NO_ORIGINS, guarded
from lmos.runtime.http.shown import Health, Readiness

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from lmos.runtime.routing_table import RoutingTable
    from lmos.runtime.taking import TakesTurns

METRICS = "text/plain; version=1.0.0; charset=utf-8"
"""The form in which Prometheus reads what is counted."""


def management_app(
    turns: TakesTurns, table: RoutingTable, *, learning: Callable[[], Sequence[str]], host: str = ""
) -> ASGIApp:
    """
    `/metrics` and `/health…` alone, for a port that users do not reach.

    Args:
        turns: Tells what was counted.
        table: Tells whether the routing has been read.
        learning: Names the ChannelRoutings whose Agents the router is still learning to tell apart.
        host: Where it listens.
    """
    app = FastAPI(
        title="LMOS runtime, management",
        description="Health and metrics.",
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        docs_url=None,
        redoc_url=None,
        exception_handlers=HANDLERS,
    )
    app.router.routes.append(metrics_route(turns))
    add_health(app, table, learning)
    return guarded(app, NO_ORIGINS, host)


def metrics_route(turns: TakesTurns) -> Route:
    """`GET /metrics`."""

    async def exposition(_: Request) -> Response:
        return Response(await turns.exposition(), media_type=METRICS)

    return Route("/metrics", exposition)


def add_health(app: FastAPI, table: RoutingTable, learning: Callable[[], Sequence[str]]) -> None:
    """`GET /health`, `/health/liveness` and `/health/readiness`."""

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
