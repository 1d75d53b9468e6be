"""Errors as bodies: the original's two fields and a problem document in one."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from lmos.core.conversation import HandOverFailed
from lmos.core.errors import LmosError
from lmos.ports.agents import (
    AgentBusy,
    AgentFailed,
    AgentLost,
    AgentTimeout,
    AgentUnavailable,
    ProtocolNotInstalled,
    ProtocolUnknown,
)
from lmos.router import AgentNotInRouting
from lmos.runtime.asking import NoAnswer
from lmos.runtime.failure import Failure
from lmos.runtime.http.requests import InvalidRequest, fields_of
from lmos.runtime.routing_table import NoRoutingInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from starlette.requests import Request

log = structlog.get_logger()

# The original's `errorCode` where it has one of its own (contract §2.6).
_ORIGINAL_CODES = dict.fromkeys(
    (NoRoutingInfo.code, AgentNotInRouting.code), "AGENT_NOT_FOUND"
) | dict.fromkeys(
    (
        each.code
        for each in (
            AgentUnavailable,
            AgentBusy,
            AgentLost,
            AgentFailed,
            AgentTimeout,
            ProtocolUnknown,
            ProtocolNotInstalled,
            NoAnswer,
            HandOverFailed,
        )
    ),
    "AGENT_CLIENT_EXCEPTION",
)
_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
_INVALID = "INVALID_REQUEST"
_INTERNAL = "INTERNAL_SERVER_ERROR"


def problem(failure: Failure) -> dict[str, Any]:
    """
    What a client is told.

    `errorCode` and `message` are those of the original; `type`, `title`, `status`, `detail` make it a
    problem document (RFC 9457), with our `code` and `hint`.
    """
    status = HTTPStatus(failure.http_status)
    return {
        "errorCode": _ORIGINAL_CODES.get(failure.code) or _original_code(status),
        "message": failure.message,
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": failure.message,
        "code": failure.code,
        "hint": failure.hint,
    }


def failure_response(failure: Failure, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a request that failed."""
    body = orjson.dumps(problem(failure))
    said = {**(headers or {}), **retry_after(failure)}
    return Response(body, failure.http_status, said, media_type="application/json")


def retry_after(failure: Failure) -> dict[str, str]:
    """The header that says when to come back, where that helps."""
    if failure.retry_after_seconds is None:
        return {}
    return {"retry-after": str(max(1, round(failure.retry_after_seconds)))}


async def on_error(_: Request, error: Exception) -> Response:
    """Answer an error of ours; anything else must not get here."""
    if not isinstance(error, LmosError):
        raise error
    return failure_response(Failure.of(error))


async def on_invalid(_: Request, error: Exception) -> Response:
    """Answer parameters that cannot be read."""
    if not isinstance(error, RequestValidationError):
        raise error
    hint = "GET /openapi.json says what each path takes."
    return failure_response(Failure.of(InvalidRequest(fields_of(error.errors()), hint=hint)))


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer what the HTTP layer refuses by itself: unknown paths, wrong methods."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    hint = "GET /openapi.json lists the paths and their methods."
    headers = error.headers
    if status is HTTPStatus.METHOD_NOT_ALLOWED and "app" in request.scope:
        headers = {"allow": ", ".join(_methods_of(request))}
    return failure_response(Failure(status.phrase.replace(" ", ""), str(error.detail), hint, status), headers)


def _methods_of(request: Request) -> list[str]:
    """All methods of a path: the framework names those of its first route alone."""
    asked = {method: {**request.scope, "method": method} for method in _METHODS}
    # HEAD is answered wherever GET is.
    asked["HEAD"] = asked["GET"]
    routes = request.app.routes
    return [
        method
        for method, scope in asked.items()
        if any(route.matches(scope)[0] is Match.FULL for route in routes)
    ]


async def on_bug(_: Request, error: Exception) -> Response:
    """Answer what nobody expected."""
    return failure_response(bug(error))


def bug(error: Exception) -> Failure:
    """What nobody expected: the log has it, the client must not."""
    log.error("request_broke", exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return Failure("InternalFailure", "The runtime failed.", "The runtime's log says why.", status)


def _original_code(status: HTTPStatus) -> str:
    """The original's code for any other error of that kind."""
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        return status.name
    return _INVALID if status < HTTPStatus.INTERNAL_SERVER_ERROR else _INTERNAL


HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    LmosError: on_error,
    HTTPException: on_http_error,
    RequestValidationError: on_invalid,
    Exception: on_bug,
}
"""What answers each kind of error in a FastAPI application."""
