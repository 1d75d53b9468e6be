"""How fast and how well Turns are answered, from what the runtime counts: readings in, figures out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

INFINITY = float("inf")

Place = tuple[str, str, str]
"""Tenant, Channel and Agent; without an Agent the whole Channel."""


@dataclass
class Tally:
    """
    What was counted at one place.

    Attributes:
        turns: Turns that have ended.
        failed: Those that failed, or that an Agent answered with words of regret.
        asked_back: Those whose users were asked back, as no Agent clearly fitted.
        running: Turns under way now.
        buckets: How many of the answered took at most so many seconds, by that bound.
    """

    turns: float = 0
    failed: float = 0
    asked_back: float = 0
    running: float = 0
    buckets: defaultdict[float, float] = field(default_factory=lambda: defaultdict(float))

    def since(self, earlier: Tally) -> Tally:
        """What came between an earlier reading and this one."""
        buckets = {bound: count - earlier.buckets[bound] for bound, count in self.buckets.items()}
        return Tally(
            self.turns - earlier.turns,
            self.failed - earlier.failed,
            self.asked_back - earlier.asked_back,
            self.running,
            defaultdict(float, buckets),
        )


@dataclass(frozen=True)
class Reading:
    """All that was counted when the runtime was asked, at a moment of a monotonic clock in seconds."""

    at: float
    tallies: Mapping[Place, Tally]

    @classmethod
    def parse(cls, exposition: str, at: float) -> Reading:
        """What `/metrics` says. Raises `ValueError` where it is in no form of Prometheus'."""
        tallies: defaultdict[Place, Tally] = defaultdict(Tally)
        for family in text_string_to_metric_families(exposition):
            for sample in family.samples:
                # What found no Channel is nobody's; `le` and the like are no part of a place.
                if not (sample.name in _COUNTED and sample.labels.get("channel")):
                    continue
                channel = sample.labels["tenant"], sample.labels["channel"]
                # An empty name is the Channel's own part: its Turns without an Agent.
                for agent in {"", sample.labels["agent"]}:
                    _COUNTED[sample.name](tallies[(*channel, agent)], sample.labels, sample.value)
        return cls(at, tallies)

    def since(self, earlier: Reading) -> Reading:
        """What came between; a runtime that began anew since then is taken as it is."""
        if any(
            self.tallies.get(place, Tally()).turns < each.turns for place, each in earlier.tallies.items()
        ):
            return self
        nothing = Tally()
        between = {
            place: tally.since(earlier.tallies.get(place, nothing)) for place, tally in self.tallies.items()
        }
        return Reading(self.at - earlier.at, between)


def figures(reading: Reading, seconds: float | None) -> list[dict[str, Any]]:
    """
    One entry a Channel, with one for each of its Agents.

    Args:
        reading: What was counted.
        seconds: In how many; None where that is not known, and there is no rate.

    Returns:
        `[{tenant, channel, turns, turnsPerSecond, p50Seconds, p95Seconds, p99Seconds, errorShare,
        askedBackShare, running, agents: [{agent, …}]}]`, by name; None where there is nothing to tell.
    """
    agents: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for (tenant, channel, agent), tally in sorted(reading.tallies.items()):
        if agent:
            agents[tenant, channel].append({"agent": agent, **_figures(tally, seconds)})
    return [
        {
            "tenant": tenant,
            "channel": channel,
            **_figures(tally, seconds),
            "agents": agents[tenant, channel],
        }
        for (tenant, channel, agent), tally in sorted(reading.tallies.items())
        if not agent
    ]


def percentile(buckets: Iterable[tuple[float, float]], share: float) -> float | None:
    """
    The time within which a share of what was observed stayed.

    Within a bucket the observations are taken as evenly spread, as Prometheus does; of those beyond the last
    bound no more is known than that bound.

    Args:
        buckets: Upper bounds in seconds, rising and ending with infinity, with how many observations were
            at most that long.
        share: From 0.0 to 1.0.

    Returns:
        Seconds; None without observations.
    """
    rising: Sequence[tuple[float, float]] = [(0.0, 0.0), *buckets]
    wanted = share * rising[-1][1]
    if rising[-1][1] <= 0:
        return None
    for (lower, below), (upper, within) in pairwise(rising):
        if within >= wanted and within > below:
            return (
                lower if upper == INFINITY else lower + (upper - lower) * (wanted - below) / (within - below)
            )
    return None


def _figures(tally: Tally, seconds: float | None) -> dict[str, Any]:
    buckets = sorted(tally.buckets.items())
    return {
        "turns": int(tally.turns),
        "turnsPerSecond": tally.turns / seconds if seconds else None,
        **{f"p{percent}Seconds": percentile(buckets, percent / 100) for percent in (50, 95, 99)},
        "errorShare": tally.failed / tally.turns if tally.turns else None,
        "askedBackShare": tally.asked_back / tally.turns if tally.turns else None,
        "running": int(tally.running),
    }


def _count_turns(tally: Tally, labels: Mapping[str, str], count: float) -> None:
    tally.turns += count
    if labels["outcome"] == "failed" or (labels["outcome"] == "answered" and labels["error"]):
        tally.failed += count
    elif labels["stage"] == "clarify":
        tally.asked_back += count


def _count_seconds(tally: Tally, labels: Mapping[str, str], count: float) -> None:
    if labels["outcome"] == "answered":
        tally.buckets[float(labels["le"])] += count


def _count_running(tally: Tally, _labels: Mapping[str, str], count: float) -> None:
    tally.running += count


_COUNTED = {
    "lmos_turns_total": _count_turns,
    "lmos_turn_seconds_bucket": _count_seconds,
    "lmos_turns_running": _count_running,
}
"""The samples that matter, and what each adds to its place."""
