"""Responses read back."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from lmos.core.conversation import TurnStatus
from lmos.core.errors import LmosError
from lmos.core.protocols.openai import (
    Heading,
    KeptResponse,
    ModelName,
    ResponseNotFound,
    ResponsesWriter,
    turn_of,
)
from lmos.runtime.failure import Failure
from lmos.runtime.http.description import KEPT, refusals
from lmos.runtime.http.openai.errors import error_in_shape, refusal_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmos.core.protocols.openai import TurnName
    from lmos.ports.store import ConversationStore, TurnRecord
    from lmos.runtime.taking import TakesTurns


def kept_routes(turns: TakesTurns, store: ConversationStore) -> APIRouter:
    """
    `GET /v1/responses/{response}`.

    There is no DELETE: a Turn is part of its Conversation, which is removed as a whole. Nor is there a
    cancel, which OpenAI has for requests in the background alone.
    """
    router = APIRouter(prefix="/v1", tags=["openai"])

    @router.get(
        "/responses/{response}",
        response_model=None,
        responses={HTTPStatus.OK: {"description": "The response."}}
        | refusals(*KEPT, HTTPStatus.NOT_FOUND, schema="OpenAiError"),
    )
    async def response(response: str) -> Response:
        """A response, as far as its Turn has come."""
        try:
            name = turn_of(response)
            record = await kept_turn(store, name) if name else None
            if name is None or record is None:
                raise ResponseNotFound(response)
        except LmosError as error:
            return refusal_of(error)
        return JSONResponse(_shown(record, is_under_way=await turns.under_way(*name) is not None))

    return router


async def kept_turn(store: ConversationStore, name: TurnName) -> TurnRecord | None:
    """The Turn that a response answers, if it is kept."""
    return await store.find(name.turn, (name.tenant, name.conversation))


def beside_words(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What OpenAI's shapes have no place for, of an `AssistantMessage` as plain JSON."""
    return {name: value for name, value in answer.items() if name != "content"}


def _shown(record: TurnRecord, *, is_under_way: bool) -> dict[str, Any]:
    turn, decision = record.turn, record.decision
    heading = Heading(turn.conversation, turn.id, int(record.received_at.timestamp()))
    writer = ResponsesWriter(KeptResponse(ModelName(turn.tenant, turn.channel)), heading)
    told = {"conversation": turn.conversation, "turn": turn.id, "agent": turn.agent}
    told |= {"stage": decision.get("stage"), "reason": decision.get("reason")}
    if record.answer is not None:
        return writer.whole(record.answer["content"], told | beside_words(record.answer))
    if is_under_way:
        return writer.unanswered("in_progress", told)
    if turn.status is TurnStatus.CANCELLED:
        return writer.unanswered("cancelled", told)
    error = error_in_shape(Failure.of_record(record))
    return writer.unanswered("failed", told | {"code": error["code"]}, error)
