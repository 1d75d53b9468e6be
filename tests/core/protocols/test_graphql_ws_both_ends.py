"""Client and server machines joined back to back, and both against the recordings of the original."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmos.core.protocols.agent_api import result_in
from lmos.core.protocols.graphql_ws import (
    Acknowledged,
    ClientConnection,
    CloseWith,
    Completed,
    Failed,
    Initialised,
    Next,
    Send,
    ServerConnection,
    Subscribed,
)

RECORDINGS = Path(__file__).parents[4] / "shared" / "contracts" / "recordings"


@dataclass
class Joined:
    """Two machines and the frames between them, each direction in order."""

    answers: dict[str, list[int]]
    client: ClientConnection = field(default_factory=ClientConnection)
    server: ServerConnection = field(default_factory=ServerConnection)
    to_server: deque[str] = field(default_factory=deque)
    to_client: deque[str] = field(default_factory=deque)
    delivered: dict[str, list[int]] = field(default_factory=dict)
    completed: set[str] = field(default_factory=set)
    pending: dict[str, deque[int]] = field(default_factory=dict)

    def begin(self) -> None:
        self.to_server.append(self.client.connect())

    def server_hears(self) -> None:
        for event in self.server.receive(self.to_server.popleft()):
            match event:
                case Initialised():
                    self.to_client.append(self.server.acknowledge())
                case Subscribed(id_):
                    self.pending[id_] = deque(self.answers[id_])
                case Send(frame):
                    self.to_client.append(frame)

    def client_hears(self) -> None:
        for event in self.client.receive(self.to_client.popleft()):
            match event:
                case Acknowledged():
                    for id_ in self.answers:
                        self.to_server.append(self.client.subscribe(id_, {"query": id_}))
                    self.to_server.append(self.client.ping())
                case Next(id_, payload):
                    self.delivered.setdefault(id_, []).append(payload["n"])
                case Completed(id_):
                    self.completed.add(id_)

    def server_says(self, at: int) -> None:
        id_ = sorted(self.pending)[at % len(self.pending)]
        if self.pending[id_]:
            self.to_client.append(self.server.next(id_, {"n": self.pending[id_].popleft()}))
        else:
            del self.pending[id_]
            self.to_client.append(self.server.complete(id_))

    def steps(self) -> list[str]:
        return (
            ["server_hears"] * bool(self.to_server)
            + ["client_hears"] * bool(self.to_client)
            + ["server_says"] * bool(self.pending)
        )


@settings(max_examples=150, deadline=None)
@given(
    answers=st.dictionaries(
        st.text(min_size=1, max_size=5), st.lists(st.integers(0, 9), max_size=4), max_size=5
    ),
    data=st.data(),
)
def test_all_results_arrive_in_order_under_any_interleaving(
    answers: dict[str, list[int]], data: st.DataObject
) -> None:
    joined = Joined(answers)
    joined.begin()

    while steps := joined.steps():
        step = data.draw(st.sampled_from(steps))
        if step == "server_says":
            joined.server_says(data.draw(st.integers(0, 7)))
        else:
            getattr(joined, step)()

    assert {id_: joined.delivered.get(id_, []) for id_ in answers} == answers
    assert joined.completed == set(answers)
    assert not joined.client.active
    assert not joined.server.active


@settings(max_examples=200, deadline=None)
@given(text=st.one_of(st.text(max_size=60), st.binary(max_size=60)))
def test_no_frame_upsets_a_machine(text: str | bytes) -> None:
    server, client = ServerConnection(), ClientConnection()
    client.connect()

    for machine in (server, client):
        for event in machine.receive(text):
            assert isinstance(event, (CloseWith, Send, Initialised))


def recorded() -> dict[str, list[dict[str, Any]]]:
    if not RECORDINGS.is_dir():
        return {}
    lines = (RECORDINGS / "agent-subscriptions.jsonl").read_text().splitlines()
    frames = [json.loads(line) for line in lines]
    return {name: list(group) for name, group in groupby(frames, key=lambda frame: frame["scenario"])}


SCENARIOS = {name: frames for name, frames in recorded().items() if frames[0]["dir"] == "upgrade"}
needs_recordings = pytest.mark.skipif(
    not SCENARIOS, reason="the recordings of the original are not at ../shared"
)


@needs_recordings
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_server_takes_what_was_said_to_the_original_as_it_did(scenario: str) -> None:
    server, closed = ServerConnection(), None
    for frame in SCENARIOS[scenario]:
        if frame["dir"] == "C>":
            for event in server.receive(frame["data"]):
                if isinstance(event, Initialised):
                    server.acknowledge()
                if isinstance(event, CloseWith):
                    closed = event.code

    codes = [frame["data"]["code"] for frame in SCENARIOS[scenario] if frame["dir"] == "S-close"]
    # Text that is no JSON makes the original hang up without a code; the protocol says 4400.
    assert closed == (4400 if codes == [1005] else next(iter(codes), None))


@needs_recordings
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_client_understands_all_that_the_original_answered(scenario: str) -> None:
    client = ClientConnection()
    answered: dict[str, int] = {}
    ended: list[str] = []
    for frame in SCENARIOS[scenario]:
        message = json.loads(frame["data"]) if frame["dir"] == "C>" and frame["data"][0] == "{" else {}
        match message.get("type"):
            case "connection_init" if client.state.name == "NEW":
                client.connect()
            case "subscribe" if client.state.name == "READY" and message["id"] not in client.active:
                client.subscribe(message["id"], message["payload"])
        if frame["dir"] == "S>":
            for event in client.receive(frame["data"]):
                assert not isinstance(event, CloseWith)
                match event:
                    case Next(id_, payload):
                        assert result_in(payload) is not None
                        answered[id_] = answered.get(id_, 0) + 1
                    case Completed(id_) | Failed(id_):
                        ended.append(id_)

    assert set(answered) <= set(ended)
    assert len(ended) == len(set(ended))
