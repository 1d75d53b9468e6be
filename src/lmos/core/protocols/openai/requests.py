"""
Bodies of OpenAI's requests.

What asks for another kind of answer (`tools`, several choices, a schema to keep to) is refused; what only
tunes a model (`temperature`, `max_tokens`, …) is not read at all: Agents bring their own settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from lmos.core.conversation import AnonymizationEntity, KeyValue
from lmos.core.conversation.wire import WireModel
from lmos.core.protocols.openai.errors import UNSUPPORTED

if TYPE_CHECKING:
    from collections.abc import Collection

TEXT_PARTS = frozenset({"text", "input_text", "output_text"})


def _only(accepted: Collection[object] = ()) -> AfterValidator:
    """Nothing, or one of `accepted`, by which nothing changes."""

    def check(value: object) -> object:
        if value is not None and value not in accepted:
            raise PydanticCustomError(UNSUPPORTED, "This is not supported by Agents behind a Channel.")
        return value

    return AfterValidator(check)


def _text(content: object) -> object:
    """The text of a message's content; parts are joined by newlines."""
    if isinstance(content, list):
        return "\n".join(_text_of_part(part) for part in content)
    return "" if content is None else content


def _text_of_part(part: object) -> str:
    match part:
        case {"type": str(kind), "text": str(text)} if kind in TEXT_PARTS:
            return text
        case {"type": "refusal", "refusal": str(text)}:
            return text
        case {"type": str(kind)} if kind not in TEXT_PARTS:
            raise PydanticCustomError(UNSUPPORTED, "Only text is supported, not {kind}.", {"kind": kind[:40]})
        case _:
            raise ValueError("a part is an object with a type and its text")


Text = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | list[dict[str, Any]] | None)]
Nothing = Annotated[Any, _only()]
NoList = Annotated[Any, _only([[]])]
NoChoice = Annotated[Any, _only(["none", "auto"])]
PlainText = Annotated[Any, _only([{"type": "text"}])]


class Body(BaseModel):
    """A request, frozen; unknown fields are accepted."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class LmosFields(WireModel):
    """What OpenAI's shapes have no place for, in the request's field `lmos`."""

    anonymization_entities: tuple[AnonymizationEntity, ...] | None = None
    user_token: str | None = None
    context_params: tuple[KeyValue, ...] = ()


class Asking(Body):
    """What both requests share."""

    model: str
    stream: bool | None = None
    user: str | None = None
    safety_identifier: str | None = None
    metadata: dict[str, str] | None = None
    lmos: LmosFields | None = None
    tools: NoList = None
    tool_choice: NoChoice = None


class Said(Body):
    """One message; a tool call in it is not for Agents behind a Channel."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text = ""
    tool_calls: NoList = None


class StreamOptions(Body):
    """How the end of a stream looks."""

    include_usage: bool | None = None


class ChatRequest(Asking):
    """The body of `POST /v1/chat/completions`."""

    messages: tuple[Said, ...] = Field(min_length=1)
    stream_options: StreamOptions | None = None
    n: Annotated[Any, _only([1])] = None
    functions: NoList = None
    function_call: NoChoice = None
    response_format: PlainText = None
    modalities: Annotated[Any, _only([["text"]])] = None
    audio: Nothing = None
    logprobs: Annotated[Any, _only([False])] = None
    web_search_options: Nothing = None


class Item(Said):
    """One item of a response's input: a message."""

    type: Annotated[Any, _only(["message"])] = None


class TextOptions(Body):
    """The form of a response's text."""

    format: PlainText = None


def _items(given: object) -> object:
    """The input as items; a text is one message of the user."""
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


Input = Annotated[
    tuple[Item, ...],
    Field(min_length=1),
    BeforeValidator(_items, json_schema_input_type=str | list[Item]),
]


class ResponsesRequest(Asking):
    """The body of `POST /v1/responses`."""

    input: Input
    instructions: str | None = None
    previous_response_id: str | None = None
    text: TextOptions | None = None
    background: Annotated[Any, _only([False])] = None
    conversation: Nothing = None
    prompt: Nothing = None
