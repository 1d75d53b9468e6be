"""What became of a Turn, and why it went where it went."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, ClassVar

from fastapi import APIRouter, Header
from starlette.responses import StreamingResponse

from lmos.core.conversation import AssistantMessage
from lmos.core.errors import Conflict, NotFound
from lmos.runtime.http.description import KEPT, STREAMED, ConversationId, Tenant, TurnId, refusals
from lmos.runtime.http.events import EVENT_STREAM, event_stream, told_again
from lmos.runtime.http.requests import TURN_HEADER
from lmos.runtime.http.shown import ShownExplanation, ShownTurn

if TYPE_CHECKING:
    from lmos.core.conversation import Message
    from lmos.ports.store import ConversationStore, TurnRecord
    from lmos.runtime.taking import TakesTurns
    from lmos.runtime.telling import Telling

MOST_EVENTS = 2**31

_EVENTS = {"description": "The events.", "content": {EVENT_STREAM: STREAMED}}


class NoSuchTurn(NotFound):
    """No Turn of that id is kept."""

    code: ClassVar[str] = "NoSuchTurn"

    def __init__(self, turn: str) -> None:
        super().__init__(f"There is no Turn {turn[:80]!r}.", hint="`lmos ask` prints the id of its Turn.")


class TurnOver(Conflict):
    """What has ended cannot be cancelled."""

    code: ClassVar[str] = "TurnOver"

    def __init__(self, record: TurnRecord) -> None:
        super().__init__(
            f"Turn {record.turn.id[:80]!r} is {record.turn.status.value} and cannot be cancelled.",
            hint="GET the Turn to see how it ended.",
        )


def turn_routes(turns: TakesTurns, store: ConversationStore, telling: Telling) -> APIRouter:
    """Turns by id: of one Conversation for its Tenant, of any for operators."""
    router = APIRouter(tags=["turns"], responses=refusals(*KEPT, 404))

    async def explained(record: TurnRecord) -> ShownExplanation:
        found = await telling.explanation(record)
        return ShownExplanation.model_validate({"turn": record.turn.id, **found.to_json()})

    @router.get("/turns/{turn}")
    async def turn(turn: TurnId) -> ShownTurn:
        """The newest Turn of that id, whoever asked it; of its words what its Tenant allows operators."""
        return shown(telling.of(_found(turn, await store.find(turn))))

    @router.get("/turns/{turn}/explanation")
    async def explanation(turn: TurnId) -> ShownExplanation:
        """Which words and examples mattered for where the newest Turn of that id went."""
        return await explained(_found(turn, await store.find(turn)))

    @router.get("/{tenant}/chat/{conversation}/turns/{turn}")
    async def turn_of_conversation(tenant: Tenant, conversation: ConversationId, turn: TurnId) -> ShownTurn:
        """The newest Turn of that id in a Conversation."""
        return shown(_found(turn, await store.find(turn, (tenant, conversation))))

    @router.get("/{tenant}/chat/{conversation}/turns/{turn}/explanation")
    async def explanation_of_turn(
        tenant: Tenant, conversation: ConversationId, turn: TurnId
    ) -> ShownExplanation:
        """Which words and examples mattered for where the newest Turn of that id in a Conversation went."""
        return await explained(_found(turn, await store.find(turn, (tenant, conversation))))

    @router.delete(
        "/{tenant}/chat/{conversation}/turns/{turn}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=refusals(409),
    )
    async def cancel(tenant: Tenant, conversation: ConversationId, turn: TurnId) -> None:
        """Stop a Turn that is under way, and what its Agent does for it."""
        if not await turns.cancel(tenant, conversation, turn):
            raise TurnOver(_found(turn, await store.find(turn, (tenant, conversation))))

    @router.get(
        "/{tenant}/chat/{conversation}/turns/{turn}/events",
        response_class=StreamingResponse,
        responses={"200": _EVENTS},
    )
    async def events(
        tenant: Tenant,
        conversation: ConversationId,
        turn: TurnId,
        last_event_id: Annotated[int, Header(ge=0, le=MOST_EVENTS)] = 0,
    ) -> StreamingResponse:
        """The events of a Turn as they come, behind `Last-Event-ID`; the Agent is not asked again."""
        running = await turns.under_way(tenant, conversation, turn)
        if running:
            return event_stream(running.listen(last_event_id), {TURN_HEADER: turn})
        record = _found(turn, await store.find(turn, (tenant, conversation)))
        return event_stream(told_again(record, last_event_id), {TURN_HEADER: turn})

    return router


def _found(id_: str, record: TurnRecord | None) -> TurnRecord:
    if record is None:
        raise NoSuchTurn(id_)
    return record


def shown(record: TurnRecord, *, with_bytes: bool = True) -> ShownTurn:
    """A Turn with the decision that sent it where it went; `with_bytes` of the files in its answer."""
    turn = record.turn
    messages = AssistantMessage.model_validate(record.answer).messages if record.answer else ()
    return ShownTurn(
        turn=turn.id,
        tenant=turn.tenant,
        channel=turn.channel,
        conversation=turn.conversation,
        status=turn.status,
        error=turn.error,
        failure=record.failure,
        agent=turn.agent,
        question=turn.question,
        answer=turn.answer,
        messages=messages if with_bytes else tuple(map(_without_bytes, messages)),
        received_at=record.received_at.isoformat(),
        seconds=record.seconds,
        decision=record.decision,
    )


def _without_bytes(message: Message) -> Message:
    files = tuple(each.model_copy(update={"data_as_base64": None}) for each in message.binary_data or ())
    return message.model_copy(update={"binary_data": files or None})
