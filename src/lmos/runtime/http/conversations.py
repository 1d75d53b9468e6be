"""Conversations of a Tenant: listed, read back, and forgotten."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, ClassVar

from fastapi import APIRouter, Query

from lmos.core.errors import NotFound
from lmos.runtime.failure import TenantBusy
from lmos.runtime.http.description import KEPT, ConversationId, Tenant, refusals
from lmos.runtime.http.shown import ConversationPage, ShownConversation, TurnPage
from lmos.runtime.http.turns import shown

if TYPE_CHECKING:
    from lmos.ports.store import ConversationStore
    from lmos.runtime.taking import TakesTurns

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


def conversation_routes(turns: TakesTurns, store: ConversationStore) -> APIRouter:
    """What was said, for the Tenant whose users said it."""
    router = APIRouter(tags=["conversations"], responses=refusals(*KEPT))

    @router.get("/{tenant}/conversations")
    async def conversations(tenant: Tenant, limit: Limit = _A_PAGE, after: str = "") -> ConversationPage:
        """The Conversations by id, a page at a time: `after` is the `next` of the page before."""
        found = await store.conversations(tenant, limit, after)
        return ConversationPage(
            conversations=tuple(
                ShownConversation(
                    conversation=each.id,
                    subset=each.subset,
                    agent=each.agent or None,
                    turns=each.turns,
                    last_turn_at=each.last_turn_at.isoformat(),
                )
                for each in found
            ),
            next=found[-1].id if len(found) == limit else None,
        )

    @router.delete("/{tenant}/conversations", status_code=HTTPStatus.NO_CONTENT, responses=refusals(409))
    async def forget_all(tenant: Tenant) -> None:
        """Remove all that was ever said by the users of a Tenant, for good."""
        if left := await turns.forget_tenant(tenant):
            raise TenantBusy(tenant, left)

    @router.get("/{tenant}/conversations/{conversation}", responses=refusals(404))
    async def conversation(
        tenant: Tenant,
        conversation: ConversationId,
        limit: Limit = _A_PAGE,
        before: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    ) -> TurnPage:
        """The Turns of a Conversation, the newest first: `before` is the `next` of the page before."""
        found = await store.turns(tenant, conversation, limit, before)
        if not found and before is None:
            raise NoSuchConversation(conversation)
        return TurnPage(
            conversation=conversation,
            turns=tuple(shown(record, with_bytes=False) for _, record in found),
            next=found[-1][0] if len(found) == limit else None,
        )

    @router.delete(
        "/{tenant}/conversations/{conversation}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=refusals(404, 409),
    )
    async def forget(tenant: Tenant, conversation: ConversationId) -> None:
        """Remove all that was said in a Conversation, for good."""
        if not await turns.forget(tenant, conversation):
            raise NoSuchConversation(conversation)

    return router
