"""What the runtime counts, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable

    from lmos.ports.store import TurnRecord

_TURN_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_ROUTING_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5)


class TurnMetrics:
    """
    Counts Turns as they end.

    Labels have few values: Tenants, Channels and Agents are those of ChannelRoutings. A Turn that no
    routing was found for has none of them, whatever its client had called them.

    Args:
        running: How many Turns are under way.
    """

    def __init__(self, running: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._turns = Counter(
            "lmos_turns",
            "Turns that have ended.",
            ("tenant", "channel", "agent", "stage", "outcome", "error"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "lmos_turn_seconds",
            "From a message to its answer.",
            ("tenant", "channel", "agent"),
            buckets=_TURN_BUCKETS,
            registry=self._registry,
        )
        self._routing = Histogram(
            "lmos_routing_seconds",
            "How long the router took to decide.",
            ("stage",),
            buckets=_ROUTING_BUCKETS,
            registry=self._registry,
        )
        Gauge("lmos_turns_running", "Turns under way.", registry=self._registry).set_function(running)

    def count(self, record: TurnRecord) -> None:
        """A Turn has ended."""
        turn, decision = record.turn, record.decision
        stage = decision.get("stage", "")
        place = (turn.tenant, turn.channel, turn.agent or "") if decision else ("", "", "")
        self._turns.labels(*place, stage, turn.status.value, turn.error or "").inc()
        self._seconds.labels(*place).observe(record.seconds)
        if decision:
            self._routing.labels(stage).observe(decision["seconds"])

    def exposition(self) -> bytes:
        """Everything counted so far, as Prometheus reads it."""
        return generate_latest(self._registry)
