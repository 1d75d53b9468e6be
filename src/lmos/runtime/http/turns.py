"""What became of a Turn, and why it went where it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from fastapi import APIRouter

from lmos.core.errors import NotFound

if TYPE_CHECKING:
    from lmos.ports.store import ConversationStore, TurnRecord


class NoSuchTurn(NotFound):
    """No Turn of that id is kept."""

    code: ClassVar[str] = "NoSuchTurn"

    def __init__(self, turn: str) -> None:
        super().__init__(f"There is no Turn {turn[:80]!r}.", hint="`lmos ask` prints the id of its Turn.")


def turn_routes(store: ConversationStore) -> APIRouter:
    """Turns by id: of one Conversation for its Tenant, of any for operators."""
    router = APIRouter(tags=["turns"])

    @router.get("/turns/{turn}")
    async def turn(turn: str) -> dict[str, Any]:
        """The newest Turn of that id, whoever asked it."""
        return _shown(turn, await store.find(turn))

    @router.get("/{tenant}/chat/{conversation}/turns/{turn}")
    async def turn_of_conversation(tenant: str, conversation: str, turn: str) -> dict[str, Any]:
        """The newest Turn of that id in a Conversation."""
        return _shown(turn, await store.find(turn, (tenant, conversation)))

    return router


def _shown(id_: str, record: TurnRecord | None) -> dict[str, Any]:
    if record is None:
        raise NoSuchTurn(id_)
    turn = record.turn
    return {
        "turn": turn.id,
        "tenant": turn.tenant,
        "channel": turn.channel,
        "conversation": turn.conversation,
        "status": turn.status.value,
        "error": turn.error,
        "failure": record.failure,
        "agent": turn.agent,
        "question": turn.question,
        "answer": turn.answer,
        "receivedAt": record.received_at.isoformat(),
        "seconds": record.seconds,
        "decision": record.decision,
    }
