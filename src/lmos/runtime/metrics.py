"""What the runtime counts, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from lmos.runtime.families import Counters, Described, Family, Gauges, Histograms, Rows, summed
from lmos.runtime.watch import ASK, CANCELLED, ROUTE, STORE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from prometheus_client import Metric

    from lmos.ports.store import TurnRecord
    from lmos.runtime.families import Labels
    from lmos.runtime.running import OwnTurn
    from lmos.runtime.watch import Watch

F = TypeVar("F", Counters, Histograms, Gauges)

Counted = dict[str, Rows]
"""What one process has counted, by the names of the metrics."""

_CHANNEL = ("tenant", "channel", "subset")
_PLACE = (*_CHANNEL, "agent")
_NOWHERE = ("", "", "")

TURNS = Described(
    "lmos_turns",
    "Turns that have ended: `answered`, `failed` or `cancelled`, with the code of what went wrong.",
    (*_PLACE, "stage", "outcome", "error"),
)
TURN_SECONDS = Described("lmos_turn_seconds", "From a message to its answer.", (*_PLACE, "outcome"))
FIRST_PIECE_SECONDS = Described(
    "lmos_first_piece_seconds", "From a message to the first thing that an Agent says.", _PLACE
)
ROUTING_SECONDS = Described("lmos_routing_seconds", "How long the router took to decide.", ("stage",))
ROUTING_STAGES = Described(
    "lmos_routing_stages",
    "Stages of the router that Turns went through: `decided`, `abstained` or `failed`.",
    ("stage", "outcome"),
)
ASK_SECONDS = Described("lmos_ask_seconds", "How long an Agent took to answer or to fail.", _PLACE)
STORE_SECONDS = Described("lmos_store_seconds", "How long each reading or writing of Turns took.", ())
HANDOVERS = Described("lmos_handovers", "Turns that this Agent left to another one.", _PLACE)
AGENT_FAILURES = Described(
    "lmos_agent_failures", "Agents that were asked and gave no answer, by code.", (*_PLACE, "error")
)
JOINED = Described("lmos_turns_joined", "Turns that were sent again, and heard what the first one did.", ())
RUNNING = Described("lmos_turns_running", "Turns under way; without labels until they are routed.", _PLACE)
STREAMS = Described("lmos_event_streams", "Clients that hear of a Turn event by event.", ())

METRICS = (
    TURNS,
    TURN_SECONDS,
    FIRST_PIECE_SECONDS,
    ROUTING_SECONDS,
    ROUTING_STAGES,
    ASK_SECONDS,
    STORE_SECONDS,
    HANDOVERS,
    AGENT_FAILURES,
    JOINED,
    RUNNING,
    STREAMS,
)
"""All of them, in the order of the documentation."""

_LONG = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_SHORT = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5)


class TurnMetrics:
    """
    Counts Turns as they end.

    Labels have few values: Tenants, Channels, Subsets and Agents are those of ChannelRoutings. A Turn that no
    routing was found for has none of them, whatever its client had called them.

    Args:
        running: The Turns under way.
    """

    def __init__(self, running: Callable[[], Iterable[OwnTurn]]) -> None:
        self._running = running
        self._families: list[Family] = []
        self._turns = self._registered(Counters(TURNS))
        self._turn_seconds = self._registered(Histograms(TURN_SECONDS, _LONG))
        self._first_piece = self._registered(Histograms(FIRST_PIECE_SECONDS, _LONG))
        self._routing = self._registered(Histograms(ROUTING_SECONDS, _SHORT))
        self._stages = self._registered(Counters(ROUTING_STAGES))
        self._asks = self._registered(Histograms(ASK_SECONDS, _LONG))
        self._store = self._registered(Histograms(STORE_SECONDS, _SHORT))
        self._handovers = self._registered(Counters(HANDOVERS))
        self._failures = self._registered(Counters(AGENT_FAILURES))
        self._joined = self._registered(Counters(JOINED))
        self._registered(Gauges(RUNNING, self._under_way))
        self._registered(Gauges(STREAMS, self._streams))

    def joined(self) -> None:
        """A Turn was sent again."""
        self._joined.count()

    def count(self, record: TurnRecord, watch: Watch) -> None:
        """A Turn has ended."""
        turn, decision = record.turn, record.decision
        channel = _channel(record, watch)
        agent, stage, outcome = turn.agent or "", decision.get("stage", ""), turn.status.value
        self._turns.count(*channel, agent, stage, outcome, turn.error or "")
        self._turn_seconds.observe(record.seconds, *channel, agent, outcome)
        for took in watch.took:
            if took.stage == STORE:
                self._store.observe(took.seconds)
            elif took.stage == ROUTE:
                self._routing.observe(took.seconds, stage)
            elif took.stage == ASK:
                self._asks.observe(took.seconds, *channel, took.agent)
                if took.error not in {"", CANCELLED}:
                    self._failures.count(*channel, took.agent, took.error)
        if watch.first_piece_seconds is not None:
            self._first_piece.observe(watch.first_piece_seconds, *channel, agent)
        for passed in decision.get("passed", ()):
            self._stages.count(passed["stage"], "failed" if passed["has_failed"] else "abstained")
        if stage:
            self._stages.count(stage, "decided")
        for handed_over in decision.get("handed_over_by", ()):
            self._handovers.count(*channel, handed_over)

    def counted(self) -> Counted:
        """Everything counted so far, by the names of the metrics."""
        return {family.described.name: family.rows() for family in self._families}

    def exposition(self, elsewhere: Sequence[Counted] = ()) -> bytes:
        """Everything counted so far, with what was counted `elsewhere`, as Prometheus reads it."""
        counted = (self.counted(), *elsewhere)
        registry = CollectorRegistry(auto_describe=False)
        for family in self._families:
            rows = summed(each[family.described.name] for each in counted)
            registry.register(_Told(family.told(rows)))
        return generate_latest(registry)

    def _registered(self, family: F) -> F:
        self._families.append(family)
        return family

    def _under_way(self) -> Mapping[Labels, float]:
        # Never without a sample: where nothing runs it says so.
        places: dict[Labels, float] = {(*_NOWHERE, ""): 0}
        for each in self._running():
            place = (*_channel(each.record, each.watch), each.record.turn.agent or "")
            places[place] = places.get(place, 0) + 1
        return places

    def _streams(self) -> Mapping[Labels, float]:
        return {(): sum(each.streams for each in self._running())}


class _Told(Collector):
    """One metric as it stands."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        yield self._metric


def _channel(record: TurnRecord, watch: Watch) -> tuple[str, str, str]:
    if watch.route is None:
        return _NOWHERE
    return record.turn.tenant, record.turn.channel, watch.route.subset
