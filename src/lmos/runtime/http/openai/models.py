"""Channels and their Agents as models to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from lmos.core.errors import NotFound
from lmos.core.protocols.openai import ModelName, ModelNotFound
from lmos.runtime.failure import Failure
from lmos.runtime.http.description import refusals
from lmos.runtime.http.openai.errors import error_in_shape
from lmos.runtime.routing_table import NoRoutingInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lmos.runtime.routing_table import Route, RoutingTable


class Model(BaseModel):
    """A Channel or an Agent of it; `created` is in seconds since 1970, 0 if unknown."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class Models(BaseModel):
    """All of them."""

    object: Literal["list"] = "list"
    data: tuple[Model, ...]


def model_routes(table: RoutingTable) -> APIRouter:
    """`GET /v1/models` and `GET /v1/models/{model}`."""
    router = APIRouter(prefix="/v1", tags=["openai"], responses=refusals(403, 500, schema="OpenAiError"))

    @router.get("/models")
    async def models() -> Models:
        """The Channels that are served, and the Agents of each."""
        return Models(data=tuple(_model(name, route) for name, route in _served(table)))

    @router.get("/models/{model:path}", response_model=Model, responses=refusals(404, schema="OpenAiError"))
    async def model(model: str) -> JSONResponse:
        """One Channel or Agent; the slashes of its name may be encoded."""
        try:
            name = ModelName.parse(model)
            route = table.find(name.tenant, name.channel)
            if name.agent is not None and name.agent not in route.addresses:
                raise ModelNotFound(model)
        except NotFound as error:
            failure = Failure.of(error)
            return JSONResponse({"error": error_in_shape(failure)}, failure.http_status)
        return JSONResponse(_model(name, route).model_dump())

    return router


def _served(table: RoutingTable) -> Iterator[tuple[ModelName, Route]]:
    for tenant, channel in table.served:
        try:
            route = table.find(tenant, channel)
        except NoRoutingInfo:
            # Served in other Subsets alone; those are for clients who ask for them.
            continue
        for agent in (None, *route.addresses):
            yield ModelName(tenant, channel, agent), route


def _model(name: ModelName, route: Route) -> Model:
    since = route.routing.metadata.creation_timestamp
    return Model(id=str(name), created=int(since.timestamp()) if since else 0, owned_by=name.tenant)
