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
    from collections.abc import Awaitable, Callable, Collection
    from typing import TypeAlias

    from starlette.types import ASGIApp, Receive, Scope, Send

    from lmos.apiserver.server import Server
    from lmos.core.resources.kinds import Manifest
    from lmos.ports.pod_logs import PodLogs

    # Of the catalogue, and of the steps of the path by their names; None where nothing is.
    Document: TypeAlias = Callable[..., Manifest | None]

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
# Path and document, and the fuller one for those who prefer everything at once.
_DOCUMENTS: tuple[tuple[str, Document, Document | None], ...] = (
    ("/version", discovery.version, None),
    ("/api", discovery.core_versions, discovery.aggregated_core),
    ("/apis", discovery.group_list, discovery.aggregated_groups),
    ("/apis/{group}", discovery.group, None),
    ("/api/{version}", discovery.resource_list, None),
    ("/apis/{group}/{version}", discovery.resource_list, None),
    ("/openapi/v3", openapi.index, None),
    ("/openapi/v3/api/{version}", openapi.document, None),
    ("/openapi/v3/apis/{group}/{version}", openapi.document, None),
)


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
    resources = _Resources(server, pod_logs)
    routes = [
        Route("/api/{version}/{path:path}", resources),
        Route("/apis/{group}/{version}/{path:path}", resources),
        *(Route(path, _healthy) for path in sorted(HEALTH_PATHS)),
        *(Route(path, _told(server, plain, fuller)) for path, plain, fuller in _DOCUMENTS),
        Route("/openapi/v2", _swagger(server)),
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


def _told(server: Server, plain: Document, fuller: Document | None) -> Callable[..., Awaitable[Response]]:
    async def tell(request: Request) -> Response:
        if fuller and wants_aggregated(request.headers.get("accept", "")):
            response = json_response(fuller(server.catalogue))
            response.headers["content-type"] = AGGREGATED
            return response
        document = plain(server.catalogue, **request.path_params)
        if document is None:
            raise path_not_found()
        return json_response(document)

    return tell


def _swagger(server: Server) -> Callable[..., Awaitable[Response]]:
    as_json = _told(server, openapi.document_v2, None)

    async def tell(request: Request) -> Response:
        if "protobuf" in request.headers.get("accept", ""):
            return Response(openapi.EMPTY_SWAGGER, media_type=openapi.SWAGGER_PROTOBUF)
        return await as_json(request)

    return tell


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def _refused(_request: Request, error: Exception) -> Response:
    refusal = cast("ApiError", error)
    response = json_response(refusal.status, refusal.http)
    if wait := refusal.status.get("details", {}).get("retryAfterSeconds"):
        response.headers["retry-after"] = str(wait)
    return response


async def _failed(request: Request, error: Exception) -> Response:
    failure = cast("StorageError", error)
    said = f"{failure.message} {failure.hint}"
    return await _refused(request, ApiError(failure.http_status, "InternalError", said))


async def _unrouted(request: Request, error: Exception) -> Response:
    code = cast("HTTPException", error).status_code
    is_method = code == HTTPStatus.METHOD_NOT_ALLOWED
    return await _refused(request, method_not_allowed() if is_method else path_not_found())
