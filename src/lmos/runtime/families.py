"""What can be counted, cheaply: one number or one row of buckets for each combination of labels."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from operator import add
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from prometheus_client import Metric

Labels = tuple[str, ...]
Rows = dict[Labels, list[float]]
"""What one metric has come to: a row of numbers for each combination of labels."""


class Described(NamedTuple):
    """One metric as the documentation tells of it; the name of a counter is without its `_total`."""

    name: str
    help: str
    labels: Labels


class Counters:
    """A counter for each combination of labels."""

    def __init__(self, described: Described) -> None:
        self.described = described
        self._counts: dict[Labels, float] = {}

    def count(self, *labels: str) -> None:
        """Once more."""
        self._counts[labels] = self._counts.get(labels, 0) + 1

    def rows(self) -> Rows:
        """What was counted, by labels."""
        # Copied at once: Prometheus is answered in another thread than that which counts.
        return {labels: [count] for labels, count in tuple(self._counts.items())}

    def told(self, rows: Rows) -> Metric:
        """Such rows as Prometheus takes them."""
        family = CounterMetricFamily(*self.described[:2], labels=self.described.labels)
        for labels, (count,) in rows.items():
            family.add_metric(labels, count)
        return family


class Histograms:
    """
    A histogram of seconds for each combination of labels.

    Prometheus' own takes five times as long to observe, as it locks and looks through its buckets one by one;
    ours is written from the event loop alone.

    Args:
        described: What it is called.
        bounds: The upper bounds of the buckets, in seconds, rising.
    """

    def __init__(self, described: Described, bounds: tuple[float, ...]) -> None:
        self.described = described
        self._bounds = bounds
        self._names = (*map(str, map(float, bounds)), "+Inf")
        # The last element of a row is the sum, so that one look-up finds all.
        self._rows: dict[Labels, list[float]] = {}

    def observe(self, seconds: float, *labels: str) -> None:
        """So long it took."""
        row = self._rows.get(labels)
        if row is None:
            row = self._rows[labels] = [0] * (len(self._names) + 1)
        row[bisect_left(self._bounds, seconds)] += 1
        row[-1] += seconds

    def rows(self) -> Rows:
        """How many were in each bucket, and their sum, by labels."""
        return {labels: list(row) for labels, row in tuple(self._rows.items())}

    def told(self, rows: Rows) -> Metric:
        """Such rows as Prometheus takes them: each bucket counts the smaller ones too."""
        family = HistogramMetricFamily(*self.described[:2], labels=self.described.labels)
        for labels, (*counts, total) in rows.items():
            family.add_metric(labels, tuple(zip(self._names, accumulate(counts), strict=True)), total)
        return family


class Gauges:
    """Numbers that are looked up when somebody asks, by combination of labels."""

    def __init__(self, described: Described, look: Callable[[], Mapping[Labels, float]]) -> None:
        self.described = described
        self._look = look

    def rows(self) -> Rows:
        """What there is now, by labels."""
        return {labels: [number] for labels, number in self._look().items()}

    def told(self, rows: Rows) -> Metric:
        """Such rows as Prometheus takes them."""
        family = GaugeMetricFamily(*self.described[:2], labels=self.described.labels)
        for labels, (number,) in rows.items():
            family.add_metric(labels, number)
        return family


Family = Counters | Histograms | Gauges


def summed(several: Iterable[Rows]) -> Rows:
    """The rows of several processes as those of one."""
    total: Rows = {}
    for rows in several:
        for labels, row in rows.items():
            before = total.get(labels)
            total[labels] = row if before is None else list(map(add, before, row))
    return total
