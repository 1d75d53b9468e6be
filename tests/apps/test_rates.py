"""Rates and percentiles from what the runtime counts."""

from __future__ import annotations

import pytest

from lmos.apps.rates import INFINITY, Reading, figures, percentile

TEN_EVEN = ((0.1, 0.0), (0.2, 10.0), (INFINITY, 10.0))
TWO_PLACES = ((0.1, 50.0), (1.0, 100.0), (INFINITY, 100.0))


@pytest.mark.parametrize(
    ("buckets", "share", "seconds"),
    [
        (TEN_EVEN, 0.5, 0.15),
        (TEN_EVEN, 0.0, 0.1),
        (TEN_EVEN, 1.0, 0.2),
        (TWO_PLACES, 0.25, 0.05),
        (TWO_PLACES, 0.5, 0.1),
        (TWO_PLACES, 0.95, 0.91),
        (((1.0, 0.0), (INFINITY, 3.0)), 0.5, 1.0),
        (((1.0, 9.0), (INFINITY, 10.0)), 0.99, 1.0),
        (((1.0, 0.0), (INFINITY, 0.0)), 0.5, None),
        ((), 0.5, None),
    ],
)
def test_a_percentile_lies_where_its_share_of_the_bucket_does(
    buckets: tuple[tuple[float, float], ...], share: float, seconds: float | None
) -> None:
    assert percentile(buckets, share) == (seconds if seconds is None else pytest.approx(seconds))


def exposition(**answered: int) -> str:
    """What the runtime says after so many Turns of each Agent, one of ten milliseconds each."""
    lines = ["# TYPE lmos_turns counter"]
    for agent, turns in answered.items():
        place = f'tenant="acme",channel="web",subset="stable",agent="{agent}"'
        lines.append(f'lmos_turns_total{{{place},stage="vector",outcome="answered",error=""}} {turns}')
    lines += [
        (
            'lmos_turns_total{tenant="acme",channel="web",subset="stable",agent="billing",stage="vector",'
            'outcome="failed",error="AgentTimeout"} 1'
        ),
        (
            'lmos_turns_total{tenant="acme",channel="web",subset="stable",agent="",stage="clarify",'
            'outcome="answered",error=""} 2'
        ),
        (
            'lmos_turns_total{tenant="",channel="",subset="",agent="",stage="",outcome="failed",'
            'error="NoRoutingInfo"} 9'
        ),
        "# TYPE lmos_turn_seconds histogram",
    ]
    for agent, turns in answered.items():
        place = f'tenant="acme",channel="web",subset="stable",agent="{agent}",outcome="answered"'
        lines += [f'lmos_turn_seconds_bucket{{{place},le="{le}"}} {turns}' for le in ("0.02", "+Inf")]
    lines += [
        "# TYPE lmos_turns_running gauge",
        'lmos_turns_running{tenant="acme",channel="web",subset="stable",agent="network"} 3',
    ]
    return "\n".join(lines) + "\n"


def test_a_channel_is_the_sum_of_its_agents_and_of_what_found_none() -> None:
    reading = Reading.parse(exposition(billing=3, network=4), at=0.0)

    (channel,) = figures(reading, seconds=2.0)
    assert (channel["tenant"], channel["channel"]) == ("acme", "web")
    assert (channel["turns"], channel["turnsPerSecond"], channel["running"]) == (10, 5.0, 3)
    assert (channel["errorShare"], channel["askedBackShare"]) == (0.1, 0.2)
    assert channel["p50Seconds"] == pytest.approx(0.01)
    assert [(each["agent"], each["turns"]) for each in channel["agents"]] == [("billing", 4), ("network", 4)]


def test_between_two_readings_only_what_came_between_counts() -> None:
    earlier, later = (Reading.parse(exposition(billing=turns), at=at) for turns, at in ((3, 1.0), (7, 3.0)))

    between = later.since(earlier)
    (channel,) = figures(between, between.at)
    assert (channel["turns"], channel["turnsPerSecond"]) == (4, 2.0)
    assert channel["errorShare"] == 0.0
    assert channel["running"] == 3


def test_where_nothing_came_between_there_is_nothing_to_tell() -> None:
    reading = Reading.parse(exposition(billing=3), at=1.0)

    (channel,) = figures(reading.since(reading), seconds=2.0)
    assert channel["turnsPerSecond"] == 0.0
    assert channel["p50Seconds"] is None
    assert channel["errorShare"] is None


def test_a_runtime_that_began_anew_is_taken_as_it_is() -> None:
    earlier, later = (Reading.parse(exposition(billing=turns), at=1.0) for turns in (30, 2))

    assert figures(later.since(earlier), seconds=2.0)[0]["turns"] == 5


def test_without_a_time_there_is_no_rate() -> None:
    (channel,) = figures(Reading.parse(exposition(billing=3), at=1.0), seconds=None)

    assert channel["turnsPerSecond"] is None
