"""What can be counted, cheaply: one number or one row of buckets for each combination of labels."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from prometheus_client import Metric

Labels = tuple[str, ...]


class Described(NamedTuple):
    """One metric as the documentation tells of it; the name of a counter is without its `_total`."""

    name: str
    help: str
    labels: Labels


class Counters(Collector):
    """A counter for each combination of labels."""

    def __init__(self, described: Described) -> None:
        self.described = described
        self._counts: dict[Labels, int] = {}

    def count(self, *labels: str) -> None:
        """Once more."""
        self._counts[labels] = self._counts.get(labels, 0) + 1

    def collect(self) -> Iterable[Metric]:
        """As Prometheus takes it."""
        family = CounterMetricFamily(*self.described[:2], labels=self.described.labels)
        # Copied at once: Prometheus is answered in another thread than that which counts.
        for labels, count in tuple(self._counts.items()):
            family.add_metric(labels, count)
        yield family


class Histograms(Collector):
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

    def collect(self) -> Iterable[Metric]:
        """As Prometheus takes it: each bucket counts the smaller ones too."""
        family = HistogramMetricFamily(*self.described[:2], labels=self.described.labels)
        for labels, row in tuple(self._rows.items()):
            *counts, total = tuple(row)
            family.add_metric(labels, tuple(zip(self._names, accumulate(counts), strict=True)), total)
        yield family


class Gauges(Collector):
    """Numbers that are looked up when somebody asks, by combination of labels."""

    def __init__(self, described: Described, look: Callable[[], Mapping[Labels, float]]) -> None:
        self.described = described
        self._look = look

    def collect(self) -> Iterable[Metric]:
        """As Prometheus takes it."""
        family = GaugeMetricFamily(*self.described[:2], labels=self.described.labels)
        for labels, number in self._look().items():
            family.add_metric(labels, number)
        yield family
