"""Conversations in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lmos.ports.store import Begun, ConversationSummary, Forgotten, messages_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lmos.core.errors import LmosError
    from lmos.ports.store import ConversationState, TurnKey, TurnRecord


class MemoryStore:
    """
    A `ConversationStore` that forgets everything at the end.

    Attributes:
        broken: Raised by every method while it is set.
    """

    def __init__(self) -> None:
        self.broken: LmosError | None = None
        self._turns: dict[TurnKey, TurnRecord] = {}
        self._conversations: dict[tuple[str, str], ConversationState] = {}

    async def begin(self, record: TurnRecord) -> Begun:
        """Keep a new Turn, or return the one of its key."""
        self._check()
        present = self._turns.get(record.key)
        reuses_id = any(key[:3] == record.key[:3] and key != record.key for key in self._turns)
        if present is not None and not present.may_repeat:
            return Begun(present, reuses_id)
        # Taken out first, so that it is the newest.
        self._turns.pop(record.key, None)
        self._turns[record.key] = record
        return Begun(None, reuses_id)

    async def finish(self, record: TurnRecord, state: ConversationState | None) -> None:
        """Keep a Turn's end and its Conversation's Subset and Agent."""
        self._check()
        self._turns[record.key] = record
        if state is not None:
            self._conversations[state.tenant, state.id] = state

    async def conversation(self, tenant: str, conversation: str, turns: int) -> ConversationState | None:
        """A Conversation with the messages of its last answered Turns."""
        self._check()
        state = self._conversations.get((tenant, conversation))
        if state is None:
            return None
        answered = [
            record
            for key, record in self._turns.items()
            if key[:2] == (tenant, conversation) and record.answer is not None
        ]
        messages = messages_of(
            (record.turn.question, record.turn.answer or "")
            for record in answered[max(0, len(answered) - turns) :]
        )
        return replace(state, messages=messages)

    async def conversations(self, tenant: str, limit: int, after: str = "") -> list[ConversationSummary]:
        """A Tenant's Conversations by id."""
        self._check()
        found = []
        for state in sorted(self._conversations.values(), key=lambda each: each.id):
            if state.tenant == tenant and state.id > after:
                turns = self._turns_of(tenant, state.id)
                last = turns[-1][1].received_at
                found.append(ConversationSummary(state.id, state.subset, state.agent, len(turns), last))
        return found[:limit]

    async def turns(
        self, tenant: str, conversation: str, limit: int, before: int | None = None
    ) -> list[tuple[int, TurnRecord]]:
        """A Conversation's Turns, the newest first."""
        self._check()
        turns = self._turns_of(tenant, conversation)[::-1]
        return [each for each in turns if before is None or each[0] < before][:limit]

    async def forget(self, tenant: str, conversation: str) -> bool:
        """Remove a Conversation."""
        self._check()
        keys = [key for key in self._turns if key[:2] == (tenant, conversation)]
        for key in keys:
            del self._turns[key]
        self._conversations.pop((tenant, conversation), None)
        return bool(keys)

    async def next_tenant(self, after: str) -> str | None:
        """The next Tenant by name."""
        self._check()
        return min((key.tenant for key in self._turns if key.tenant > after), default=None)

    async def forget_idle(
        self, tenant: str, before: datetime, after: str, is_spared: Callable[[str], bool]
    ) -> Forgotten:
        """Look at one Conversation, and remove it if it is idle."""
        self._check()
        name = min(
            (key.conversation for key in self._turns if key.tenant == tenant and key.conversation > after),
            default=None,
        )
        if name is None:
            return Forgotten(0, None)
        if self._turns_of(tenant, name)[-1][1].received_at >= before:
            return Forgotten(0, name)
        if is_spared(name):
            return Forgotten(0, name)
        await self.forget(tenant, name)
        return Forgotten(1, name)

    def _turns_of(self, tenant: str, conversation: str) -> list[tuple[int, TurnRecord]]:
        numbered = enumerate(self._turns.items())
        return [(number, record) for number, (key, record) in numbered if key[:2] == (tenant, conversation)]

    async def find(self, turn: str, conversation: tuple[str, str] | None = None) -> TurnRecord | None:
        """The newest Turn of that id."""
        self._check()
        found = (
            record
            for key, record in reversed(self._turns.items())
            if key.turn == turn and conversation in {None, key[:2]}
        )
        return next(found, None)

    def _check(self) -> None:
        if self.broken is not None:
            raise self.broken
