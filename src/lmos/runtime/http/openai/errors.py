"""Errors in OpenAI's shape, and whether its clients may try again."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from lmos.core.protocols.openai import (
    ModelNotFound,
    ParameterInvalid,
    ParameterUnsupported,
    PreviousResponseNotFound,
    ResponseNotFound,
)
from lmos.ports.agents import AgentLost
from lmos.router import AgentNotInRouting
from lmos.runtime.failure import Failure, TurnInterrupted
from lmos.runtime.http.errors import retry_after
from lmos.runtime.routing_table import NoRoutingInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmos.core.errors import LmosError

_NO_MODEL = frozenset({ModelNotFound.code, NoRoutingInfo.code, AgentNotInRouting.code})
_CODES = dict.fromkeys(_NO_MODEL, "model_not_found") | {
    ParameterUnsupported.code: "unsupported_parameter",
    PreviousResponseNotFound.code: "previous_response_not_found",
    ResponseNotFound.code: "response_not_found",
}
"""OpenAI's codes where it has one; elsewhere ours stand."""

_MAY_HAVE_BEGUN = frozenset({AgentLost.code, TurnInterrupted.code})


def error_in_shape(failure: Failure, param: str | None = None) -> dict[str, Any]:
    """The content of the field `error`."""
    is_ours = failure.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return {
        "message": failure.message,
        "type": "server_error" if is_ours else "invalid_request_error",
        "param": "model" if failure.code in _NO_MODEL else param,
        "code": _CODES.get(failure.code, failure.code),
        "hint": failure.hint,
    }


def refusal(failure: Failure, headers: Mapping[str, str] | None = None, param: str | None = None) -> Response:
    """
    The answer to a request that failed.

    OpenAI's clients repeat by themselves what failed with 409 or 5xx, each time as a new Turn. They are
    told to, by `x-should-retry`, only where waiting helps and no Agent has begun.
    """
    may_retry = failure.retry_after_seconds is not None and failure.code not in _MAY_HAVE_BEGUN
    told = {**(headers or {}), "x-should-retry": str(may_retry).lower(), **retry_after(failure)}
    body = orjson.dumps({"error": error_in_shape(failure, param)})
    return Response(body, failure.http_status, told, media_type="application/json")


def refusal_of(error: LmosError) -> Response:
    """The answer to a request that cannot be taken."""
    return refusal(Failure.of(error), param=error.param if isinstance(error, ParameterInvalid) else None)
