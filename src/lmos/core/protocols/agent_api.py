"""
The GraphQL schema of an Agent: one subscription and one query (contract arc §1.2).

Both ends are here: what a client subscribes with and makes of an answer, and what a server reads from a
subscription and writes back with just the fields that were asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ValidationError

from lmos.core.conversation import AgentRequest, AgentResult
from lmos.core.errors import InvalidInput
from lmos.core.protocols.graphql_document import arguments_of, operation_in
from lmos.core.protocols.graphql_values import Field, GraphQlInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

TURN_REFUSED = "TurnRefused"
"""Code of our Agents' error for a Turn that was not begun: it may be asked again on another socket."""

QUERY = (
    "subscription($request: AgentRequestInput!, $agentName: String) {"
    " agent(agentName: $agentName, request: $request) {"
    " status type responseTime toolCalls { name arguments } context { key value }"
    " anonymizationEntities { type value replacement } messages { content format role turnId"
    " binaryData { mimeType dataAsBase64 source } } } }"
)

# The fields of each type; None where the field is a leaf.
_SCHEMA: dict[str, dict[str, str | None]] = {
    "Query": {"agent": "Agents"},
    "Subscription": {"agent": "AgentResult"},
    "Agents": {"names": None},
    "AgentResult": {
        "status": None,
        "responseTime": None,
        "messages": "Message",
        "anonymizationEntities": "AnonymizationEntity",
        "context": "ContextEntry",
        "toolCalls": "ToolCall",
        "type": None,
    },
    "Message": {"role": None, "content": None, "format": None, "turnId": None, "binaryData": "BinaryData"},
    "BinaryData": {"mimeType": None, "dataAsBase64": None, "source": None},
    "AnonymizationEntity": {"type": None, "value": None, "replacement": None},
    "ContextEntry": {"key": None, "value": None},
    "ToolCall": {"name": None, "arguments": None},
}


class RequestInvalid(InvalidInput):
    """A subscription's variables are no `AgentRequestInput`."""

    code: ClassVar[str] = "RequestInvalid"


class ResultInvalid(InvalidInput):
    """An Agent's answer is no `AgentResult`."""

    code: ClassVar[str] = "ResultInvalid"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One Turn as it is asked of an Agent's server; `agent_name` None means whichever fits."""

    agent_name: str | None
    request: AgentRequest
    selected: Field
    trace: Mapping[str, str]


def subscribe_payload(request: AgentRequest, *, trace: Mapping[str, str] | None = None) -> dict[str, Any]:
    """
    The payload of a client's `subscribe`; its frame writes the request as it stands.

    Args:
        request: The Turn.
        trace: W3C trace headers of this Turn (`traceparent`, `tracestate`). Several Turns share a socket,
            so they travel as `extensions`, which servers that do not know them ignore.
    """
    payload: dict[str, Any] = {
        "query": QUERY,
        "variables": {"request": request, "agentName": None},
    }
    return payload | {"extensions": dict(trace)} if trace else payload


def result_in(payload: Mapping[str, Any]) -> AgentResult:
    """
    The result in the payload of a `next`.

    Raises:
        ResultInvalid: It carries errors, no data, or data of another shape.
    """
    data, errors = payload.get("data"), payload.get("errors")
    if errors or not isinstance(data, dict):
        raise ResultInvalid(f"The Agent sent no result but {_told(errors)}.")
    try:
        return AgentResult.model_validate(data.get("agent"))
    except ValidationError as error:
        raise ResultInvalid(f"The Agent's result breaks the schema: {_first(error)}.") from error


def subscription_in(payload: Mapping[str, Any]) -> Subscription:
    """
    The Turn in the payload of a `subscribe`.

    Raises:
        GraphQlInvalid: The document is not `subscription agent` of the schema.
        RequestInvalid: The variables are no `AgentRequestInput`.
    """
    query, variables = payload.get("query"), payload.get("variables") or {}
    if not isinstance(query, str) or not isinstance(variables, dict):
        raise GraphQlInvalid("A subscription has a `query` text and `variables`.")
    operation = operation_in(query, payload.get("operationName"))
    if operation.kind != "subscription" or len(operation.selections) != 1:
        raise GraphQlInvalid("A subscription selects the one field `agent`.")
    selected = operation.selections[0]
    _check(operation.selections, "Subscription")
    arguments = arguments_of(selected, operation, variables)
    name = arguments.get("agentName")
    if name is not None and not isinstance(name, str):
        raise RequestInvalid("Variable 'agentName' has an invalid value: it is a String.")
    try:
        request = AgentRequest.model_validate(arguments.get("request"))
    except ValidationError as error:
        raise RequestInvalid(f"Variable 'request' has an invalid value: {_first(error)}.") from error
    return Subscription(name, request, selected, _texts(payload.get("extensions")))


def next_payload(result: AgentResult, selected: Field) -> dict[str, Any]:
    """The payload of a `next`: `result` with just the fields that were asked for."""
    return {"data": {selected.key: _projected(result.to_wire(), selected.selections, "AgentResult")}}


def names_answer(body: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """
    The data for `query { agent { names } }` posted as `{query, variables, operationName}`.

    Raises:
        GraphQlInvalid: The document asks for anything else.
    """
    query = body.get("query")
    if not isinstance(query, str):
        raise GraphQlInvalid("The body has a `query` text.")
    operation = operation_in(query, body.get("operationName"))
    if operation.kind != "query":
        raise GraphQlInvalid(
            f"A {operation.kind} is not answered here; subscriptions are, on /subscriptions."
        )
    _check(operation.selections, "Query")
    return _projected({"agent": {"names": list(names)}}, operation.selections, "Query")


def _check(selections: tuple[Field, ...], type_: str) -> None:
    """Refuse fields that the schema lacks, leaves with selections and objects without."""
    for selected in selections:
        if selected.name == "__typename":
            continue
        if selected.name not in _SCHEMA[type_]:
            raise GraphQlInvalid(f"Field {selected.name!r} in type {type_!r} is undefined.")
        inner = _SCHEMA[type_][selected.name]
        if (inner is None) == bool(selected.selections):
            shape = "no sub selection" if inner is None else f"a sub selection of {inner!r}"
            raise GraphQlInvalid(f"Field {selected.name!r} in type {type_!r} takes {shape}.")
        if inner is not None:
            _check(selected.selections, inner)


def _projected(value: Mapping[str, Any], selections: tuple[Field, ...], type_: str) -> dict[str, Any]:
    return {selected.key: _value(value, selected, type_) for selected in selections}


def _value(value: Mapping[str, Any], selected: Field, type_: str) -> Any:  # noqa: ANN401 - JSON
    if selected.name == "__typename":
        return type_
    inner, type_inside = value[selected.name], _SCHEMA[type_][selected.name]
    if type_inside is None or inner is None:
        return inner
    if isinstance(inner, list):
        return [_projected(item, selected.selections, type_inside) for item in inner]
    return _projected(inner, selected.selections, type_inside)


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in found["loc"]) or "it"
    return f"{place}: {found['msg'][:200]}"


def _told(errors: object) -> str:
    return f"errors: {str(errors)[:200]}" if errors else "nothing"


def _texts(extensions: object) -> dict[str, str]:
    if not isinstance(extensions, dict):
        return {}
    return {key: value for key, value in extensions.items() if isinstance(value, str)}
