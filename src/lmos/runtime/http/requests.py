"""Requests of the chat door, read with suspicion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from lmos.core.conversation import Conversation
from lmos.core.errors import InvalidInput
from lmos.core.protocols.trace_context import TRACEPARENT, TRACESTATE, TraceContext
from lmos.runtime.asked import Asked

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from starlette.types import Receive, Scope

LARGEST_BODY = 4 * 1024 * 1024
TURN_HEADER = "x-turn-id"

_JSON = "application/json"
_READ = {
    name.encode(): name for name in (TURN_HEADER, "x-subset", "content-type", "content-encoding", "accept")
}
_TOLD_PROBLEMS = 5
_TRACEPARENT, _TRACESTATE = TRACEPARENT.encode(), TRACESTATE.encode()


class InvalidRequest(InvalidInput):
    """A request cannot be read."""

    code: ClassVar[str] = "InvalidRequest"


class BodyTooLarge(InvalidInput):
    """A request's body is larger than this door takes."""

    code: ClassVar[str] = "BodyTooLarge"
    http_status: ClassVar[int] = 413


class UnsupportedMediaType(InvalidInput):
    """A request's body is not plain JSON in UTF-8."""

    code: ClassVar[str] = "UnsupportedMediaType"
    http_status: ClassVar[int] = 415


async def asked_in(scope: Scope, receive: Receive, headers: Mapping[str, str]) -> Asked:
    """
    The Turn that a request to `…/{tenant}/chat/{conversation}/message` asks for.

    Args:
        scope: Names Tenant and Conversation in its path parameters.
        receive: Brings the body.
        headers: `headers_in(scope)`.

    Raises:
        InvalidRequest, InvalidTurn, BodyTooLarge, UnsupportedMediaType: It cannot be read.
        ClientDisconnect: The client left before it had said everything.
    """
    if TURN_HEADER not in headers:
        raise InvalidRequest("Required header 'x-turn-id' is not present.", hint="Give each message an id.")
    body = await json_in(receive, headers)
    return Asked(
        tenant=scope["path_params"]["tenant"],
        conversation=scope["path_params"]["conversation"],
        turn=headers[TURN_HEADER],
        body=_conversation(body),
        subset=headers.get("x-subset", ""),
        caller=caller_in(scope["headers"]),
    )


def headers_in(scope: Scope, read: Mapping[bytes, str] = _READ) -> dict[str, str]:
    """
    The headers that a door reads: those of `read`, their names as bytes and as text.

    Raises:
        InvalidRequest: One is there twice and could mean two things to us and to a proxy, or is not ASCII.
    """
    found: dict[str, str] = {}
    for raw_name, value in scope["headers"]:
        name = read.get(raw_name)
        if name is None:
            continue
        if name in found and name != "accept":
            raise InvalidRequest(f"Header {name!r} is present more than once.", hint="Send it once.")
        if not value.isascii():
            raise InvalidRequest(f"Header {name!r} is not ASCII.", hint="Use printable ASCII characters.")
        found[name] = f"{found[name]}, {value.decode()}" if name in found else value.decode()
    return found


def caller_in(headers: Collection[tuple[bytes, bytes]]) -> TraceContext | None:
    """
    The client's place in a trace, from a request's headers as they came.

    What is invalid is not there, as W3C Trace Context says: a `traceparent` that is no such thing or is there
    twice. A `tracestate` may come in several parts.
    """
    parents = [value for name, value in headers if name == _TRACEPARENT]
    if len(parents) != 1:
        return None
    state = b",".join(value for name, value in headers if name == _TRACESTATE)
    return TraceContext.parse(parents[0].decode("latin-1"), state.decode("latin-1"))


async def json_in(receive: Receive, headers: Mapping[str, str]) -> bytes:
    """
    A body that says that it is JSON.

    Raises:
        BodyTooLarge, UnsupportedMediaType: It is too much, or says that it is something else.
        ClientDisconnect: The client left before it had said everything.
    """
    _check_media_type(headers)
    return await _body(receive)


def fields_of(problems: Sequence[Mapping[str, Any]]) -> str:
    """What pydantic found wrong, in the original's words."""
    told = problems[:_TOLD_PROBLEMS]
    fields = ", ".join(f"{'.'.join(map(str, each['loc'])) or 'body'}={each['msg']}" for each in told)
    return f"Invalid request. Field errors: {{{fields}}}"


def _check_media_type(headers: Mapping[str, str]) -> None:
    """A body says that it is JSON: one without a type may come from a web page that nobody let in."""
    said = headers.get("content-type", "")
    media_type, *parameters = (part.strip().lower() for part in said.split(";"))
    charsets = [
        part.removeprefix("charset=").strip('"') for part in parameters if part.startswith("charset=")
    ]
    if media_type != _JSON or not {"utf-8", "utf8"}.issuperset(charsets):
        kind = repr(said[:80]) if said else "of no said type"
        raise UnsupportedMediaType(f"The body is {kind}.", hint="Send application/json in UTF-8.")
    encoding = headers.get("content-encoding") or "identity"
    if encoding.strip().lower() != "identity":
        raise UnsupportedMediaType(
            f"The body is encoded as {encoding[:80]!r}.", hint="Send it as it is, without Content-Encoding."
        )


async def _body(receive: Receive) -> bytes:
    body, has_more = b"", True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        has_more = message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge(
                f"The body is larger than {LARGEST_BODY // 1024 // 1024} MiB.", hint="Send less history."
            )
    return body


def _conversation(body: bytes) -> Conversation:
    try:
        return Conversation.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequest(
            fields_of(error.errors(include_url=False, include_input=False)),
            hint="Send inputContext.messages, systemContext.channelId and userContext.userId.",
        ) from error
