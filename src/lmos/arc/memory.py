"""What an Agent remembers of its Conversations, in this process, bounded."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

MAX_CONVERSATIONS = 10_000


class Memory:
    """
    A dictionary for each Conversation of each Tenant.

    The Conversation that was silent for longest is forgotten when a new one exceeds `max_conversations`.
    """

    def __init__(self, max_conversations: int = MAX_CONVERSATIONS) -> None:
        self._max_conversations = max_conversations
        self._conversations: OrderedDict[tuple[str, str], dict[str, Any]] = OrderedDict()

    def of(self, tenant: str, conversation: str) -> dict[str, Any]:
        """The memory of one Conversation, empty at first; what is written to it stays."""
        key = (tenant, conversation)
        memory = self._conversations.setdefault(key, {})
        self._conversations.move_to_end(key)
        while len(self._conversations) > self._max_conversations:
            self._conversations.popitem(last=False)
        return memory

    def __len__(self) -> int:
        return len(self._conversations)
