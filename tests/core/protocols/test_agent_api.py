from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmos.core.conversation import AgentRequest, ConversationContext, Message, message_result
from lmos.core.protocols.agent_api import (
    RequestInvalid,
    ResultInvalid,
    names_answer,
    next_payload,
    result_in,
    subscribe_payload,
    subscription_in,
)
from lmos.core.protocols.graphql_values import GraphQlInvalid

RECORDINGS = Path(__file__).parents[4] / "shared" / "contracts" / "recordings"
REQUEST = AgentRequest(
    messages=(Message(role="user", content="hi"),),
    conversation_context=ConversationContext(conversation_id="c1"),
)
VARIABLES = {"request": REQUEST.to_wire(), "agentName": "billing"}


def asked(selection: str = "messages { content }", **changes: Any) -> dict[str, Any]:
    query = "subscription($request: AgentRequestInput!, $agentName: String) { agent(agentName: $agentName,"
    return {"query": f"{query} request: $request) {{ {selection} }} }}", "variables": VARIABLES} | changes


def test_what_the_client_asks_the_server_reads() -> None:
    subscription = subscription_in(subscribe_payload(REQUEST, trace={"traceparent": "00-1"}))

    assert subscription.request == REQUEST
    assert subscription.agent_name is None
    assert subscription.trace == {"traceparent": "00-1"}


def test_what_the_server_answers_the_client_reads() -> None:
    subscription = subscription_in(subscribe_payload(REQUEST))
    result = message_result("hello", turn="t1", response_time=0.25)

    assert result_in(next_payload(result, subscription.selected)) == result


def test_just_the_fields_that_were_asked_for_are_sent() -> None:
    selected = subscription_in(asked("__typename type answers: messages { content }")).selected

    assert next_payload(message_result("hello"), selected) == {
        "data": {"agent": {"__typename": "AgentResult", "type": "MESSAGE", "answers": [{"content": "hello"}]}}
    }


def spread(fields: str, *fragments: str) -> dict[str, Any]:
    payload = asked(fields)
    return payload | {"query": " ".join([payload["query"], *fragments])}


def doubling(levels: int) -> list[str]:
    """Fragments that each name the next one twice, and a last one that names a field."""
    between = [
        f"fragment F{level} on AgentResult {{ ...F{level + 1} ...F{level + 1} }}" for level in range(levels)
    ]
    return [*between, f"fragment F{levels} on AgentResult {{ type }}"]


@pytest.mark.parametrize(
    ("fields", "fragments"),
    [
        ("...Result", ["fragment Result on AgentResult { type messages { role content } }"]),
        (
            "...A messages { role } ...B",
            ["fragment A on AgentResult { type }", "fragment B on AgentResult { messages { content } }"],
        ),
        (
            "type messages { ...M }",
            ["fragment M on Message { role ...C }", "fragment C on Message { content }"],
        ),
        ("... on AgentResult { type messages { ... { role } ... on Message { content } } }", []),
    ],
)
def test_fragments_stand_for_their_fields(fields: str, fragments: list[str]) -> None:
    selected = subscription_in(spread(fields, *fragments)).selected

    assert next_payload(message_result("hello"), selected) == {
        "data": {"agent": {"type": "MESSAGE", "messages": [{"role": "assistant", "content": "hello"}]}}
    }


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ({}, "`query` text"),
        (asked(query="subscription {"), "offending token '<EOF>' at line 1 column 15"),
        (asked(query="subscription { agent(request: $r) }"), "takes a sub selection"),
        (asked("nonsense"), "Field 'nonsense' in type 'AgentResult' is undefined"),
        (asked("type { x }"), "takes no sub selection"),
        (asked("...All"), "Fragment 'All' is undefined"),
        (asked("... on"), "offending token '}'"),
        (asked("...All @skip(if: true)"), "Directives are not supported"),
        (spread("...A", "fragment A on AgentResult { type ...A }"), "Fragment 'A' holds itself"),
        (spread("...A", "fragment A { type }"), "offending token '{'"),
        (
            spread("...A", "fragment A on Agents { names }"),
            "Field 'names' in type 'AgentResult' is undefined",
        ),
        (spread("...F0", *doubling(11)), "selects more than 1000 fields"),
        (spread("...F0", *doubling(20)), "nested deeper than 12 levels"),
        (asked("a: type a: status"), "Fields 'a' conflict"),
        (asked("type @skip(if: true)"), "Directives are not supported"),
        (asked(query="query { agent { names } }"), "selects the one field `agent`"),
        (
            asked(query="subscription { events { type } }"),
            "Field 'events' in type 'Subscription' is undefined",
        ),
        (asked(query="a" * 20_000), "longer than 16384 characters"),
        (asked(query="subscription " + "{ agent " * 50), "nested deeper than 12 levels"),
        (asked(query='subscription { agent(request: "\x07'), "Invalid syntax"),
        (asked(operationName="other"), "selects 0 operations"),
    ],
)
def test_a_document_that_the_schema_cannot_answer_is_refused(payload: dict[str, Any], says: str) -> None:
    with pytest.raises(GraphQlInvalid, match=says.replace("(", r"\(")):
        subscription_in(payload)


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "Variable 'request'"),
        ({"request": 7}, "Variable 'request'"),
        ({"request": {"messages": []}}, "conversationContext: Field required"),
        ({"request": VARIABLES["request"], "agentName": 7}, "'agentName' has an invalid value"),
    ],
)
def test_variables_that_are_no_request_are_refused(variables: dict[str, Any], says: str) -> None:
    with pytest.raises(RequestInvalid, match=says):
        subscription_in(asked(variables=variables))


def test_a_request_may_be_written_into_the_document() -> None:
    query = """
      # no variables at all
      subscription Ask {
        agent(request: {
          messages: [{role: "user", content: "good \\u0064ay", format: "text"}]
          conversationContext: {conversationId: "c1"}, systemContext: [], userContext: {profile: []}
        }) { messages { content } }
      }
    """

    assert subscription_in({"query": query}).request.messages[0].content == "good day"


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("{ agent { names } }", {"agent": {"names": ["a", "b"]}}),
        ("query { agent() { names } }", {"agent": {"names": ["a", "b"]}}),
        (
            "query Names { all: agent { __typename names } }",
            {"all": {"__typename": "Agents", "names": ["a", "b"]}},
        ),
    ],
)
def test_the_names_of_the_agents_are_answered(query: str, answer: dict[str, Any]) -> None:
    assert names_answer({"query": query}, ("a", "b")) == answer


@pytest.mark.parametrize("query", ["", "{ agent }", "{ tool { name } }", "mutation { agent { names } }"])
def test_nothing_else_is_answered(query: str) -> None:
    with pytest.raises(GraphQlInvalid):
        names_answer({"query": query}, ("a",))


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"data": None},
        {"data": {"agent": None}},
        {"data": {"agent": {"type": "MESSAGE"}}},
        {"data": {"agent": {"messages": [{"role": "assistant"}]}}},
        {"data": {"agent": {"messages": [], "type": "SOMETHING"}}},
        {"data": {"agent": {"messages": []}}, "errors": [{"message": "no"}]},
    ],
)
def test_a_payload_that_is_no_result_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(ResultInvalid):
        result_in(payload)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='{}()[]$:!=@",.# \nabq1-"agent', max_size=40))
def test_no_document_upsets_the_parser(document: str) -> None:
    try:
        names_answer({"query": document}, ("a",))
    except GraphQlInvalid as error:
        assert error.message  # noqa: PT017 - most documents are refused, some are not


def test_the_recorded_requests_are_read() -> None:
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings of the original are not at ../shared")
    frames = [
        json.loads(frame["data"])
        for frame in map(json.loads, (RECORDINGS / "runtime-to-agent.jsonl").read_text().splitlines())
        if frame["dir"] == "C>" and '"subscribe"' in frame["data"]
    ]

    assert frames
    for frame in frames:
        assert subscription_in(frame["payload"]).request.to_wire() == frame["payload"]["variables"]["request"]
