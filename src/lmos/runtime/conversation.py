"""Turns of Conversations: claimed once, kept in order, routed, asked, recorded."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import structlog

from lmos.core.conversation import TELL_ALL, RecordText
from lmos.core.errors import LmosError
from lmos.core.resources.labels import STABLE
from lmos.ports.store import MOVED, TRACE_ID, ConversationState, StoreUnavailable, TurnRecord
from lmos.runtime.failure import (
    ConversationBusy,
    Failure,
    InternalFailure,
    TurnCancelled,
    TurnInterrupted,
)
from lmos.runtime.handover import answer_to
from lmos.runtime.metrics import TurnMetrics
from lmos.runtime.moving import why_moved
from lmos.runtime.ordering import Queues, WhenBusy
from lmos.runtime.records import answered, failed, routed
from lmos.runtime.retention import forget_all
from lmos.runtime.running import Answered, Failed, Finished, OwnTurn, Started, kept_events
from lmos.runtime.taking import owns_all
from lmos.runtime.watch import ROUTE, STORE, Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from lmos.ports.agents import AgentClient
    from lmos.ports.clock import Clock
    from lmos.ports.store import ConversationStore, TurnKey
    from lmos.ports.tracing import Traces
    from lmos.router import Router
    from lmos.runtime.asked import Asked
    from lmos.runtime.routing_table import RoutingTable

REMEMBERED_TURNS = 10
"""How many of a Conversation's last Turns an Agent is shown, unless the client sends its own history."""


class Turns:
    """
    Takes Turns and sees each through to its end.

    The same Turn sent again, at the same time or later, asks the Agent once: it joins what is under way,
    or hears how it ended. Only one that failed before any Agent had begun is taken up anew. Turns of one
    Conversation run one after the other.

    Args:
        table: Whom a Channel's Turns may go to.
        router: Chooses among them.
        agents: Asks them.
        store: Keeps what was said.
        clock: Tells the time.
        traces: Where Turns are seen.
        when_busy: What becomes of a message whose Conversation has a Turn under way.
        owns: Whether a Conversation, by Tenant and id, is ours; others are their workers' to forget.
        record_text: How much records and traces may tell of what was said, beside the Conversation itself.
    """

    def __init__(
        self,
        table: RoutingTable,
        router: Router,
        agents: AgentClient,
        store: ConversationStore,
        clock: Clock,
        *,
        traces: Traces,
        when_busy: WhenBusy = WhenBusy.WAIT,
        owns: Callable[[str, str], bool] = owns_all,
        record_text: RecordText = TELL_ALL,
    ) -> None:
        self._table = table
        self._router = router
        self._agents = agents
        self._store = store
        self._clock = clock
        self._traces = traces
        self._when_busy = when_busy
        self.owns = owns
        self._record_text = record_text
        self.metrics = TurnMetrics(lambda: [running for running, _ in tuple(self._running.values())])
        # Bound once: each call of an unbound logger binds it anew.
        self._log = structlog.get_logger().bind()
        self._queues = Queues()
        self._running: dict[TurnKey, tuple[OwnTurn, asyncio.Task[TurnRecord | None]]] = {}

    def __len__(self) -> int:
        """How many Turns are under way."""
        return len(self._running)

    def take(self, asked: Asked, *, only_end: bool = False) -> OwnTurn:  # noqa: ARG002 - of TakesTurns
        """
        Take a Turn, which from now on goes its way.

        Raises:
            ConversationBusy: Another one of its Conversation is under way, and it is not to wait for that.
        """
        if asked.key in self._running:
            self.metrics.joined()
            return self._running[asked.key][0]
        self._make_way(asked)
        watch = Watch(self._traces.turn(asked.caller), self._clock, self._record_text.of(asked.tenant))
        running = OwnTurn(self.received(asked), watch, lambda: self._stop(asked.key, _deserted(asked.turn)))
        task = asyncio.create_task(self._run(asked, running))
        self._running[asked.key] = running, task
        task.add_done_callback(partial(self._leave, asked, running))
        return running

    def received(self, asked: Asked) -> TurnRecord:
        """A Turn as it has just come in."""
        return TurnRecord(asked.received(), asked.key.digest, self._clock.now())

    async def under_way(self, tenant: str, conversation: str, turn: str) -> OwnTurn | None:
        """The newest Turn of that id that has not ended."""
        wanted = (tenant, conversation, turn)
        return next((self._running[key][0] for key in reversed(self._running) if key[:3] == wanted), None)

    def has_under_way(self, tenant: str, conversation: str) -> bool:
        """Whether any Turn of a Conversation has not ended."""
        return bool(self._under_way_in(tenant, conversation))

    async def cancel(self, tenant: str, conversation: str, turn: str) -> bool:
        """
        Stop the Turns of that id that are under way, and what their Agents do for them.

        Returns:
            Whether there were any.
        """
        keys = [key for key in self._running if key[:3] == (tenant, conversation, turn)]
        tasks = [self._running[key][1] for key in keys]
        for key in keys:
            self._stop(key, TurnCancelled(turn, "somebody asked for it"))
        await asyncio.gather(*tasks, return_exceptions=True)
        return bool(keys)

    async def forget(self, tenant: str, conversation: str) -> bool:
        """
        Remove a Conversation and all its Turns for good.

        Returns:
            Whether there was anything of it.

        Raises:
            ConversationBusy: One of its Turns is under way.
        """
        if self.has_under_way(tenant, conversation):
            raise ConversationBusy(conversation)
        return await self._store.forget(tenant, conversation)

    async def forget_tenant(self, tenant: str) -> int:
        """
        Remove all Conversations of a Tenant that are ours.

        Returns:
            How many were left because a Turn of theirs is under way.
        """
        return await forget_all(tenant, self._store, self)

    async def exposition(self) -> bytes:
        """Everything counted so far, as Prometheus reads it."""
        return self.metrics.exposition()

    def _make_way(self, asked: Asked) -> None:
        """Do with the Turns under way in the Conversation of a new one as we are told to."""
        if self._when_busy is WhenBusy.WAIT:
            return
        busy = self._under_way_in(asked.tenant, asked.conversation)
        if busy and self._when_busy is WhenBusy.REFUSE:
            raise ConversationBusy(asked.conversation)
        for key in busy:
            self._stop(key, TurnCancelled(key.turn, "a newer message of its Conversation replaced it"))

    def _under_way_in(self, tenant: str, conversation: str) -> list[TurnKey]:
        return [key for key in self._running if key[:2] == (tenant, conversation)]

    def _stop(self, key: TurnKey, why: LmosError) -> None:
        """Stop a Turn where it stands; one whose end is being kept ends that way."""
        if key in self._running:
            running, task = self._running[key]
            running.stopped_by = why
            if not running.is_being_kept:
                task.cancel()

    async def aclose(self) -> None:
        """Interrupt the Turns under way, and keep that they were."""
        tasks = [task for _, task in self._running.values()]
        for key in tuple(self._running):
            self._stop(key, TurnInterrupted(key.turn))
        await asyncio.gather(*tasks, return_exceptions=True)

    def _leave(self, asked: Asked, running: OwnTurn, task: asyncio.Task[TurnRecord | None]) -> None:
        del self._running[asked.key]
        if task.cancelled():
            # Before its first step: it was never written down.
            error = running.stopped_by or TurnInterrupted(asked.turn)
            running.tell(Failed(Failure.of(error)))
            running.watch.trace.end(error.code)
        elif record := task.result():
            # A line of log takes as long as a tenth of the Turn; first the answer goes out.
            asyncio.get_running_loop().call_soon(self._tell_of_end, record, running.watch)
        else:
            self.metrics.joined()
            running.watch.told_again()

    async def _run(self, asked: Asked, running: OwnTurn) -> TurnRecord | None:
        """
        See one Turn through; whatever happens, its listeners hear an end.

        Returns:
            How it ended; None if it had ended before and was told again.
        """
        try:
            with running.being_kept(), running.watch.stage(STORE):
                begun = await self._store.begin(running.record)
            running.reuses_id = begun.reuses_id
            if begun.present is not None:
                running.tell(*kept_events(begun.present))
                return None
            async with self._queues.turn_of((asked.tenant, asked.conversation)):
                return await self._answer(asked, running)
        except LmosError as error:
            return await self._fail(running, error)
        except asyncio.CancelledError:
            return await self._fail(running, running.stopped_by or TurnInterrupted(asked.turn))
        except Exception:  # noqa: BLE001 - the Turn must end, whatever is wrong with us
            # What it was is for the log alone.
            self._log.exception("turn_broke", tenant=asked.tenant, turn=asked.turn)
            return await self._fail(running, InternalFailure(asked.turn))

    async def _answer(self, asked: Asked, running: OwnTurn) -> TurnRecord:
        """Route, ask, keep, tell."""
        if running.stopped_by is not None:
            # It was while its beginning was being kept.
            raise running.stopped_by
        watch = running.watch
        with watch.stage(STORE):
            state = await self._store.conversation(asked.tenant, asked.conversation, REMEMBERED_TURNS)
        wished = (state.subset if state else "", asked.subset, STABLE)
        route = self._table.route(asked.tenant, asked.channel, wished)
        watch.route = route
        with watch.stage(ROUTE):
            decision = await self._router.route(asked.to_route(state), route.roster)
        noted = {TRACE_ID: watch.trace.trace_id}
        if moved := why_moved(state, route.subset, route.addresses):
            noted[MOVED] = moved
        running.record = routed(running.record, decision, noted, watch.level)
        running.tell(Started(asked.turn, decision))
        message, decision, error = await answer_to(asked, state, route, decision, self._agents, running)
        record = answered(running.record, message, error, watch.seconds)
        agent = decision.agent or (state.agent if state else "")
        choices = decision.choices if decision.is_abstention else None
        state = ConversationState(asked.tenant, asked.conversation, route.subset, agent, choices=choices)
        with running.being_kept(), watch.stage(STORE):
            await self._store.finish(record, state)
        running.tell(Answered(message, decision), Finished(record))
        return record

    def _tell_of_end(self, record: TurnRecord, watch: Watch) -> None:
        """Count the Turn, end its trace, and write its line of log."""
        self.metrics.count(record, watch)
        watch.over(record)
        self._log.info(
            "turn_over",
            tenant=record.turn.tenant,
            conversation=record.turn.conversation,
            turn=record.turn.id,
            trace_id=watch.trace.trace_id,
            channel=record.turn.channel,
            agent=record.turn.agent,
            stage=record.decision.get("stage"),
            status=record.turn.status.value,
            error=record.turn.error,
            seconds=round(record.seconds, 4),
        )

    async def _fail(self, running: OwnTurn, error: LmosError) -> TurnRecord:
        """Keep and tell that the Turn failed; where it cannot be kept, it is told all the same."""
        failure = Failure.of(error)
        record = failed(running.record, failure, error, running.watch.seconds)
        try:
            with running.being_kept(), running.watch.stage(STORE):
                await self._store.finish(record, None)
        except Exception as unkept:  # noqa: BLE001 - a listener waits for the end, whatever broke
            # A message of ours says what is wrong with the store; any other may quote the Turn.
            why = unkept.message if isinstance(unkept, StoreUnavailable) else type(unkept).__name__
            self._log.warning("turn_not_kept", turn=record.turn.id, error=why)
        running.tell(Failed(failure))
        return record


def _deserted(turn: str) -> TurnCancelled:
    return TurnCancelled(turn, "nobody listened to it any more")
