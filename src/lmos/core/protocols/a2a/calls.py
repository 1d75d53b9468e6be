"""JSON-RPC as A2A uses it: what a client calls for, and how it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field, ValidationError
from pydantic_core import from_json

from lmos.core.conversation.wire import WireModel
from lmos.core.errors import InvalidInput
from lmos.core.protocols.a2a.wire import Said

NOT_JSON = -32700
INVALID_REQUEST = -32600
NO_SUCH_METHOD = -32601
INVALID_PARAMETERS = -32602
INTERNAL = -32603
NO_SUCH_TASK = -32001
TASK_IS_OVER = -32002
UNSUPPORTED = -32004
VERSION_UNSUPPORTED = -32009

_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_LONGEST = 300


class CallRefused(InvalidInput):
    """An A2A client calls for what cannot be done; `rpc_code` is the number of the error in A2A."""

    code: ClassVar[str] = "CallRefused"

    def __init__(self, rpc_code: int, message: str, *, hint: str) -> None:
        self.rpc_code = rpc_code
        super().__init__(message, hint=hint)


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `id` goes back with its answer."""

    id: str | int | None
    method: str
    params: dict[str, Any]


class Sent(Said):
    """A Message of a client; without a `context_id` it begins a Conversation."""

    message_id: str = Field(min_length=1)
    context_id: str = ""
    task_id: str = ""
    role: str = "ROLE_USER"


class Configuration(WireModel):
    """How the client wants its answer."""

    return_immediately: bool = False


class Sending(WireModel):
    """The parameters of `SendMessage` and `SendStreamingMessage`."""

    message: Sent
    configuration: Configuration = Configuration()


class TaskNamed(WireModel):
    """The parameters of what is about one Task."""

    id: str


def call_in(body: bytes) -> Call:
    """
    The call in a request's body.

    Raises:
        CallRefused: It is no JSON, or no request of JSON-RPC 2.0.
    """
    try:
        said = from_json(body)
    except ValueError as error:
        raise CallRefused(NOT_JSON, f"The body is no JSON: {error}.", hint="Send JSON in UTF-8.") from error
    is_request = (
        isinstance(said, dict) and said.get("jsonrpc") == "2.0" and isinstance(said.get("method"), str)
    )
    params = said.get("params", {}) if is_request else None
    id_ = said.get("id") if is_request else None
    if not isinstance(params, dict) or isinstance(id_, bool) or not isinstance(id_, str | int | None):
        hint = 'Send {"jsonrpc": "2.0", "id": "1", "method": "SendMessage", "params": {…}}.'
        raise CallRefused(INVALID_REQUEST, "The body is no request of JSON-RPC 2.0.", hint=hint)
    return Call(id_, said["method"], params)


def sending_in(call: Call) -> Sending:
    """
    What a client sends.

    Raises:
        CallRefused: It is no Message of a user, or belongs to a Task, which here ends with its answer.
    """
    try:
        sending = Sending.model_validate(call.params)
    except ValidationError as error:
        raise _unreadable(error) from error
    if sending.message.role != "ROLE_USER":
        raise CallRefused(INVALID_PARAMETERS, "The message is not of the user.", hint="Set role: ROLE_USER.")
    if sending.message.task_id:
        hint = "Send the message with the contextId alone; it begins a Task of the same Conversation."
        raise CallRefused(UNSUPPORTED, "Tasks take no more messages once they are answered.", hint=hint)
    return sending


def task_in(call: Call) -> str:
    """
    The id of the Task that a call is about.

    Raises:
        CallRefused: It names none.
    """
    try:
        return TaskNamed.model_validate(call.params).id
    except ValidationError as error:
        raise _unreadable(error) from error


def answer_to(id_: str | int | None, result: dict[str, Any]) -> dict[str, Any]:
    """The answer to a call."""
    return {"jsonrpc": "2.0", "id": id_, "result": result}


def refusal_of(id_: str | int | None, rpc_code: int, error: tuple[str, str, str]) -> dict[str, Any]:
    """
    The answer to a call that failed.

    Args:
        id_: That of the call.
        rpc_code: The number of the error.
        error: Our code, message and hint.
    """
    code, message, hint = error
    info = {"@type": _ERROR_INFO, "reason": code, "domain": "lmos", "metadata": {"hint": hint}}
    return {"jsonrpc": "2.0", "id": id_, "error": {"code": rpc_code, "message": message, "data": [info]}}


def _unreadable(error: ValidationError) -> CallRefused:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "params"
    hint = "A2A 1.0 says what each method takes."
    return CallRefused(INVALID_PARAMETERS, f"{place}: {first['msg'][:_LONGEST]}", hint=hint)
