"""Chat completions: a request read, its answer written whole or in chunks."""

from __future__ import annotations

from pydantic import ValidationError

from lmos.core.protocols.openai.errors import parameter_error
from lmos.core.protocols.openai.model_name import ModelName
from lmos.core.protocols.openai.question import Question, conversation_of
from lmos.core.protocols.openai.requests import ChatRequest
from lmos.core.protocols.openai.writing import Heading, Json, Streamed, event

_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
"""The runtime counts no tokens: only an Agent knows which models it asked, and how often."""

_END = b"data: [DONE]\n\n"


def chat_question(body: bytes) -> Question:
    """
    The Turn that a body of `POST /v1/chat/completions` asks for.

    Raises:
        ParameterInvalid, ParameterUnsupported: It cannot be read, or cannot be done.
        ModelNotFound: The model is no Channel's or Agent's name.
    """
    try:
        request = ChatRequest.model_validate_json(body)
    except ValidationError as error:
        raise parameter_error(error) from error
    return Question(
        model=ModelName.parse(request.model),
        body=conversation_of(request, request.messages),
        is_streamed=bool(request.stream),
        wants_usage=bool(request.stream_options and request.stream_options.include_usage),
    )


class ChatWriter:
    """Writes one chat completion."""

    def __init__(self, question: Question, heading: Heading) -> None:
        self._wants_usage = question.wants_usage
        self._head = {
            "id": f"chatcmpl-{heading.turn}",
            "created": heading.created,
            "model": str(question.model),
        }
        self._streamed = Streamed()

    def whole(self, content: str, lmos: Json) -> Json:
        """The object `chat.completion`."""
        message = {"role": "assistant", "content": content, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": _USAGE, "lmos": lmos}

    def started(self, lmos: Json) -> bytes:
        """The first chunk: the role, and who answers."""
        return self._chunk({"role": "assistant", "content": ""}, lmos=lmos)

    def piece(self, text: str) -> bytes:
        """A chunk of the answer."""
        self._streamed.add(text)
        return self._chunk({"content": text})

    def remark(self, text: str) -> bytes:
        """A chunk without content; who looks for remarks finds it in `lmos`."""
        return self._chunk({}, lmos={"remark": text})

    def answered(self, content: str, lmos: Json) -> bytes:
        """What was not said in pieces, the last chunk, the count of tokens if wanted, and the end."""
        rest = self._streamed.rest_of(content)
        if rest is None:
            # What was streamed cannot be taken back in this shape; the right answer is beside it.
            lmos = {**lmos, "content": content}
        frames = self._chunk({"content": rest}) if rest else b""
        frames += self._chunk({}, finish_reason="stop", lmos=lmos)
        if self._wants_usage:
            frames += event({**self._head, "object": "chat.completion.chunk", "choices": [], "usage": _USAGE})
        return frames + _END

    def failed(self, error: Json) -> bytes:
        """An error in the place of a chunk: the stream ends without its mark."""
        return event({"error": error})

    def _chunk(self, delta: Json, *, finish_reason: str | None = None, lmos: Json | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        chunk: Json = {**self._head, "object": "chat.completion.chunk", "choices": [choice]}
        return event(chunk | {"lmos": lmos} if lmos else chunk)
