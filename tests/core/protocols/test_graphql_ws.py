from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.protocols.graphql_ws import (
    Acknowledged,
    ClientConnection,
    CloseCode,
    CloseWith,
    Completed,
    Event,
    Failed,
    Initialised,
    Next,
    ProtocolMisuse,
    Send,
    ServerConnection,
    Subscribed,
    choose_subprotocol,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

INIT = '{"type":"connection_init"}'
ACK = '{"type":"connection_ack"}'
PING = '{"type":"ping"}'
PONG = '{"type":"pong"}'
ASK = '{"type":"subscribe","id":"1","payload":{"query":"q"}}'
NEXT = '{"type":"next","id":"1","payload":{"data":{"agent":null}}}'
DONE = '{"type":"complete","id":"1"}'
ERROR = '{"type":"error","id":"1","payload":[{"message":"no"}]}'


def server_after(*frames: str) -> tuple[ServerConnection, list[Event]]:
    """A server that heard `frames`, agreeing to every init, and the events of the last one."""
    server, events = ServerConnection(), []
    for frame in frames:
        events = server.receive(frame)
        if any(isinstance(event, Initialised) for event in events):
            server.acknowledge()
    return server, events


def client_after(*frames: str, subscribed: Sequence[str] = ("1",)) -> tuple[ClientConnection, list[Event]]:
    """A client that said its init, heard `frames`, subscribing after the ack, and the last one's events."""
    client, events = ClientConnection(), []
    client.connect()
    for frame in frames:
        events = client.receive(frame)
        if any(isinstance(event, Acknowledged) for event in events):
            for id_ in subscribed:
                client.subscribe(id_, {"query": "q"})
    return client, events


@pytest.mark.parametrize(
    ("heard", "then"),
    [
        ([INIT], [Initialised(None)]),
        (['{"type":"connection_init","payload":{"token":"x"},"more":1}'], [Initialised({"token": "x"})]),
        ([PING], [Send(PONG)]),
        ([PONG], []),
        ([INIT, PING], [Send(PONG)]),
        ([INIT, '{"type":"ping","payload":null}'], [Send(PONG)]),
        ([INIT, ASK], [Subscribed("1", {"query": "q"})]),
        ([INIT, ASK, DONE], [Completed("1")]),
        ([INIT, ASK, DONE, ASK], [Subscribed("1", {"query": "q"})]),
        ([INIT, ASK, DONE, DONE], []),
        ([INIT, DONE], []),
        ([DONE], []),
    ],
)
def test_what_a_server_understands(heard: list[str], then: list[Event]) -> None:
    assert server_after(*heard)[1] == then


@pytest.mark.parametrize(
    ("heard", "code"),
    [
        ([ASK], CloseCode.UNAUTHORIZED),
        ([INIT, INIT], CloseCode.TOO_MANY_INITS),
        ([INIT, ASK, ASK], CloseCode.SUBSCRIBER_EXISTS),
        ([ACK], CloseCode.BAD_REQUEST),
        ([INIT, NEXT], CloseCode.BAD_REQUEST),
        ([INIT, ERROR], CloseCode.BAD_REQUEST),
        ([INIT, "not json"], CloseCode.BAD_REQUEST),
        ([INIT, ""], CloseCode.BAD_REQUEST),
        ([INIT, "[]"], CloseCode.BAD_REQUEST),
        ([INIT, '{"type":7}'], CloseCode.BAD_REQUEST),
        ([INIT, '{"type":"foo"}'], CloseCode.BAD_REQUEST),
        ([INIT, '{"type":"subscribe","payload":{}}'], CloseCode.BAD_REQUEST),
        ([INIT, '{"type":"subscribe","id":"","payload":{}}'], CloseCode.BAD_REQUEST),
        ([INIT, '{"type":"subscribe","id":7,"payload":{}}'], CloseCode.BAD_REQUEST),
        ([INIT, '{"type":"subscribe","id":"1"}'], CloseCode.BAD_REQUEST),
        ([INIT, '{"type":"complete"}'], CloseCode.BAD_REQUEST),
        ([INIT, "[" * 100_000], CloseCode.BAD_REQUEST),
        ([INIT, '{"type":"ping","payload":"\\ud800"}'], CloseCode.BAD_REQUEST),
    ],
)
def test_what_a_server_closes_the_socket_for(heard: list[str], code: CloseCode) -> None:
    server, events = server_after(*heard)

    assert [event.code for event in events if isinstance(event, CloseWith)] == [code]
    assert server.receive(INIT) == []


def test_a_subscription_between_init_and_ack_is_unauthorized() -> None:
    server = ServerConnection()
    server.receive(INIT)

    assert server.receive(ASK) == [CloseWith(4401, "Unauthorized")]


def test_a_server_may_forbid_a_client() -> None:
    server = ServerConnection()
    server.receive(INIT)

    assert server.forbid() == CloseWith(4403, "Forbidden")


def test_a_client_that_does_not_begin_is_closed_with_4408() -> None:
    silent = ServerConnection()
    begun, _ = server_after(INIT)

    assert silent.init_timeout() == CloseWith(4408, "Connection initialisation timeout")
    assert begun.init_timeout() is None


def test_a_server_speaks_frames_to_the_letter() -> None:
    server = ServerConnection()
    server.receive(INIT)
    assert server.acknowledge() == ACK
    server.receive(ASK)
    assert server.next("1", {"data": {"agent": None}}) == NEXT
    assert server.complete("1") == DONE
    server.receive(ASK)
    assert server.error("1", [{"message": "no"}]) == ERROR
    assert server.active == frozenset()


@pytest.mark.parametrize("ended_by", [[ASK, DONE], []])
def test_nothing_is_said_on_a_subscription_that_ended(ended_by: list[str]) -> None:
    server, _ = server_after(INIT, *ended_by)

    with pytest.raises(ProtocolMisuse):
        server.next("1", {})
    with pytest.raises(ProtocolMisuse):
        server.complete("1")
    with pytest.raises(ProtocolMisuse):
        server.error("1", [])


def test_a_server_acknowledges_only_an_init() -> None:
    with pytest.raises(ProtocolMisuse):
        ServerConnection().acknowledge()


@pytest.mark.parametrize(
    ("heard", "then"),
    [
        ([ACK], [Acknowledged(None)]),
        (['{"type":"connection_ack","payload":{"a":1},"more":1}'], [Acknowledged({"a": 1})]),
        ([PING], [Send(PONG)]),
        ([ACK, ACK], []),
        ([ACK, PING], [Send(PONG)]),
        ([ACK, PONG], []),
        ([ACK, NEXT], [Next("1", {"data": {"agent": None}})]),
        ([ACK, NEXT, DONE], [Completed("1")]),
        ([ACK, DONE, NEXT], []),
        ([ACK, ERROR], [Failed("1", ({"message": "no"},))]),
        ([ACK, ERROR, DONE], []),
        ([ACK, '{"type":"error","id":"1","payload":{"message":"no"}}'], [Failed("1", ({"message": "no"},))]),
        ([ACK, '{"type":"next","id":"9","payload":{}}'], []),
        ([ACK, '{"type":"complete","id":"9"}'], []),
        ([ACK, '{"type":"error","id":"9","payload":[]}'], []),
    ],
)
def test_what_a_client_understands(heard: list[str], then: list[Event]) -> None:
    assert client_after(*heard)[1] == then


@pytest.mark.parametrize(
    "heard", [[NEXT], [DONE], [INIT], [ACK, ASK], [ACK, "nonsense"], [ACK, '{"type":"next","id":"1"}']]
)
def test_a_client_closes_the_socket_on_nonsense(heard: list[str]) -> None:
    _, events = client_after(*heard)

    assert events == [CloseWith(4400, "Invalid message received")]


def test_a_client_speaks_frames_to_the_letter() -> None:
    client = ClientConnection()

    assert client.connect() == INIT
    client.receive(ACK)
    assert client.subscribe("1", {"query": "q"}) == ASK
    assert client.ping() == PING
    assert client.complete("1") == DONE


def test_a_client_does_not_subscribe_before_the_ack_or_twice_with_one_id() -> None:
    client = ClientConnection()
    client.connect()
    with pytest.raises(ProtocolMisuse):
        client.subscribe("1", {})
    with pytest.raises(ProtocolMisuse):
        client.connect()
    client.receive(ACK)
    client.subscribe("1", {})
    with pytest.raises(ProtocolMisuse):
        client.subscribe("1", {})


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([], None),
        (["graphql-transport-ws"], "graphql-transport-ws"),
        (["graphql-ws", "graphql-transport-ws"], "graphql-transport-ws"),
        (["graphql-ws"], None),
    ],
)
def test_the_subprotocol_is_echoed_only_where_it_was_offered(offered: list[str], chosen: str | None) -> None:
    assert choose_subprotocol(offered) == chosen


def test_payloads_keep_every_letter() -> None:
    payload: dict[str, Any] = {"text": "Größe 🙂 \u2028 \x00"}
    client, _ = client_after(ACK, subscribed=())

    assert json.loads(client.subscribe("1", payload))["payload"] == payload
