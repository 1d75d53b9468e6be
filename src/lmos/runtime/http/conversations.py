"""Conversations of a Tenant: listed, read back, and forgotten."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from fastapi import APIRouter, Query

from lmos.core.errors import NotFound
from lmos.runtime.failure import ConversationBusy
from lmos.runtime.http.turns import shown

if TYPE_CHECKING:
    from lmos.ports.store import ConversationStore
    from lmos.runtime.conversation import Turns

MOST_A_PAGE = 200
_A_PAGE = 50

Limit = Annotated[int, Query(ge=1, le=MOST_A_PAGE)]


class NoSuchConversation(NotFound):
    """Nothing is kept of a Conversation of that id."""

    code: ClassVar[str] = "NoSuchConversation"

    def __init__(self, conversation: str) -> None:
        super().__init__(
            f"There is no Conversation {conversation[:80]!r}.",
            hint="GET /{tenant}/conversations lists those that there are.",
        )


def conversation_routes(turns: Turns, store: ConversationStore) -> APIRouter:
    """What was said, for the Tenant whose users said it."""
    router = APIRouter(tags=["conversations"])

    @router.get("/{tenant}/conversations")
    async def conversations(tenant: str, limit: Limit = _A_PAGE, after: str = "") -> dict[str, Any]:
        """The Conversations by id, a page at a time: `after` is the `next` of the page before."""
        found = await store.conversations(tenant, limit, after)
        return {
            "conversations": [
                {
                    "conversation": each.id,
                    "subset": each.subset,
                    "agent": each.agent or None,
                    "turns": each.turns,
                    "lastTurnAt": each.last_turn_at.isoformat(),
                }
                for each in found
            ],
            "next": found[-1].id if len(found) == limit else None,
        }

    @router.get("/{tenant}/conversations/{conversation}")
    async def conversation(
        tenant: str,
        conversation: str,
        limit: Limit = _A_PAGE,
        before: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    ) -> dict[str, Any]:
        """The Turns of a Conversation, the newest first: `before` is the `next` of the page before."""
        found = await store.turns(tenant, conversation, limit, before)
        if not found and before is None:
            raise NoSuchConversation(conversation)
        return {
            "conversation": conversation,
            "turns": [shown(record) for _, record in found],
            "next": found[-1][0] if len(found) == limit else None,
        }

    @router.delete("/{tenant}/conversations/{conversation}", status_code=HTTPStatus.NO_CONTENT)
    async def forget(tenant: str, conversation: str) -> None:
        """Remove all that was said in a Conversation, for good."""
        if turns.has_under_way(tenant, conversation):
            raise ConversationBusy(conversation)
        if not await store.forget(tenant, conversation):
            raise NoSuchConversation(conversation)

    return router
