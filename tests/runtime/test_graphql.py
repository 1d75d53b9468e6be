"""The GraphQL door: a query over HTTP, Turns over WebSocket, and what was sent to the original's."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from graphql import (
    build_client_schema,
    build_schema,
    get_introspection_query,
    introspection_from_schema,
    print_schema,
)
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from lmos.core.conversation import (
    AgentResult,
    AgentResultType,
    AnonymizationEntity,
    KeyValue,
    message_result,
)
from lmos.core.protocols.agent_sdl import SDL
from lmos.ports.agents import AgentFailed, AgentUnavailable
from tests.runtime.doors import served
from tests.runtime.rig import FAULTS, Rig, agent, routing
from tests.runtime.test_agent_answers import PIECES, REMARK, SORRY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.conversation import AgentRequest

RECORDINGS = Path(__file__).parents[3] / "shared" / "contracts" / "recordings" / "agent-subscriptions.jsonl"
QUERY = (
    "subscription($request: AgentRequestInput!, $agentName: String) { agent(agentName: $agentName, request: "
    "$request) { status type responseTime context { key value } anonymizationEntities { type value "
    "replacement } messages { content format role turnId } } }"
)
JSON_TYPE = {"content-type": "application/json"}
ENTITY = {"type": "NAME", "value": "Bob", "replacement": "P1"}


def request(text: str = FAULTS[0], turn: str | None = "t1", **system: str) -> dict[str, Any]:
    context = {"tenantId": "acme", "channelId": "web", **system}
    return {
        "messages": [{"role": "user", "content": text, "format": "text"}],
        "conversationContext": {"conversationId": "c1", "turnId": turn, "anonymizationEntities": [ENTITY]},
        "systemContext": [{"key": key, "value": value} for key, value in context.items()],
        "userContext": {"userId": "u1", "userToken": None, "profile": [{"key": "age", "value": "7"}]},
    }


def subscribe(asked: dict[str, Any], id_: str = "1", **more: Any) -> str:
    payload = {"query": QUERY, "variables": {"request": asked}, **more}
    return json.dumps({"type": "subscribe", "id": id_, "payload": payload})


@asynccontextmanager
async def dial(
    rig: Rig, *, subprotocol: str | None = None, init: bool = True, subset: str = ""
) -> AsyncIterator[ClientConnection]:
    async with served(rig) as url:
        uri = f"ws{url.removeprefix('http')}/subscriptions"
        offered = [Subprotocol(subprotocol)] if subprotocol else None
        headers = {"x-subset": subset} if subset else None
        async with connect(uri, subprotocols=offered, additional_headers=headers) as socket:
            if init:
                await socket.send('{"type":"connection_init"}')
                assert await socket.recv() == '{"type":"connection_ack"}'
            yield socket


async def ended(socket: ClientConnection) -> list[Any]:
    """Every frame up to the end of a subscription."""
    heard: list[Any] = []
    while not heard or heard[-1]["type"] not in {"complete", "error"}:
        heard.append(json.loads(await asyncio.wait_for(socket.recv(), 5)))
    return heard


async def asked(rig: Rig, asks: dict[str, Any] | None = None, **more: Any) -> list[Any]:
    """What is heard of one subscription."""
    async with dial(rig) as socket:
        await socket.send(subscribe(asks or request(), **more))
        return await ended(socket)


def result(frame: Any) -> Any:
    return frame["payload"]["data"]["agent"]


def error(frame: Any) -> Any:
    (told,) = frame["payload"]
    return told


@pytest.mark.parametrize("subprotocol", [None, "graphql-transport-ws"])
async def test_a_turn_is_answered_by_the_agent_that_the_router_chose(
    rig: Rig, subprotocol: str | None
) -> None:
    async with dial(rig, subprotocol=subprotocol) as socket:
        await socket.send(subscribe(request()))
        answer, complete = await ended(socket)

    assert socket.subprotocol == subprotocol
    assert result(answer)["messages"] == [
        {"content": "All is well", "format": "text", "role": "assistant", "turnId": "t1"}
    ]
    assert {"key": "agent", "value": "network"} in result(answer)["context"]
    assert (result(answer)["type"], complete) == ("MESSAGE", {"type": "complete", "id": "1"})
    assert (await rig.why())["agent"] == "network"


async def test_everything_that_a_client_says_reaches_the_agent(rig: Rig) -> None:
    await asked(rig, request(region="north"))

    sent = rig.agents.asked[-1].request
    assert {"region": "north", "tenantId": "acme", "channelId": "web", "turnId": "t1"}.items() <= {
        entry.key: entry.value for entry in sent.system_context
    }.items()
    assert (sent.user_context.user_id, sent.user_context.profile[0].value) == ("u1", "7")
    assert sent.conversation_context.anonymization_entities == (AnonymizationEntity(**ENTITY),)


async def test_anonymized_entities_come_back(rig: Rig) -> None:
    entities = {"anonymization_entities": (AnonymizationEntity(**ENTITY),)}
    rig.agents.answers("network", message_result("Hello P1").model_copy(update=entities))

    answer, _ = await asked(rig)

    assert result(answer)["anonymizationEntities"] == [ENTITY]


async def test_remarks_are_told_and_pieces_are_for_those_who_ask_for_them(rig: Rig) -> None:
    rig.agents.answers("network", REMARK, *PIECES, "42 euros")

    *plain, _ = await asked(rig)
    *pieces, _ = await asked(rig, request(turn="t2", streaming="true"))

    told = [
        [(result(each)["type"], result(each)["messages"][0]["content"]) for each in heard]
        for heard in (plain, pieces)
    ]
    assert told == [
        [("INTERMEDIATE_MESSAGE", "Let me see."), ("MESSAGE", "42 euros")],
        [
            ("INTERMEDIATE_MESSAGE", "Let me see."),
            ("INTERMEDIATE_MESSAGE", "42 "),
            ("INTERMEDIATE_MESSAGE", "euros"),
            ("MESSAGE", "42 euros"),
        ],
    ]


async def test_words_of_regret_are_told_as_what_they_are(rig: Rig) -> None:
    rig.agents.answers("network", SORRY)

    answer, _ = await asked(rig)

    assert (result(answer)["type"], result(answer)["messages"][0]["content"]) == ("ERROR", "I am sorry.")


async def test_the_same_turn_through_another_door_is_asked_once(rig: Rig) -> None:
    await rig.ask("hello")

    answer, _ = await asked(rig, request("hello"))

    assert result(answer)["messages"][0]["content"] == "42 euros"
    assert len(rig.agents.asked) == 1


async def test_a_turn_without_an_id_is_a_new_one(rig: Rig) -> None:
    for _ in range(2):
        await asked(rig, request(turn=None))

    first, second = (each.request.conversation_context.turn_id for each in rig.agents.asked)
    assert first != second


async def test_a_turn_whose_id_another_message_has_is_told_so(rig: Rig) -> None:
    first, second = [(await asked(rig, request(text)))[0] for text in FAULTS[:2]]

    reused = {"key": "turnIdReused", "value": "true"}
    assert [reused in result(answer)["context"] for answer in (first, second)] == [False, True]


async def test_the_name_of_an_agent_is_ignored_as_by_the_original(rig: Rig) -> None:
    variables = {"request": request(), "agentName": "lmos-runtime"}

    answer, _ = await asked(rig, variables=variables)

    assert result(answer)["messages"][0]["content"] == "All is well"


async def test_a_subset_is_asked_for_by_the_header_of_the_socket(rig: Rig) -> None:
    await rig.serve(routing("billing", subset="canary"))
    rig.agents.answers("billing", "from the canary")

    async with dial(rig, subset="canary") as socket:
        await socket.send(subscribe(request("show my bill please")))
        answer, _ = await ended(socket)

    assert result(answer)["messages"][0]["content"] == "from the canary"


async def test_several_subscriptions_share_a_socket(rig: Rig) -> None:
    both = asyncio.Barrier(2)

    async def script(asks: AgentRequest) -> AsyncIterator[AgentResult]:
        await both.wait()
        yield message_result(asks.messages[-1].content)

    rig.agents.plays("network", script)
    async with dial(rig) as socket:
        for id_ in ("a", "b"):
            asks = request(turn=id_)
            asks["conversationContext"]["conversationId"] = id_
            await socket.send(subscribe(asks, id_))
        heard = await ended(socket) + await ended(socket)

    assert sorted((frame["id"], frame["type"]) for frame in heard) == [
        ("a", "complete"),
        ("a", "next"),
        ("b", "complete"),
        ("b", "next"),
    ]


async def test_a_client_that_has_heard_enough_does_not_end_its_turn(rig: Rig) -> None:
    goes_on = asyncio.Event()

    async def script(_: AgentRequest) -> AsyncIterator[AgentResult]:
        yield REMARK
        await goes_on.wait()
        yield message_result("42 euros")

    rig.agents.plays("network", script)
    async with dial(rig) as socket:
        await socket.send(subscribe(request()))
        await socket.recv()
        await socket.send('{"type":"complete","id":"1"}')
        await socket.send('{"type":"ping"}')
        assert await socket.recv() == '{"type":"pong"}'
    goes_on.set()

    *_, answer, _ = await asked(rig)
    assert result(answer)["messages"][0]["content"] == "42 euros"
    assert len(rig.agents.asked) == 1


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (AgentFailed("It failed.", hint="See its log."), 502),
        (AgentUnavailable("It is away.", hint="Start it.", retry_after_seconds=7), 503),
    ],
)
async def test_a_turn_that_fails_ends_with_an_error(
    rig: Rig, failure: AgentFailed | AgentUnavailable, status: int
) -> None:
    rig.agents.fails("network", failure)

    (frame,) = await asked(rig)

    told = error(frame)
    assert (told["message"], told["extensions"]["code"]) == (failure.message, failure.code)
    assert (told["extensions"]["hint"], told["extensions"]["status"]) == (failure.hint, status)
    assert told["extensions"].get("retryAfterSeconds") == getattr(failure, "retry_after_seconds", None)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"systemContext": [{"key": "channelId", "value": "web"}]}, "RequestInvalid"),
        ({"systemContext": [{"key": "tenantId", "value": "acme"}]}, "RequestInvalid"),
        ({"userContext": {"userId": None}}, "RequestInvalid"),
        ({"conversationContext": {}}, "RequestInvalid"),
        ({"messages": []}, "InvalidTurn"),
        ({"conversationContext": {"conversationId": "a/b"}}, "InvalidTurn"),
        (
            {"systemContext": [{"key": "tenantId", "value": "x"}, {"key": "channelId", "value": "y"}]},
            "NoRoutingInfo",
        ),
    ],
)
async def test_a_request_that_cannot_be_taken_ends_with_an_error(
    rig: Rig, changed: dict[str, Any], code: str
) -> None:
    (frame,) = await asked(rig, request() | changed)

    assert error(frame)["extensions"]["code"] == code


@pytest.mark.parametrize(
    "query",
    [
        "subscription {",
        "{ agent { names } }",
        "subscription { agent { messages } }",
        "subscription { agent { secrets } }",
        "subscription { events { type } }",
    ],
)
async def test_a_document_that_is_not_of_the_schema_ends_with_an_error(rig: Rig, query: str) -> None:
    (frame,) = await asked(rig, query=query)

    assert error(frame)["extensions"]["code"] == "GraphQlInvalid"


INIT = '{"type":"connection_init"}'


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([subscribe(request())], 4401),
        ([INIT, INIT], 4429),
        ([INIT, "not json"], 4400),
        ([INIT, '{"type":"foo"}'], 4400),
        ([INIT, subscribe(request(), "same"), subscribe(request(), "same")], 4409),
    ],
)
async def test_a_socket_that_breaks_the_protocol_is_closed(rig: Rig, frames: list[str], code: int) -> None:
    async with dial(rig, init=False) as socket:
        for frame in frames:
            await socket.send(frame)
        await asyncio.wait_for(socket.wait_closed(), 5)

    assert socket.close_code == code


async def query(rig: Rig, document: str, **more: Any) -> Any:
    response = await rig.http.post("/graphql", json={"query": document, **more})
    assert response.status_code == 200
    return response.json()


@pytest.mark.parametrize(
    "document", ["{ agent { names } }", "query { agent() { names } }", "query q { agent { names } }"]
)
async def test_the_agents_are_one_that_stands_for_all(rig: Rig, document: str) -> None:
    assert await query(rig, document) == {"data": {"agent": {"names": ["lmos-runtime"]}}}


@pytest.mark.parametrize(
    "document", ["{ agent", "{ agent }", "{ tool { tools } }", "mutation { agent { names } }", QUERY]
)
async def test_any_other_query_is_answered_with_errors(rig: Rig, document: str) -> None:
    (told,) = (await query(rig, document))["errors"]

    assert told["extensions"]["code"] == "GraphQlInvalid"


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        ("{", {}, 400),
        ("[]", {}, 400),
        ("{}", {"content-type": "text/plain"}, 415),
        (" " * 5_000_000, {}, 413),
    ],
)
async def test_a_body_that_is_no_query_is_refused(
    rig: Rig, content: str, headers: dict[str, str], status: int
) -> None:
    refused = await rig.http.post("/graphql", content=content, headers={**JSON_TYPE, **headers})

    assert refused.status_code == status
    assert refused.json()["errors"][0]["message"]


async def test_only_post_is_understood(rig: Rig) -> None:
    refused = await rig.http.get("/graphql")

    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


INTROSPECTED = get_introspection_query(input_value_deprecation=True, schema_description=True)


async def test_the_schema_can_be_introspected(rig: Rig) -> None:
    told = await query(rig, INTROSPECTED)

    built = build_client_schema(told["data"])
    written = build_schema((await rig.http.get("/sdl")).text)
    assert print_schema(built) == print_schema(written)


async def test_a_query_may_introspect_and_ask_in_one(rig: Rig) -> None:
    document = """
        query Both($name: String!) { agent { names } __type(name: $name) { ...Named } }
        fragment Named on __Type { __typename name fields { name } }
    """

    told = await rig.http.post(
        "/graphql", json={"query": document, "operationName": "Both", "variables": {"name": "Agents"}}
    )

    kind = {"__typename": "__Type", "name": "Agents", "fields": [{"name": "names"}]}
    assert told.json() == {"data": {"agent": {"names": ["lmos-runtime"]}, "__type": kind}}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("{ __schema", "Syntax Error"),
        ("{ __schema { nonsense } }", "Cannot query field 'nonsense'"),
        ("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }", "depth"),
        ("{ " + " ".join(f"a{n}: __schema {{ __typename }}" for n in range(400)) + " }", "2000 tokens"),
        ("{ __schema { __typename } } #" + "x" * 16_384, "longer than 16384 characters"),
    ],
)
async def test_an_introspection_that_is_wrong_or_too_much_is_refused(
    rig: Rig, document: str, says: str
) -> None:
    assert says in (await query(rig, document))["errors"][0]["message"]


# Types and fields that the original's schema has and ours lacks, or the other way round, and why.
SCHEMA_DIFFERENCES: dict[str, str] = {}


def test_the_schema_has_what_the_original_has() -> None:
    if not RECORDINGS.exists():
        pytest.skip(f"{RECORDINGS} is not there.")
    lines = map(json.loads, RECORDINGS.read_text().splitlines())
    (told,) = (each for each in lines if each["scenario"] == "POST /graphql introspect")
    then = {
        f"{each['name']}.{field['name']}"
        for each in told["data"]["body"]["data"]["__schema"]["types"]
        for field in each["fields"] or each["inputFields"] or each["enumValues"] or ()
        if not each["name"].startswith("__")
    }

    types = introspection_from_schema(build_schema(SDL))["__schema"]["types"]
    ours = {
        f"{each['name']}.{field['name']}"
        for each in types
        for kind in ("fields", "inputFields", "enumValues")
        for field in each.get(kind) or ()  # type: ignore[attr-defined] # a union of shapes
        if not each["name"].startswith("__")
    }
    assert (then ^ ours) - set(SCHEMA_DIFFERENCES) == set()


async def test_fragments_in_a_subscription(rig: Rig) -> None:
    document = """
        subscription ($request: AgentRequestInput!) { agent(request: $request) { ...Answer } }
        fragment Answer on AgentResult { __typename type ... on AgentResult { messages { content } } }
    """

    answer, _ = await asked(rig, query=document)

    assert result(answer) == {
        "__typename": "AgentResult",
        "type": "MESSAGE",
        "messages": [{"content": "All is well"}],
    }


async def test_events_of_an_agent_stay_inside(rig: Rig) -> None:
    """They tell of prompts and tools: the original's runtime keeps them from clients too."""
    told = tuple(KeyValue(key=key, value="x") for key in ("eventType", "eventData"))
    event = AgentResult(messages=(), context=told, type=AgentResultType.EVENT)
    rig.agents.answers("network", event, "All is well", event)

    heard = await asked(rig, request(enableEventing="true", streaming="true"))

    assert [frame["type"] for frame in heard] == ["next", "complete"]
    assert result(heard[0])["messages"][0]["content"] == "All is well"


async def test_the_schema_can_be_read(rig: Rig) -> None:
    response = await rig.http.get("/sdl")

    assert response.headers["content-type"].startswith("text/plain")
    assert "agent(agentName: String, request: AgentRequestInput!): AgentResult!" in response.text


def recorded() -> list[Any]:
    """Every conversation over a socket, entry by entry."""
    if not RECORDINGS.exists():
        return [pytest.param([], marks=pytest.mark.skip(f"{RECORDINGS} is not there."))]
    lines = map(json.loads, RECORDINGS.read_text().splitlines())
    grouped = [(name, list(group)) for name, group in groupby(lines, key=lambda entry: entry["scenario"])]
    return [pytest.param(group, id=name) for name, group in grouped if group[0]["dir"] == "upgrade"]


def of_the_runtime(frame: str) -> str:
    """A frame that was sent to an Agent, as a client of the runtime sends it: with Tenant and Channel."""
    try:
        message = json.loads(frame)
    except ValueError:
        return frame
    asks = message.get("payload", {}).get("variables", {}).get("request")
    if asks:
        system = [*asks.get("systemContext", []), {"key": "tenantId", "value": "acme"}]
        asks["systemContext"] = [*system, {"key": "channelId", "value": "web"}]
        asks["userContext"] = {"userId": "u1", "profile": []}
    return json.dumps(message)


# Scenarios whose end is another than that of the original's Agent, and why.
DIFFERENT = {
    "request without systemContext": "next",  # Tenant and Channel were put in, so it is there.
    "request without userContext": "next",  # The user was put in.
    "message without format": "next",  # A text is taken for text.
}


def ends(entries: list[Any]) -> dict[str, str]:
    """How each subscription ended: the kind of its last frame before `complete`."""
    frames = [json.loads(entry["data"]) for entry in entries if entry["dir"] == "S>"]
    return {frame["id"]: frame["type"] for frame in frames if frame["type"] in {"next", "error"}}


def questions_in(entries: list[Any]) -> set[str]:
    """What clients asked."""
    said = (json.loads(entry["data"]) for entry in entries if '"subscribe"' in str(entry["data"]))
    variables = (message.get("payload", {}).get("variables", {}) for message in said)
    messages = (each.get("request", {}).get("messages") or [] for each in variables)
    return {each[-1]["content"] for each in messages if each}


def answers_in(entries: list[Any]) -> dict[str, list[str]]:
    """The words of each subscription's answer; the Agent's events have none."""
    frames = [json.loads(entry["data"]) for entry in entries if entry["dir"] == "S>"]
    answers = {frame["id"]: result(frame)["messages"] for frame in frames if frame["type"] == "next"}
    return {id_: [each["content"] for each in messages] for id_, messages in answers.items()}


@pytest.mark.parametrize("entries", recorded())
async def test_what_was_sent_to_the_original_is_answered_as_then(bare: Rig, entries: list[Any]) -> None:
    async def echo(asks: AgentRequest) -> AsyncIterator[AgentResult]:
        if {message.role for message in asks.messages} - {"user", "assistant"}:
            raise AgentFailed("Unknown role")
        yield message_result(f"echo: {asks.messages[-1].content}")

    bare.agents.plays("echo", echo)
    # The router knows what they say, as there is one Agent for everything.
    await bare.serve(agent("echo", "echo", "1.0.0", *questions_in(entries)), routing("echo"))
    scenario = entries[0]["scenario"]
    closed = [entry["data"]["code"] for entry in entries if entry["dir"] == "S-close"]
    wanted = {id_: DIFFERENT.get(scenario, kind) for id_, kind in ends(entries).items()}
    heard: list[Any] = []

    async with dial(bare, init=False) as socket:
        for entry in entries:
            if entry["dir"] == "C>":
                await socket.send(of_the_runtime(entry["data"]))
        while len(ends(heard)) < len(wanted):
            heard.append({"dir": "S>", "data": await asyncio.wait_for(socket.recv(), 5)})
        if closed:
            await asyncio.wait_for(socket.wait_closed(), 5)

    then, now = answers_in(entries), answers_in(heard)
    assert {id_: now[id_] for id_ in then} == then
    if closed:
        # Of a frame that is no message the original says nothing when it closes; the protocol has a code.
        assert socket.close_code == (4400 if closed == [1005] else closed[0])
    assert ends(heard) == wanted
