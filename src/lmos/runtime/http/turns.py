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
        super().__init__(f"There is no Turn {turn!r}.", hint="`lmos ask` prints the id of its Turn.")


def turn_routes(store: ConversationStore) -> APIRouter:
    """Turns by id: of one Conversation for its Tenant, of any for operators."""
    router = APIRouter(tags=["turns"])

    @router.get("/turns/{turn}")
    async def turn(turn: str) -> dict[str, Any]:
        """The newest Turn of that id, whoever asked it."""
        return _first(turn, await store.find(turn))

    @router.get("/{tenant}/chat/{conversation}/turns/{turn}")
    async def turn_of_conversation(tenant: str, conversation: str, turn: str) -> dict[str, Any]:
        """The newest Turn of that id in a Conversation."""
        return _first(turn, await store.find(turn, tenant, conversation))

    return router


def _first(turn: str, found: Any) -> dict[str, Any]:  # noqa: ANN401 - a sequence of records
    records: list[TurnRecord] = list(found)
    if not records:
        raise NoSuchTurn(turn)
    record = records[0]
    return {
        "turn": record.turn.id,
        "tenant": record.turn.tenant,
        "channel": record.turn.channel,
        "conversation": record.turn.conversation,
        "status": record.turn.status.value,
        "error": record.turn.error,
        "agent": record.turn.agent,
        "question": record.turn.question,
        "answer": record.turn.answer,
        "receivedAt": record.received_at.isoformat(),
        "seconds": record.seconds,
        "decision": record.decision,
    }
