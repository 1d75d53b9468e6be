"""Errors as bodies: the original's two fields and a problem document in one."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from lmos.core.errors import InvalidInput, LmosError, NotFound, TemporaryError
from lmos.ports.agents import AgentFailed, AgentTimeout, AgentUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

log = structlog.get_logger()

# The original's `errorCode` for each kind of error, the most special first (contract §2.6).
_ORIGINAL_CODES: tuple[tuple[type[LmosError], str], ...] = (
    (NotFound, "AGENT_NOT_FOUND"),
    (InvalidInput, "INVALID_REQUEST"),
    (AgentUnavailable, "AGENT_CLIENT_EXCEPTION"),
    (AgentFailed, "AGENT_CLIENT_EXCEPTION"),
    (AgentTimeout, "AGENT_CLIENT_EXCEPTION"),
)
_OTHER = "INTERNAL_SERVER_ERROR"


def problem(error: LmosError) -> dict[str, Any]:
    """
    What a client is told.

    `errorCode` and `message` are those of the original; `type`, `title`, `status`, `detail` make it a
    problem document (RFC 9457), with our `code` and `hint`.
    """
    status = HTTPStatus(error.http_status)
    return {
        "errorCode": next((code for kind, code in _ORIGINAL_CODES if isinstance(error, kind)), _OTHER),
        "message": error.message,
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": error.message,
        "code": error.code,
        "hint": error.hint,
    }


def problem_response(error: LmosError) -> JSONResponse:
    """The answer to a request that failed."""
    headers = {}
    if isinstance(error, TemporaryError):
        headers["retry-after"] = str(max(1, round(error.retry_after_seconds)))
    return JSONResponse(problem(error), error.http_status, headers)


async def on_error(_: Request, error: Exception) -> JSONResponse:
    """Answer an error of ours; anything else must not get here."""
    if not isinstance(error, LmosError):
        raise error
    return problem_response(error)


async def on_http_error(_: Request, error: Exception) -> JSONResponse:
    """Answer what the HTTP layer refuses by itself: unknown paths, wrong methods."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    return _plain(status, str(error.detail), "GET /openapi.json lists the paths and methods.", error.headers)


async def on_bug(_: Request, error: Exception) -> JSONResponse:
    """Answer what nobody expected: the log has it, the client must not."""
    log.error("request_broke", exc_info=error)
    return _plain(HTTPStatus.INTERNAL_SERVER_ERROR, "The runtime failed.", "Its log says why.")


def _plain(
    status: HTTPStatus, message: str, hint: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    body = {
        "errorCode": status.name,
        "message": message,
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": message,
        "code": status.phrase.replace(" ", ""),
        "hint": hint,
    }
    return JSONResponse(body, status, headers)
