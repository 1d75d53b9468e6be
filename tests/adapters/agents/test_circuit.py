"""When a replica is set aside, tried and taken back: every state, every event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.adapters.agents.circuit import (
    BREAKS_TO_OPEN,
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    PROBE_SECONDS,
    Circuit,
    State,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 100.0
WELL = Circuit()
SHAKY = Circuit(State.CLOSED, breaks=BREAKS_TO_OPEN - 1)
ASIDE = Circuit(State.OPEN, breaks=0, openings=1, retry_at=NOW + 10)
DUE = Circuit(State.OPEN, breaks=0, openings=1, retry_at=NOW)
TRIED = Circuit(State.HALF_OPEN, breaks=0, openings=1, retry_at=NOW + PROBE_SECONDS)
BACK = Circuit(State.CLOSED, breaks=BREAKS_TO_OPEN - 1, openings=1)


def unreachable(circuit: Circuit) -> Circuit:
    return circuit.unreachable(NOW)


def broken(circuit: Circuit) -> Circuit:
    return circuit.broken(NOW)


def probing(circuit: Circuit) -> Circuit:
    return circuit.probing(NOW)


def aside_for(openings: int, breaks: int = 0) -> Circuit:
    pause = FIRST_PAUSE_SECONDS * 2 ** (openings - 1)
    return Circuit(State.OPEN, breaks, openings, NOW + pause)


@pytest.mark.parametrize(
    ("before", "event", "after"),
    [
        (WELL, unreachable, aside_for(1)),
        (WELL, broken, Circuit(State.CLOSED, breaks=1)),
        (WELL, Circuit.connected, WELL),
        (WELL, Circuit.answered, WELL),
        (WELL, probing, WELL),
        (SHAKY, broken, aside_for(1, breaks=BREAKS_TO_OPEN - 1)),
        (SHAKY, Circuit.answered, WELL),
        (ASIDE, unreachable, ASIDE),
        (ASIDE, broken, ASIDE),
        (ASIDE, Circuit.answered, WELL),
        (DUE, probing, TRIED),
        (DUE, unreachable, aside_for(2)),
        (TRIED, unreachable, aside_for(2)),
        (TRIED, broken, aside_for(2)),
        (TRIED, Circuit.connected, BACK),
        (TRIED, Circuit.answered, WELL),
        (BACK, broken, aside_for(2, breaks=BREAKS_TO_OPEN - 1)),
        (BACK, unreachable, aside_for(2, breaks=BREAKS_TO_OPEN - 1)),
        (BACK, Circuit.answered, WELL),
    ],
)
def test_what_an_event_makes_of_a_circuit(
    before: Circuit, event: Callable[[Circuit], Circuit], after: Circuit
) -> None:
    assert event(before) == after


@pytest.mark.parametrize(
    ("circuit", "admits"),
    [(WELL, True), (SHAKY, True), (BACK, True), (ASIDE, False), (DUE, True), (TRIED, False)],
)
def test_who_gets_turns(circuit: Circuit, admits: bool) -> None:
    assert circuit.admits(NOW) is admits


def test_a_probe_whose_end_nobody_told_does_not_set_a_replica_aside_for_ever() -> None:
    assert TRIED.admits(NOW + PROBE_SECONDS)


@given(st.lists(st.sampled_from(["unreachable", "broken", "probing", "connected", "answered"]), max_size=80))
def test_whatever_happens_a_replica_is_tried_again_within_seconds(events: list[str]) -> None:
    circuit, now = WELL, NOW
    for event in events:
        now += 0.1
        happened = getattr(circuit, event)
        circuit = happened() if event in {"connected", "answered"} else happened(now)

    assert circuit.admits(now + max(LONGEST_PAUSE_SECONDS, PROBE_SECONDS))
