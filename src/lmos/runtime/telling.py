"""What is told of single Turns: as much of what was said as their Tenant allows, and what mattered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.core.conversation import TELL_ALL, TextLevel
from lmos.core.resources.labels import STABLE
from lmos.router import RouteDecision
from lmos.router.explaining import Explanation, unweighed
from lmos.router.recording import as_told, level_of
from lmos.runtime.routing_table import NoRoutingInfo

if TYPE_CHECKING:
    from lmos.core.conversation import RecordText
    from lmos.ports.store import ConversationStore, TurnRecord
    from lmos.router import Roster, Router
    from lmos.runtime.routing_table import RoutingTable

_A_PAGE = 50
_MOST_PAGES = 20
"""A Turn that has a thousand newer ones in its Conversation is explained without the message before it."""


class Telling:
    """
    Tells of single Turns, whichever worker's they are.

    Args:
        table: Whom a Channel's Turns may go to now.
        router: Explains what it has decided.
        store: Keeps what was said.
        record_text: How much of that may be told.
    """

    def __init__(
        self,
        table: RoutingTable,
        router: Router,
        store: ConversationStore,
        record_text: RecordText = TELL_ALL,
    ) -> None:
        self._table = table
        self._router = router
        self._store = store
        self._record_text = record_text

    def of(self, record: TurnRecord) -> TurnRecord:
        """The record as operators may see it."""
        return as_told(record, level_of(record, self._record_text))

    async def explanation(self, record: TurnRecord) -> Explanation:
        """
        What mattered for its decision, weighed anew; where nothing can be said, its notes say why.

        Raises:
            StoreUnavailable: What was said before it cannot be read.
        """
        if not record.decision:
            return Explanation(notes=("No Agent was chosen yet.",))
        decision = RouteDecision.from_json(record.decision)
        if level_of(record, self._record_text) is TextLevel.NONE:
            return Explanation(
                decided_by=decision.head, notes=("Its Tenant allows no use of what was said.",)
            )
        if not decision.head:
            return unweighed(decision)
        roster = await self._roster(record)
        if roster is None:
            return Explanation(decided_by=decision.head, notes=("Its Channel is served no longer.",))
        read_with = await self._before(record) if decision.stage == "follow-up" else ""
        return await self._router.explain(self.of(record).turn.question, decision, roster, read_with)

    async def _roster(self, record: TurnRecord) -> Roster | None:
        """The Agents of its Channel now, in the Subset of its Conversation."""
        turn = record.turn
        state = await self._store.conversation(turn.tenant, turn.conversation, 0)
        try:
            return self._table.route(
                turn.tenant, turn.channel, (state.subset if state else "", STABLE)
            ).roster
        except NoRoutingInfo:
            return None

    async def _before(self, record: TurnRecord) -> str:
        """What the user had said before, as it is kept and may be told."""
        below, is_found = None, False
        for _ in range(_MOST_PAGES):
            page = await self._store.turns(record.turn.tenant, record.turn.conversation, _A_PAGE, below)
            for number, each in page:
                if is_found and each.turn.question and each.turn.answer is not None:
                    return self._told_question(each)
                below, is_found = number, is_found or each.key == record.key
            if len(page) < _A_PAGE:
                break
        return ""

    def _told_question(self, record: TurnRecord) -> str:
        may_be_told = level_of(record, self._record_text) is not TextLevel.NONE
        return self.of(record).turn.question if may_be_told else ""
