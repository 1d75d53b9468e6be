"""The operator's REST API, as the original serves it to runtimes."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Header, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from lmos.core.resources.labels import CHANNEL, STABLE, TENANT, subset_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from lmos.core.resources import Manifest
    from lmos.operator.view import View

Subset = Annotated[str, Header(alias="x-subset")]
Namespace = Annotated[str, Header(alias="x-namespace")]

_JUST_FOR_SERVERS = ("managedFields",)
_JUST_FOR_SERVERS_IN_ROUTINGS = ("managedFields", "ownerReferences")


def operator_app(view: View) -> FastAPI:
    """
    Channels and ChannelRoutings by Tenant, read from `view`.

    Source:
        Contract §1.8; health doors as on the original's management port.
    """
    app = FastAPI(
        title="LMOS operator",
        description="Channels and their ChannelRoutings, by Tenant.",
        # FastAPI's own pages load their scripts from the internet.
        docs_url=None,
        redoc_url=None,
    )
    app.add_exception_handler(HTTPException, _refused)
    base = "/apis/v1/tenants/{tenant}/channels"

    @app.get(base, tags=["channels"])
    async def channels(
        tenant: str, x_subset: Subset = STABLE, x_namespace: Namespace = "default"
    ) -> JSONResponse:
        """All Channels of a Tenant in a Subset and namespace."""
        found = _labelled(view.channels.informer.within(x_namespace), tenant, x_subset)
        return JSONResponse([_public(channel, _JUST_FOR_SERVERS) for channel in found])

    @app.get(base + "/{channel}", tags=["channels"])
    async def channel(
        tenant: str, channel: str, x_subset: Subset = STABLE, x_namespace: Namespace = "default"
    ) -> Response:
        """One Channel; 404 with an empty body where there is none."""
        found = _labelled(view.channels.informer.within(x_namespace), tenant, x_subset, channel)
        return _first(found, _JUST_FOR_SERVERS)

    @app.get(base + "/{channel}/routing", tags=["channels"])
    async def routing(
        tenant: str, channel: str, x_subset: Subset = STABLE, x_namespace: Namespace = "default"
    ) -> Response:
        """The ChannelRouting of one Channel; 404 with an empty body where there is none."""
        found = _labelled(view.routings.informer.within(x_namespace), tenant, x_subset, channel)
        return _first(found, _JUST_FOR_SERVERS_IN_ROUTINGS)

    @app.get("/health", tags=["health"])
    @app.get("/health/liveness", tags=["health"])
    async def health() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "UP"}

    @app.get("/health/readiness", tags=["health"])
    async def readiness() -> JSONResponse:
        """Whether everything has been read once and can still be followed."""
        waiting = [str(each.kind) for each in view.informers if not each.synced.is_set() or each.last_error]
        status = 503 if waiting else 200
        return JSONResponse({"status": "DOWN" if waiting else "UP", "waitingFor": waiting}, status)

    return app


async def _refused(_: Request, error: Exception) -> Response:
    """A problem document for an unknown path or a wrong method."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": str(error.detail),
        "code": status.phrase.replace(" ", ""),
        "hint": "GET /openapi.json lists the paths and methods.",
    }
    return JSONResponse(problem, status, error.headers, media_type="application/problem+json")


def _labelled(manifests: Iterable[Manifest], tenant: str, subset: str, channel: str = "") -> list[Manifest]:
    def is_meant(labels: dict[str, str]) -> bool:
        door = labels.get(TENANT) == tenant and (not channel or labels.get(CHANNEL) == channel)
        return door and subset_of(labels) == (subset or STABLE)

    return [manifest for manifest in manifests if is_meant(manifest["metadata"].get("labels", {}))]


def _first(found: list[Manifest], hidden: tuple[str, ...]) -> Response:
    return JSONResponse(_public(found[0], hidden)) if found else Response(status_code=404)


def _public(manifest: Manifest, hidden: tuple[str, ...]) -> dict[str, Any]:
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in hidden}
    return manifest | {"metadata": metadata}
