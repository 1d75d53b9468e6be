"""The OpenAPI document, held against the doors by requests that are made from it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.runtime.rig import BILLS, FAULTS, Rig, agent, routing, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    import httpx2
    from schemathesis.schemas import APIOperation, BaseSchema

    Ask = Callable[[requests.PreparedRequest], httpx2.Response]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 50
ORDER = ("post", "get", "delete")
HOME = {"tenant": "acme", "channel": "web", "conversation": "c-1", "turn": "t-1", "model": "acme/web"}


@asynccontextmanager
async def furnished() -> AsyncIterator[Rig]:
    async with running() as rig:
        rig.agents.answers("billing", "42 euros")
        rig.agents.answers("network", "All is well")
        await rig.serve(
            agent("billing", "billing", "1.0.0", *BILLS),
            agent("network", "network", "1.0.0", *FAULTS),
            routing("billing", "network"),
        )
        await rig.ask(turn=HOME["turn"], conversation=HOME["conversation"])
        yield rig


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Asks the doors of a runtime that lives on a loop of its own: schemathesis has none."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(furnished()) as rig:

        async def send(request: Any) -> httpx2.Response:
            headers = [(name.encode(), value.encode("latin-1")) for name, value in request.headers.items()]
            body = request.body.encode() if isinstance(request.body, str) else request.body
            return await rig.http.request(request.method, request.url, headers=headers, content=body)

        yield lambda request: portal.call(send, request)


@pytest.fixture(scope="module")
def document(ask: Ask) -> BaseSchema:
    return schemathesis.openapi.from_file(
        ask(requests.Request("GET", "http://runtime/openapi.json").prepare()).text
    )


def operations(document: BaseSchema) -> list[APIOperation[Any, Any, Any, Any]]:
    """All operations; what is asked first is there to be read, and what is deleted comes last."""
    found = [each.ok() for each in document.get_all_operations() if isinstance(each, Ok)]
    return sorted(found, key=lambda operation: ORDER.index(operation.method))


def at_home(case: Any) -> Any:
    """The case, asked of the Channel that there is; what else is odd about it stays so."""
    for name in case.path_parameters.keys() & HOME.keys():
        case.path_parameters[name] = HOME[name]
    match case.body:
        case {"systemContext": {"channelId": str()}}:
            case.body["systemContext"]["channelId"] = HOME["channel"]
        case {"model": str()}:
            case.body["model"] = HOME["model"]
    return case


def test_every_answer_is_one_that_the_document_tells_of(document: BaseSchema, ask: Ask) -> None:
    for operation in operations(document):
        cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

        @given(cases | cases.map(at_home))
        @settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        def check(case: Any) -> None:
            prepared = requests.Request(**case.as_transport_kwargs("http://runtime")).prepare()
            case.validate_response(ask(prepared), checks=CHECKS)

        check()


def test_every_operation_has_a_name_of_its_own(document: BaseSchema) -> None:
    named = [operation.definition.raw["operationId"] for operation in operations(document)]

    assert len(set(named)) == len(named)
    assert {"chat", "turn", "turnOfConversation", "graphql", "liveness"} <= set(named)


def test_the_document_names_only_statuses_that_we_answer_with(document: BaseSchema) -> None:
    told = {status for each in operations(document) for status in each.definition.raw["responses"]}

    assert told <= {"200", "204", "400", "403", "404", "409", "413", "415", "500", "502", "503", "504"}
