"""Conversations that are being talked in, kept in memory so that their next Turn reads nothing."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lmos.core.conversation import Message
    from lmos.ports.store import ConversationState

    Said = tuple[Message, ...]

# The Conversations in memory, and the characters that each may hold.
_MOST_LIVELY = 500
_LONGEST_LIVELY = 20_000


class Lively:
    """
    What the Conversations that are being talked in come to, the least recent forgotten first.

    Long ones are not kept, so that all together stay below some ten megabytes.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], tuple[ConversationState, deque[Said], int]] = OrderedDict()

    def find(self, tenant: str, conversation: str, turns: int) -> ConversationState | None:
        """The Conversation, if it is known with the messages of so many Turns."""
        known = self._known.get((tenant, conversation))
        if known is None or known[2] != turns:
            return None
        self._known.move_to_end((tenant, conversation))
        return known[0]

    def forget(self, tenant: str, conversation: str) -> None:
        """The Conversation is to be read again."""
        self._known.pop((tenant, conversation), None)

    def stands_at(self, state: ConversationState) -> bool:
        """Whether the Conversation is known to be on this Subset with this Agent and these choices."""
        known = self._known.get((state.tenant, state.id))
        return known is not None and replace(state, messages=known[0].messages) == known[0]

    def learn(self, state: ConversationState, said: Iterable[Said], turns: int) -> ConversationState:
        """A Conversation with what was said in its last `turns`; returns it with their messages."""
        last = deque(said, maxlen=turns)
        messages = tuple(chain.from_iterable(last))
        whole = replace(state, messages=messages)
        if sum([len(message.content) for message in messages]) <= _LONGEST_LIVELY:
            self._known[state.tenant, state.id] = whole, last, turns
            self._known.move_to_end((state.tenant, state.id))
        else:
            self._known.pop((state.tenant, state.id), None)
        if len(self._known) > _MOST_LIVELY:
            self._known.popitem(last=False)
        return whole

    def went_on(self, state: ConversationState, said: Said) -> None:
        """One more Turn was answered, and the Conversation came to `state`."""
        if known := self._known.get((state.tenant, state.id)):
            _, last, turns = known
            self.learn(state, (*last, said), turns)
