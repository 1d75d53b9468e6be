"""The embedded Kubernetes API as an ASGI app."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lmos.apiserver import discovery, openapi
from lmos.apiserver.answers import json_response, wants_aggregated
from lmos.apiserver.guard import HEALTH_PATHS, LOOPBACK_NAMES, Guard
from lmos.apiserver.status import ApiError, method_not_allowed, path_not_found
from lmos.apiserver.storage import StorageError
from lmos.apiserver.verbs import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

    from lmos.apiserver.kinds import Catalogue
    from lmos.apiserver.server import Server
    from lmos.core.resources.kinds import Manifest
    from lmos.ports.pod_logs import PodLogs

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def app(
    server: Server,
    *,
    token: str,
    pod_logs: PodLogs | None = None,
    hosts: Collection[str] = LOOPBACK_NAMES,
) -> ASGIApp:
    """
    The ASGI app of a server.

    Bind it to loopback only: `token` is all that keeps others out.

    Args:
        server: The server behind it.
        token: The bearer token of every request but those for health.
        pod_logs: Whoever runs the Pods; without it there are no logs.
        hosts: Names that the Host header may have.
    """
    documents, resources = _Documents(server), _Resources(server, pod_logs)
    routes = [
        *(Route(path, _healthy) for path in sorted(HEALTH_PATHS)),
        Route("/version", documents.version),
        Route("/api", documents.core),
        Route("/apis", documents.groups),
        Route("/apis/{group}", documents.group),
        Route("/api/{version}", documents.resources),
        Route("/apis/{group}/{version}", documents.resources),
        Route("/openapi/v2", documents.openapi_v2),
        Route("/openapi/v3", documents.openapi_index),
        Route("/openapi/v3/api/{version}", documents.openapi),
        Route("/openapi/v3/apis/{group}/{version}", documents.openapi),
        Route("/api/{version}/{path:path}", resources),
        Route("/apis/{group}/{version}/{path:path}", resources),
    ]
    handlers = {ApiError: _refused, StorageError: _failed, HTTPException: _unrouted}
    starlette = Starlette(routes=routes, exception_handlers=handlers)
    starlette.router.redirect_slashes = False
    return Guard(starlette, token, hosts)


class _Resources:
    """Every method on every resource."""

    def __init__(self, server: Server, pod_logs: PodLogs | None) -> None:
        self._server = server
        self._pod_logs = pod_logs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await answer(self._server, Request(scope, receive), self._pod_logs)
        await response(scope, receive, send)


class _Documents:
    """What the server says about itself."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def _catalogue(self) -> Catalogue:
        return self._server.catalogue

    async def version(self, _request: Request) -> Response:
        return json_response(discovery.VERSION)

    async def core(self, request: Request) -> Response:
        return self._overview(request, discovery.core_versions, is_core=True)

    async def groups(self, request: Request) -> Response:
        return self._overview(request, lambda: discovery.group_list(self._catalogue), is_core=False)

    async def group(self, request: Request) -> Response:
        return _found(discovery.group(self._catalogue, request.path_params["group"]))

    async def resources(self, request: Request) -> Response:
        group, version = request.path_params.get("group", ""), request.path_params["version"]
        return _found(discovery.resource_list(self._catalogue, group, version))

    async def openapi_v2(self, request: Request) -> Response:
        if "protobuf" in request.headers.get("accept", ""):
            return Response(openapi.EMPTY_SWAGGER, media_type=openapi.SWAGGER_PROTOBUF)
        return json_response(openapi.document_v2(self._catalogue))

    async def openapi_index(self, _request: Request) -> Response:
        return json_response(openapi.index(self._catalogue))

    async def openapi(self, request: Request) -> Response:
        group, version = request.path_params.get("group", ""), request.path_params["version"]
        return _found(openapi.document(self._catalogue, group, version))

    def _overview(self, request: Request, plain: Callable[[], Manifest], *, is_core: bool) -> Response:
        if not wants_aggregated(request.headers.get("accept", "")):
            return json_response(plain())
        response = json_response(discovery.aggregated(self._catalogue, is_core=is_core))
        response.headers["content-type"] = AGGREGATED
        return response


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("ok")


def _found(document: Manifest | None) -> Response:
    if document is None:
        raise path_not_found()
    return json_response(document)


async def _refused(_request: Request, error: Exception) -> Response:
    refusal = cast("ApiError", error)
    response = json_response(refusal.status, refusal.http)
    if wait := refusal.status.get("details", {}).get("retryAfterSeconds"):
        response.headers["retry-after"] = str(wait)
    return response


async def _failed(_request: Request, error: Exception) -> Response:
    failure = cast("StorageError", error)
    refusal = ApiError(failure.http_status, "InternalError", f"{failure.message} {failure.hint}")
    return json_response(refusal.status, refusal.http)


async def _unrouted(_request: Request, error: Exception) -> Response:
    code = cast("HTTPException", error).status_code
    refusal = method_not_allowed() if code == HTTPStatus.METHOD_NOT_ALLOWED else path_not_found()
    return json_response(refusal.status, refusal.http)
