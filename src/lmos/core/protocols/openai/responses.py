"""Responses: a request read, its answer written whole or as events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from lmos.core.protocols.openai.errors import parameter_error
from lmos.core.protocols.openai.model_name import ModelName
from lmos.core.protocols.openai.question import Question, conversation_of
from lmos.core.protocols.openai.requests import ResponsesRequest
from lmos.core.protocols.openai.response_id import TurnName, response_id
from lmos.core.protocols.openai.writing import Heading, Json, Streamed, event

if TYPE_CHECKING:
    from collections.abc import Mapping

_USAGE = {
    # The runtime counts no tokens: only an Agent knows which models it asked, and how often.
    "input_tokens": 0,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 0,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 0,
}


def responses_question(body: bytes) -> Question:
    """
    The Turn that a body of `POST /v1/responses` asks for.

    Raises:
        ParameterInvalid, ParameterUnsupported: It cannot be read, or cannot be done.
        ModelNotFound: The model is no Channel's or Agent's name.
    """
    try:
        request = ResponsesRequest.model_validate_json(body)
    except ValidationError as error:
        raise parameter_error(error) from error
    return Question(
        model=ModelName.parse(request.model),
        body=conversation_of(request, request.input, request.instructions),
        is_streamed=bool(request.stream),
        previous=request.previous_response_id,
        metadata=request.metadata or {},
    )


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """What a response that is read back can say of its request: the rest was for that request alone."""

    model: ModelName
    previous: None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


class ResponsesWriter:
    """Writes one response: a single message of the assistant with a single part of text."""

    def __init__(self, question: Question | KeptResponse, heading: Heading) -> None:
        self._head = {
            "id": response_id(TurnName(question.model.tenant, heading.conversation, heading.turn)),
            "object": "response",
            "created_at": heading.created,
            "model": str(question.model),
            "previous_response_id": question.previous,
            "metadata": dict(question.metadata),
        }
        self._item_id = f"msg_{heading.turn}"
        self._streamed = Streamed()
        self._number = -1

    def whole(self, content: str, lmos: Json) -> Json:
        """The object `response`."""
        output = [self._item("completed", _part(content))]
        return self._response("completed", output=output, usage=_USAGE, lmos=lmos)

    def unanswered(self, status: str, lmos: Json, error: Json | None = None) -> Json:
        """The object `response` without an answer: `in_progress`, `failed` with its error, or `cancelled`."""
        told = error and {"code": "server_error", "message": error["message"]}
        return self._response(status, error=told, lmos=lmos)

    def started(self, lmos: Json) -> bytes:
        """The response is there, and its message has begun."""
        response = self._response("in_progress", lmos=lmos)
        return (
            self._event("response.created", response=response)
            + self._event("response.in_progress", response=response)
            + self._event("response.output_item.added", output_index=0, item=self._item("in_progress"))
            + self._event("response.content_part.added", **self._place, part=_part(""))
        )

    def piece(self, text: str) -> bytes:
        """A piece of the text."""
        self._streamed.add(text)
        return self._event("response.output_text.delta", **self._place, delta=text, logprobs=[])

    def remark(self, text: str) -> bytes:
        """Nothing: a response has no place for what is not its answer."""
        del text
        return b""

    def answered(self, content: str, lmos: Json) -> bytes:
        """What was not said in pieces, and that text, part, message and response are complete."""
        rest = self._streamed.rest_of(content)
        frames = self.piece(rest) if rest else b""
        return (
            frames
            + self._event("response.output_text.done", **self._place, text=content, logprobs=[])
            + self._event("response.content_part.done", **self._place, part=_part(content))
            + self._event(
                "response.output_item.done", output_index=0, item=self._item("completed", _part(content))
            )
            + self._event("response.completed", response=self.whole(content, lmos))
        )

    def failed(self, error: Json) -> bytes:
        """The response has failed; of codes the shape knows its own alone, ours is in `lmos`."""
        response = self.unanswered("failed", {"code": error["code"]}, error)
        return self._event("response.failed", response=response)

    @property
    def _place(self) -> Json:
        return {"item_id": self._item_id, "output_index": 0, "content_index": 0}

    def _event(self, kind: str, **fields: object) -> bytes:
        self._number += 1
        return event({"type": kind, "sequence_number": self._number, **fields}, kind)

    def _item(self, status: str, *content: Json) -> Json:
        message = {"id": self._item_id, "type": "message", "role": "assistant", "status": status}
        return {**message, "content": list(content)}

    def _response(self, status: str, **more: object) -> Json:
        settings = {"parallel_tool_calls": False, "tool_choice": "none", "tools": []}
        absent: Json = {"error": None, "incomplete_details": None, "instructions": None, "output": []}
        return {**self._head, "status": status, **absent, **settings, **more}


def _part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
